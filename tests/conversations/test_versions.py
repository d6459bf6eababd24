"""Versions of answers and questions: one is on the path, and none is ever lost."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.callers import ANONYMOUS
from conversations import browsing
from conversations.errors import MessageNotFound, NothingToAnswer, NotOnPath
from conversations.ids import new_id
from conversations.models import Conversation, Message
from conversations.shelf import external_id_of, messages_of, set_provider_state
from conversations.versions import choose, make_room, place_of_answer, versions_among
from search.sources import sources_of
from tests.conversations.exports import LATER, conversation, file_of, imported, message, somebody
from tests.conversations.talk import Talk

pytestmark = pytest.mark.django_db


def _told(opened: object) -> str:
    return " ".join(message.content for message in opened.messages)  # type: ignore[attr-defined]


def test_another_answer_stands_beside_the_first_and_the_provider_is_told_of_neither() -> None:
    talk = Talk()
    talk.ask("Q1")
    again = talk.begin(None, instead_of="A1")
    assert talk.said == "Q1 A1"
    assert _told(again) == "Q1"
    talk.answer(again)
    assert talk.said == "Q1 A2"
    old = Message.objects.get(content="A1")
    assert (old.status, old.error_code) == ("ready", None)
    assert Message.objects.get(content="A2").parent_id == talk.id("Q1")


def test_an_answer_that_fails_to_come_leaves_the_one_that_there_is() -> None:
    talk = Talk()
    talk.ask("Q1")
    talk.fail(talk.begin(None, instead_of="A1"))
    assert talk.said == "Q1 A1"


def test_an_edited_question_begins_a_path_of_its_own() -> None:
    talk = Talk()
    talk.ask("Q1")
    talk.ask("Q2")
    opened = talk.begin("Q1b", instead_of="Q1")
    assert _told(opened) == "Q1b"
    talk.answer(opened)
    assert talk.said == "Q1b A3"
    talk.choose("Q1")
    assert talk.said == "Q1 A1 Q2 A2"
    talk.choose("Q1b")
    assert talk.said == "Q1b A3"


def test_a_path_is_remembered_with_its_own_versions() -> None:
    talk = Talk()
    talk.ask("Q1")
    talk.ask("Q2")
    talk.again("A2")
    talk.ask("Q1b", instead_of="Q1")
    talk.choose("Q1")
    assert talk.said == "Q1 A1 Q2 A3"
    talk.choose("Q1b")
    # From another path to a version that was not even current there.
    talk.choose("A2")
    assert talk.said == "Q1 A1 Q2 A2"
    talk.again("A1")
    assert talk.said == "Q1 A5"
    talk.choose("A3")
    assert talk.said == "Q1 A1 Q2 A3"


def test_what_is_not_on_the_path_is_shown_around_a_hit_and_the_path_stays() -> None:
    talk = Talk()
    talk.ask("Q1")
    talk.ask("Q2")
    talk.again("A2")
    talk.ask("Q1b", instead_of="Q1")
    hit = talk.id("A2")
    assert hit in sources_of([hit])
    window = browsing.messages_around(talk.row, hit, limit=60)
    assert [message.content for message in window.messages] == ["Q1", "A1", "Q2", "A2"]
    assert window.is_aside
    assert talk.said == "Q1b A4"
    assert [row.content for row in messages_of(talk.row).order_by("id")] == ["Q1b", "A4"]


def test_versions_know_their_neighbours() -> None:
    talk = Talk()
    talk.ask("Q1")
    for text in ("A1", "A2"):
        talk.again(text)
    rows = list(Message.objects.filter(conversation=talk.row))
    placed = versions_among(rows)[talk.id("A2")]
    assert (placed.number, placed.total) == (2, 3)
    assert (placed.previous, placed.next) == (talk.id("A1"), talk.id("A3"))
    assert talk.id("Q1") not in versions_among(rows)


def test_an_answer_stays_with_its_question_when_that_is_left_while_it_is_given() -> None:
    talk = Talk()
    talk.ask("Q1")
    edited = talk.begin("Q1b", instead_of="Q1")
    talk.choose("Q1")
    talk.answer(edited)
    assert talk.said == "Q1 A1"
    talk.choose("Q1b")
    assert talk.said == "Q1b A2"


def test_another_answer_that_comes_when_its_place_was_left_is_kept_there() -> None:
    talk = Talk()
    talk.ask("Q1")
    again = talk.begin(None, instead_of="A1")
    talk.ask("Q1b", instead_of="Q1")
    talk.answer(again)
    assert talk.said == "Q1b A2"
    talk.choose("A3")
    assert talk.said == "Q1 A3"
    talk.choose("A1")
    assert talk.said == "Q1 A1"


def test_two_answers_at_once_are_both_kept() -> None:
    talk = Talk()
    talk.ask("Q1")
    both = [talk.begin(None, instead_of="A1") for _ in range(2)]
    for opened in both:
        talk.answer(opened)
    assert talk.said == "Q1 A3"
    assert versions_among(list(Message.objects.filter(content="A3")))[talk.id("A3")].total == 3


def test_a_question_that_nothing_came_of_is_answered_at_last() -> None:
    talk = Talk()
    talk.fail(talk.begin("Q1"))
    assert talk.said == ""
    talk.again("Q1")
    assert talk.said == "Q1 A1"


def test_only_what_is_on_the_path_can_be_replaced() -> None:
    talk = Talk()
    talk.begin("Q0")
    with pytest.raises(NotOnPath):
        talk.begin(None, instead_of="Q0")
    talk = Talk()
    talk.ask("Q1")
    with pytest.raises(NotOnPath):
        talk.begin(None, instead_of="Q1")
    with pytest.raises(NotOnPath):
        talk.begin("Q2", instead_of="A1")
    talk.again("A1")
    with pytest.raises(NotOnPath):
        talk.begin(None, instead_of="A1")
    Message.objects.filter(content="Q1").delete()
    with pytest.raises(NothingToAnswer):
        talk.begin(None, instead_of="A2")


def test_a_memory_limit_forgets_the_versions_that_are_as_old() -> None:
    talk = Talk()
    talk.row.memory_limit = 2
    talk.row.save()
    talk.ask("Q1")
    talk.again("A1")
    talk.ask("Q2")
    assert talk.said == "Q2 A3"
    assert Message.objects.filter(conversation=talk.row).count() == 2


def test_an_answer_is_kept_when_a_memory_limit_drops_its_question_meanwhile() -> None:
    talk = Talk()
    talk.row.memory_limit = 2
    talk.row.save()
    talk.ask("Q1")
    again = talk.begin(None, instead_of="A1")
    talk.ask("Q2")
    talk.answer(again)
    assert talk.said == "A2 A3"
    connection.check_constraints()


def test_a_question_beside_the_path_is_not_forgotten_while_it_is_answered() -> None:
    talk = Talk()
    talk.row.memory_limit = 2
    talk.row.save()
    talk.ask("Q1")
    edited = talk.begin("Q1b", instead_of="Q1")
    talk.choose("Q1")
    talk.ask("Q2")
    talk.answer(edited)
    assert talk.said == "Q2 A2"
    assert Message.objects.get(content="A3").parent_id == talk.id("Q1b")


def test_what_left_the_path_since_it_was_read_has_no_second_group() -> None:
    talk = Talk()
    talk.ask("Q1")
    read_before = Message.objects.get(content="Q1")
    talk.ask("Q1b", instead_of="Q1")
    with pytest.raises(NotOnPath):
        make_room(read_before)
    assert versions_among(list(Message.objects.all()))[talk.id("Q1b")].total == 2


def test_the_conversation_is_locked_before_its_versions_are_read() -> None:
    talk = Talk()
    talk.ask("Q1")
    question, answer = talk.id("Q1"), talk.id("A1")
    with CaptureQueriesContext(connection) as asked, transaction.atomic():
        place_of_answer(talk.row.id, question_id=question, replaces=answer)
    first = next(query["sql"] for query in asked if query["sql"].startswith("SELECT"))
    assert 'FROM "conversations_conversation"' in first


def test_late_answers_in_one_place_do_not_come_back_together() -> None:
    talk = Talk()
    talk.ask("Q1")
    talk.ask("Q2")
    late = [talk.begin(None, instead_of=text) for text in ("A1", "A1", "A2")]
    talk.ask("Q1b", instead_of="Q1")
    for opened in late:
        talk.answer(opened)
    talk.choose("A5")
    assert talk.said == "Q1 A5"
    talk.choose("A4")
    assert talk.said == "Q1 A4"
    talk.choose("A6")
    assert talk.said == "Q1 A1 Q2 A6"


def test_only_a_message_of_the_conversation_can_be_chosen() -> None:
    talk, other = Talk(), Talk()
    other.ask("Q1")
    for id in (new_id(), other.id("Q1")):
        with pytest.raises(MessageNotFound):
            choose(talk.row, id)


def test_what_a_provider_remembers_of_another_path_is_not_gone_on_with() -> None:
    talk = Talk()
    talk.ask("Q1")
    talk.again("A1")
    set_provider_state(talk.row, "first", external_id="theirs", payload={})
    assert external_id_of(talk.row, "first") == "theirs"
    talk.choose("A1")
    assert external_id_of(talk.row, "first") is None


def test_a_source_is_given_to_its_owner_only() -> None:
    talk = Talk()
    talk.ask("Q1")
    assert browsing.message_of(ANONYMOUS, talk.id("A1")).content == "A1"
    with pytest.raises(Exception, match="was not found"):
        browsing.message_of(ANONYMOUS, new_id())


def test_versions_are_imported_as_they_were() -> None:
    thread, group = conversation(), str(new_id())
    asked = message(thread)
    first = message(thread, role="assistant", content="A1", versions=group, superseded_at=LATER)
    second = message(thread, role="assistant", content="A2", versions=group)
    ann = somebody()
    assert imported(ann, file_of(thread, asked, first, second)).is_complete
    row = Conversation.objects.get(id=thread["id"])
    assert row.message_count == 2
    assert next(said.content for said in messages_of(row).order_by("-id")) == "A2"
    choose(row, Message.objects.get(content="A1").id)
    assert next(said.content for said in messages_of(row).order_by("-id")) == "A1"


def test_what_was_edited_in_two_places_is_imported_as_versions_of_one() -> None:
    thread = conversation()
    old = message(thread, content="Q1")
    ann = somebody()
    files = []
    for name in ("b", "c"):
        group = str(new_id())
        left = {"versions": group, "superseded_at": LATER, "updated_at": LATER}
        edited = message(thread, content=f"Q1{name}", versions=group)
        answer = message(thread, content=f"A{name}", parent_id=edited["id"], role="assistant")
        files.append(file_of(thread, {**old, **left}, edited, answer))
    for data in (*files, *files):
        assert imported(ann, data).is_complete
        row = Conversation.objects.get(id=thread["id"])
        path = list(messages_of(row).order_by("id"))
        assert row.message_count == len(path) == 2
    assert [said.content for said in path] == ["Q1c", "Ac"]
    assert versions_among(path)[path[0].id].total == 3
    choose(row, Message.objects.get(content="Q1b").id)
    assert [said.content for said in messages_of(row).order_by("id")] == ["Q1b", "Ab"]
    choose(row, Message.objects.get(content="Q1").id)
    assert [said.content for said in messages_of(row).order_by("id")] == ["Q1"]
