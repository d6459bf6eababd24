"""What the pages read: lists in parts and windows of messages."""

from collections.abc import Iterator

import pytest

from accounts.callers import ANONYMOUS, SHARED_KEY
from conversations import browsing, shelf
from conversations.access import ANYWHERE, conversation_for, own_conversation
from conversations.browsing import Place
from conversations.errors import ConversationNotFound
from conversations.models import Conversation, Message
from conversations.services import add_message

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
