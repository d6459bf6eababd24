"""A lane brings its index up to the database, whatever fails and whatever happens meanwhile."""

import time
from collections.abc import Callable

import pytest
from django.db import OperationalError

from accounts.callers import ANONYMOUS, SHARED_KEY
from conversations import services, shelf
from conversations.models import Conversation, Message
from search import outbox
from search.errors import ModelUnavailable, StoreUnavailable
from search.indexing import lanes
from search.indexing.runner import LaneRunner
from search.models import Change
from tests.search.indexes import FakeIndex
from tests.search.test_outbox import SURFACE, said, thread

pytestmark = pytest.mark.django_db(transaction=True)
LANE = outbox.Lane.VECTORS


def drain(index: FakeIndex, *, most: int = 10) -> None:
    """Until there is nothing to do now."""
    for _ in range(50):
        if not lanes.work_off(LANE, lambda: index, most=most):
            return
    raise AssertionError("It never ends")


def edit(conversation: Conversation, message: Message, text: str) -> None:
    shelf.change_message(conversation, message.id, {"content": text})


def test_the_index_has_what_the_database_has() -> None:
    index, conversation = FakeIndex(), thread("A title")
    messages = [said(conversation, text) for text in ("One", "Two", " ")]
    drain(index)
    assert index.said() == {"A title", "One", "Two"}
    edit(conversation, messages[0], "Three")
    Message.objects.filter(id=messages[1].id).delete()
    outbox.note(conversation.id, [messages[1].id])
    drain(index)
    assert index.said() == {"A title", "Three"}
    assert not outbox.waiting(LANE).exists()


def test_a_conversation_goes_and_comes_back_whole() -> None:
    index, conversation = FakeIndex(), thread("A title")
    for number in range(25):
        said(conversation, f"Text {number}")
    drain(index)
    whole = index.said()
    shelf.put_away(ANONYMOUS, conversation.id, surface=SURFACE)
    drain(index)
    assert index.said() == set()
    shelf.change_titled(ANONYMOUS, conversation.id, surface=SURFACE, changes={}, deleted=False)
    drain(index)
    assert (index.said(), len(whole)) == (whole, 26)
    services.delete_conversation(ANONYMOUS, conversation.id, surface=SURFACE)
    drain(index)
    assert index.texts == {}


def test_what_is_handed_over_is_found_by_the_receiver_only() -> None:
    index, conversation = FakeIndex(), thread("A title")
    said(conversation, "One")
    drain(index)
    services.hand_over(ANONYMOUS, SHARED_KEY)
    drain(index)
    assert {workspace for workspace, _ in index.texts} == {"shared-key"}
    assert index.said() == {"A title", "One"}


def test_what_changes_while_it_is_indexed_is_indexed_again() -> None:
    """Or who read an older text and wrote it later would have the last word."""
    index, conversation = FakeIndex(), thread()
    message = said(conversation, "Old")

    def meanwhile(_: object) -> None:
        index.before = lambda sources: None
        edit(conversation, message, "New")
        # Another indexer has done it already.
        Change.objects.filter(lane=LANE).order_by("id").last().delete()  # type: ignore[union-attr]

    index.before = meanwhile
    drain(index)
    assert index.said() == {"New"}


def once(index: FakeIndex, act: Callable[[], object]) -> None:
    """Just before the index is next written to, as another process might."""

    def meanwhile(_: object) -> None:
        index.before = lambda sources: None
        act()

    index.before = meanwhile


def test_what_is_deleted_while_it_is_indexed_does_not_stay() -> None:
    index, conversation = FakeIndex(), thread("A title")
    said(conversation, "One")

    def delete() -> None:
        services.delete_conversation(ANONYMOUS, conversation.id, surface=SURFACE)
        # Another indexer has done that already, and found nothing to remove.
        Change.objects.filter(lane=LANE, source_id=None).delete()

    once(index, delete)
    drain(index)
    assert index.texts == {}


def test_what_is_handed_over_while_it_is_indexed_does_not_stay_with_the_giver() -> None:
    index, conversation = FakeIndex(), thread("A title")
    said(conversation, "One")
    once(index, lambda: services.hand_over(ANONYMOUS, SHARED_KEY))
    drain(index)
    assert {workspace for workspace, _ in index.texts} == {"shared-key"}
    assert index.said() == {"A title", "One"}


def test_what_is_restored_while_it_is_removed_comes_back() -> None:
    index, conversation = FakeIndex(), thread("A title")
    said(conversation, "One")
    drain(index)
    shelf.put_away(ANONYMOUS, conversation.id, surface=SURFACE)

    def restore() -> None:
        shelf.change_titled(ANONYMOUS, conversation.id, surface=SURFACE, changes={}, deleted=False)
        # Another indexer has put it back already.
        last = Change.objects.filter(lane=LANE).order_by("id").last()
        assert last
        last.delete()

    once(index, restore)
    drain(index)
    assert index.said() == {"A title", "One"}


def test_what_another_indexer_crossed_out_too_early_is_noted_again() -> None:
    """Where rows are not locked, two may work at the same changes."""
    index, conversation = FakeIndex(), thread()
    message = said(conversation, "Old")

    def meanwhile() -> None:
        edit(conversation, message, "New")
        Change.objects.filter(lane=LANE).delete()

    once(index, meanwhile)
    drain(index)
    assert index.said() == {"New"}


def test_an_index_that_is_no_longer_asked_crosses_nothing_out() -> None:
    index, conversation = FakeIndex(in_use=False), thread()
    said(conversation, "One")
    assert lanes.work_off(LANE, lambda: index, most=10) == 1
    assert outbox.waiting(LANE).count() == 1


def test_a_model_that_fails_for_one_text_alone_is_not_away() -> None:
    index, conversation = FakeIndex(), thread()
    for text in ("One", "Two", "Too much", "Three"):
        said(conversation, text)

    def taste(sources: object) -> None:
        if "Too much" in str(sources):
            raise ModelUnavailable("500")

    index.before = taste
    drain(index)
    assert index.said() == {"One", "Two", "Three"}
    assert outbox.waiting(LANE).get().attempts == 1


def test_one_that_cannot_be_indexed_does_not_keep_the_others_back() -> None:
    index, conversation = FakeIndex(), thread()
    for text in ("One", "Poison", "Two"):
        said(conversation, text)

    def taste(sources: object) -> None:
        if "Poison" in str(sources):
            raise ValueError("Inedible")

    index.before = taste
    drain(index)
    assert index.said() == {"One", "Two"}
    left = outbox.waiting(LANE).get()
    assert (left.attempts, left.error) == (1, "ValueError: Inedible")


@pytest.mark.parametrize(
    "fault", [StoreUnavailable("Away"), OperationalError("Away"), ModelUnavailable("Away")]
)
def test_what_is_the_fault_of_no_change_is_counted_against_none(fault: Exception) -> None:
    index, conversation = FakeIndex(), thread()
    said(conversation, "One")

    def away(_: object) -> None:
        raise fault

    index.before = away
    with pytest.raises(type(fault)):
        lanes.work_off(LANE, lambda: index, most=10)
    assert outbox.waiting(LANE).get().attempts == 0


def test_a_runner_indexes_what_is_said_and_says_what_it_waits_for() -> None:
    index, conversation = FakeIndex(), thread()

    def away(_: object) -> None:
        raise StoreUnavailable("Chroma is away")

    index.before = away
    runner = LaneRunner(LANE, lambda: index, most=10)
    runner.start()
    try:
        said(conversation, "One")
        _wait(lambda: runner.trouble == StoreUnavailable.shown)
        index.before = lambda sources: None
        _wait(lambda: index.said() == {"One"})
        _wait(lambda: not runner.trouble)
        said(conversation, "Two")
        _wait(lambda: index.said() == {"One", "Two"})
    finally:
        runner.tell_to_stop()
        runner.wait()


def _wait(reached: object) -> None:
    assert callable(reached)
    deadline = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)
