"""What the pages read: lists in parts and windows of messages."""

from collections.abc import Iterator

import pytest

from accounts.callers import ANONYMOUS, SHARED_KEY
from api.pages.forms import AskForm
from api.pages.shown import Answer, shown_window
from conversations import browsing, shelf
from conversations.access import ANYWHERE, conversation_for, own_conversation
from conversations.browsing import Place
from conversations.errors import ConversationNotFound
from conversations.ids import new_id
from conversations.models import Conversation, Message
from conversations.services import add_message
from tests.conversations.talk import Talk

pytestmark = pytest.mark.django_db
SURFACES = ("threads", "sessions", "conversations")


def _conversation(*texts: str, surface: str = "threads", title: str | None = None) -> Conversation:
    """Said by the user and the assistant in turn."""
    row = shelf.begin_titled(ANONYMOUS, surface=surface, title=title, summary=None, metadata={})
    for place, text in enumerate(texts):
        message = add_message(ANONYMOUS, row.id, surface=surface, content=text, model=None)
        if place % 2:
            Message.objects.filter(id=message.id).update(role="assistant")
    return row


def _all_pages(limit: int) -> Iterator[str]:
    after = None
    while True:
        page = browsing.list_conversations(ANONYMOUS, limit=limit, after=after)
        yield from (item.words for item in page.items)
        if page.next is None:
            return
        after = Place.parse(str(page.next))


def test_the_list_holds_every_surface_once_and_the_latest_first() -> None:
    for place in range(7):
        _conversation(f"question {place}", surface=SURFACES[place % 3])
    _conversation()
    latest_first = [f"question {place}" for place in range(6, -1, -1)]
    assert [list(_all_pages(limit)) for limit in (2, 7, 50)] == [latest_first] * 3


def test_what_is_put_away_is_in_the_trash_only() -> None:
    row = _conversation("one")
    shelf.put_away(ANONYMOUS, row.id, surface="threads")
    assert not browsing.list_conversations(ANONYMOUS, limit=9).items
    (kept,) = browsing.list_conversations(ANONYMOUS, limit=9, deleted=True).items
    assert kept.conversation.id == row.id
    with pytest.raises(ConversationNotFound):
        conversation_for(ANONYMOUS, row.id, surface=ANYWHERE)


def test_somebody_elses_conversation_does_not_exist() -> None:
    row = _conversation("one")
    for find in (conversation_for, own_conversation):
        with pytest.raises(ConversationNotFound):
            find(SHARED_KEY, row.id, surface=ANYWHERE)
    assert not browsing.list_conversations(SHARED_KEY, limit=9).items


@pytest.mark.parametrize("text", ["", "x", "1.x", "x.00", f"{10**40}.{'0' * 32}"])
def test_a_place_that_was_not_given_out_is_none(text: str) -> None:
    assert Place.parse(text) is None


def test_a_window_shows_what_was_said_around_a_message() -> None:
    row = _conversation(*(f"m{place}" for place in range(20)))
    messages = browsing.latest_messages(row, limit=50).messages
    window = browsing.messages_around(row, messages[10].id, limit=6)
    assert [message.content for message in window.messages] == [f"m{p}" for p in range(8, 14)]
    assert window.has_earlier
    assert window.has_later


def test_what_came_before_an_earlier_version_is_shown_as_such() -> None:
    talk = Talk()
    talk.ask("Q1")
    talk.ask("Q1b", instead_of="Q1")
    assert browsing.messages_before(talk.row, talk.id("A1"), limit=6).is_aside
    assert not browsing.messages_before(talk.row, talk.id("A2"), limit=6).is_aside


def test_another_answer_in_the_middle_that_did_not_come_is_seen_at_the_end() -> None:
    talk = Talk()
    talk.ask("Q1")
    talk.ask("Q2")
    talk.fail(talk.begin(None, instead_of="A1"))
    latest = browsing.latest_turn(talk.row)
    window = browsing.latest_messages(talk.row, limit=6)
    ending = browsing.ending_turn(latest, window.messages[-1])
    shown = shown_window(window, ending)
    assert len(shown) == 5
    assert isinstance(shown[-1], Answer)
    assert (shown[-1].state, shown[-1].again) == ("trouble", talk.id("A1"))
    talk.ask("Q1b", instead_of="Q1")
    (last,) = browsing.latest_messages(talk.row, limit=1).messages
    assert browsing.ending_turn(latest, last) is None


def test_a_question_keeps_as_many_files_as_it_may_have() -> None:
    AskForm(text="Again", kept=[str(new_id())] * 20)
    with pytest.raises(ValueError, match="kept"):
        AskForm(text="Again", kept=[str(new_id())] * 21)
