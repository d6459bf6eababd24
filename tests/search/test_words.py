"""What a search by words finds, and in which order."""

from uuid import UUID

import pytest
from django.utils import timezone

from accounts.callers import ANONYMOUS, SHARED_KEY
from conversations.ids import new_id
from conversations.models import Conversation, Message
from search.scope import Filters, Scope
from search.words.documents import Document, put
from search.words.finding import STRICT_STEPS, find
from search.words.query import parse

pytestmark = pytest.mark.django_db
MINE = Scope(ANONYMOUS)


def told(
    *texts: str, workspace: str = "anonymous", role: str = "user", surface: str = "t"
) -> Conversation:
    """A conversation of these messages, in the index."""
    conversation = Conversation.objects.create(workspace=workspace, surface=surface)
    messages = [
        Message(id=new_id(), conversation=conversation, role=role, content=text) for text in texts
    ]
    Message.objects.bulk_create(messages)
    put([Document(workspace, conversation.id, row.id, "d", row.content) for row in messages])
    return conversation


def found(query: str, scope: Scope = MINE, *, limit: int = 20) -> list[str]:
    hits = find(scope, parse(query), limit=limit)
    texts = dict(Message.objects.values_list("id", "content"))
    return [texts[hit.source_id] for hit in hits]


def test_all_the_words_come_before_some_of_them() -> None:
    told("pie pie pie pie", "an apple in a very long text about a pie and much more", "apple")
    hits = find(MINE, parse("apple pie"), limit=10)
    assert [hit.is_partial for hit in hits] == [False, True, True]
    assert found("apple pie")[0].startswith("an apple")


def test_more_of_a_word_in_less_text_is_better() -> None:
    told("fox and much else that is not of interest", "fox fox", "a fox")
    assert found("fox") == ["fox fox", "a fox", "fox and much else that is not of interest"]


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    told("the zebra", *["the cat"] * 30)
    assert found("the zebra house", limit=2)[0] == "the zebra"


def test_of_equal_ones_the_newest_is_first() -> None:
    told("fox one", "fox two")
    assert found("fox") == ["fox two", "fox one"]


def test_a_rare_old_word_is_found_beside_a_common_one() -> None:
    told("zebra", *["common"] * 400)
    assert "zebra" in found("common zebra")


def test_what_is_excluded_is_never_found() -> None:
    told("apple pie", "apple tart", "pie with rum")
    assert sorted(found("apple pie -tart -rum")) == ["apple pie"]
    assert found("-apple") == []


def test_a_misspelt_word_finds_the_nearest() -> None:
    told("about kubernetes", "nothing of it")
    assert found("kubernets") == ["about kubernetes"]
    assert find(MINE, parse("kubernets"), limit=1)[0].is_partial
    assert found('"kubernets"') == []


def test_what_others_say_does_not_change_what_is_found() -> None:
    mine = ["bluefinab", "bluefincd", "bluefinef", "bluefingh", "bluefinxy"]
    told(*mine)
    before = found("bluefin")
    told("our secret is bluefin", workspace="shared-key")
    assert found("bluefin") == before and len(before) == 5


def test_nobody_else_finds_it() -> None:
    told("secret")
    assert found("secret", Scope(SHARED_KEY)) == []


def test_a_moved_row_is_not_found_by_its_former_owner() -> None:
    conversation = told("secret")
    Conversation.objects.filter(id=conversation.id).update(workspace="shared-key")
    assert found("secret") == []


def test_what_is_deleted_is_not_found() -> None:
    conversation = told("gone")
    Conversation.objects.filter(id=conversation.id).update(deleted_at=timezone.now())
    assert found("gone") == []


def test_filters_look_deeper_where_they_leave_too_few() -> None:
    told("old fox", surface="wanted")
    told(*["fox"] * (STRICT_STEPS[0] + 5))
    assert found("fox", Scope(ANONYMOUS, Filters(surface="wanted"))) == ["old fox"]


def test_one_conversation_is_searched_whole() -> None:
    conversation = told("old fox")
    told(*["fox"] * 20)
    here = Scope(ANONYMOUS, Filters(conversation_id=conversation.id))
    assert found("fox", here) == ["old fox"]


def test_a_role_is_asked_for() -> None:
    told("fox asked")
    told("fox answered", role="assistant")
    assert found("fox", Scope(ANONYMOUS, Filters(role="assistant"))) == ["fox answered"]


def test_a_heading_has_no_message() -> None:
    conversation = told()
    put([Document("anonymous", conversation.id, None, "d", "Trip to Rome")])
    hits = find(MINE, parse("rome"), limit=10)
    assert [(hit.source_id, hit.message_id) for hit in hits] == [(conversation.id, None)]


def test_a_source_of_several_parts_is_one_hit() -> None:
    told("fox " * 7_000)
    hits: list[UUID] = [hit.source_id for hit in find(MINE, parse("fox"), limit=10)]
    assert len(hits) == 1
