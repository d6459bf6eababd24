"""The outbox: what is stored is noted with it, once for each index, or not at all."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from accounts.callers import ANONYMOUS, SHARED_KEY
from conversations import services, shelf
from conversations.models import Conversation, Message
from search import outbox
from search.models import Change, Gap, VectorIndex, WordDocument

pytestmark = pytest.mark.django_db(transaction=True)
SURFACE = "threads"
Noted = list[tuple[UUID, UUID | None, str]]


def noted(act: Callable[[], object]) -> Noted:
    """What is new in the lane of the words; the other one has to have the same."""
    Change.objects.all().delete()
    act()
    by_lane = [
        list(
            Change.objects.filter(lane=lane)
            .order_by("id")
            .values_list("conversation_id", "source_id", "workspace")
        )
        for lane in outbox.Lane
    ]
    assert by_lane[0] == by_lane[1]
    return by_lane[0]


@transaction.atomic
def due(lane: outbox.Lane) -> list[Change]:
    return outbox.due(lane, most=10)


def thread(title: str | None = None) -> Conversation:
    return services.begin_conversation(ANONYMOUS, surface=SURFACE, title=title)


def said(conversation: Conversation, text: str) -> Message:
    return services.add_message(
        ANONYMOUS, conversation.id, surface=SURFACE, content=text, model=None
    )


def changed(conversation: Conversation, *, deleted: bool | None = None, **changes: object) -> Noted:
    return noted(
        lambda: shelf.change_titled(
            ANONYMOUS, conversation.id, surface=SURFACE, changes=changes, deleted=deleted
        )
    )


def test_a_message_is_noted() -> None:
    conversation = thread()
    assert noted(lambda: said(conversation, "Hello")) == [
        (conversation.id, Message.objects.get().id, "")
    ]


def test_what_is_not_stored_is_not_noted() -> None:
    conversation = thread()

    def broken_off() -> None:
        with pytest.raises(RuntimeError), transaction.atomic():
            said(conversation, "Hello")
            raise RuntimeError

    assert noted(broken_off) == []


def test_an_edit_is_noted_and_a_new_status_is_not() -> None:
    conversation = thread()
    message = said(conversation, "Hello")

    def edit(**changes: object) -> Noted:
        return noted(lambda: shelf.change_message(conversation, message.id, changes))

    assert edit(content="Goodbye") == [(conversation.id, message.id, "")]
    assert edit(status="error") == []


def test_a_title_is_noted_for_itself_and_labels_for_all_of_the_conversation() -> None:
    conversation = thread("One")
    assert changed(conversation, title="Two") == [(conversation.id, conversation.id, "")]
    assert changed(conversation, metadata={"product": "a"}) == [(conversation.id, None, "")]


def test_putting_away_and_taking_back_concern_all_of_it() -> None:
    conversation = thread("One")
    everything = [(conversation.id, None, "")]
    assert noted(lambda: shelf.put_away(ANONYMOUS, conversation.id, surface=SURFACE)) == everything
    assert changed(conversation, deleted=False) == everything


def test_what_leaves_an_owner_is_noted_under_its_name() -> None:
    conversation = thread()
    handed = noted(lambda: services.hand_over(ANONYMOUS, SHARED_KEY))
    assert handed == [(conversation.id, None, "anonymous")]
    deleted = noted(
        lambda: services.delete_conversation(SHARED_KEY, conversation.id, surface=SURFACE)
    )
    assert deleted == [(conversation.id, None, "shared-key")]


def test_a_change_that_fails_comes_later_each_time_and_is_then_set_aside() -> None:
    outbox.note(uuid4(), [uuid4()], lanes=[outbox.Lane.WORDS])
    pauses = []
    for _ in range(outbox.MOST_ATTEMPTS):
        change = Change.objects.get()
        outbox.put_off(change, ValueError("It is no use"))
        change.refresh_from_db()
        pauses.append((change.due_at - change.created_at).total_seconds())
        assert due(outbox.Lane.WORDS) == []
    assert pauses == sorted(pauses)
    assert change.set_aside_at is not None
    assert change.error == "ValueError: It is no use"
    assert outbox.backlog(outbox.Lane.WORDS).set_aside == 1
    outbox.try_again(Change.objects.all())
    assert due(outbox.Lane.WORDS) == [change]


def test_an_index_that_is_being_built_hears_of_what_was_done_meanwhile() -> None:
    VectorIndex.objects.create(model="m", place="folder", status=VectorIndex.Status.BUILDING)
    outbox.note(uuid4(), [uuid4()])
    for lane in outbox.Lane:
        outbox.finish(lane, [change.id for change in due(lane)])
    assert not outbox.waiting(outbox.Lane.VECTORS).exists()
    outbox.replay()
    assert outbox.waiting(outbox.Lane.VECTORS).count() == 1
    assert not Change.objects.filter(lane=outbox.Lane.WORDS).exists()


def test_after_a_time_without_search_everything_is_looked_at() -> None:
    conversation = thread()
    assert noted(outbox.catch_up) == []
    gone = uuid4()
    WordDocument.objects.create(
        workspace="anonymous", conversation_id=gone, source_id=gone, digest="d", text="gone"
    )
    outbox.note_pause()
    outbox.note_pause()
    everything = (UUID(int=0), None, outbox.EVERYTHING)
    assert noted(outbox.catch_up) == [everything, (gone, gone, "anonymous")]
    assert not Gap.objects.exists()
    (change, _) = due(outbox.Lane.WORDS)
    assert not outbox.go_through(change)
    change.refresh_from_db()
    assert outbox.go_through(change)
    assert [change.conversation_id for change in due(outbox.Lane.WORDS)[2:]] == [conversation.id]
