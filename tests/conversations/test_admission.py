"""P2 at its narrowest: what an idempotency key stands for, and when it is free again."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.callers import ANONYMOUS
from conversations.errors import IdempotencyMismatch
from conversations.ids import new_id
from conversations.models import Conversation, Turn
from conversations.turns.admission import Attached, Opened, open_turn
from conversations.turns.request import Idempotency, Linear, Question, TurnRequest
from providers.types import Ask

pytestmark = pytest.mark.django_db


def request(digest: str = "same") -> TurnRequest:
    conversation = Conversation.objects.create(workspace="anonymous", surface="test")
    return TurnRequest(
        caller=ANONYMOUS,
        history=Linear("test", conversation.id),
        asks=(Ask("first", "m", "default"),),
        question=Question("Hello"),
        idempotency=Idempotency("key", digest),
    )


def opened(asked: TurnRequest) -> Opened | Attached:
    return open_turn(asked, turn_id=new_id(), worker_id="me")


def test_a_running_turn_is_attached_to() -> None:
    first = opened(request())
    assert opened(request()) == Attached(first.turn_id)


def test_another_body_is_refused() -> None:
    opened(request())
    with pytest.raises(IdempotencyMismatch):
        opened(request("other"))


@pytest.mark.parametrize(
    ("status", "text", "age", "again"),
    [
        ("completed", "x", 0, False),
        ("failed", "half", 0, False),
        ("stopped", "", 0, False),
        ("failed", "", 0, True),
        ("interrupted", "", 0, True),
        ("completed", "x", 25, True),
    ],
)
def test_a_key_is_free_again_when_it_came_to_nothing_or_is_old(
    status: str, text: str, age: int, again: bool
) -> None:
    """C-10.7"""
    first = opened(request())
    created = timezone.now() - dt.timedelta(hours=age)
    Turn.objects.filter(id=first.turn_id).update(status=status, text=text, created_at=created)
    assert isinstance(opened(request()), Opened) is again


def test_a_key_that_another_worker_took_in_the_meantime_is_not_taken_away() -> None:
    """The constraint refuses the second turn, and the caller looks again."""
    late = request()
    assert isinstance(opened(late), Opened)
    with pytest.raises(IntegrityError), transaction.atomic():
        Turn.objects.create(
            conversation_id=late.history.conversation_id,  # type: ignore[union-attr]
            workspace="anonymous",
            worker_id="other",
            heartbeat_at=timezone.now(),
            idempotency_key="key",
        )
    assert Turn.objects.get().idempotency_key == "key"
