"""Ending the turns whose worker died, and clearing away what is no longer needed."""

import datetime as dt
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.billing import hand_in
from accounts.budgets import release_expired, settle
from accounts.spending import Reservation
from accounts.usage import Amounts
from conversations.models import Message, Turn, TurnPage
from conversations.turns import pages
from conversations.turns.events import FAULT_MESSAGES, INTERRUPTED
from conversations.turns.spending import bill_of_dead

LEASE = dt.timedelta(seconds=15)
PAGES_KEPT = dt.timedelta(minutes=10)
PAGES_AT_ONCE = 1000
PATIENCE_WITH_ORPHANS = dt.timedelta(minutes=2)

Suspects = dict[UUID, dt.datetime]


def reap(suspects: Suspects) -> tuple[Suspects, list[UUID]]:
    """A job of the writer: end the turns that were suspected before and still show no life.

    Returns those without a heartbeat for a lease, and those that were ended. Only the second
    look ends a turn: after an outage of the database itself all leases look old, and their
    workers get the time to renew them.
    """
    stale = dict(_lifeless().values_list("id", "heartbeat_at"))
    dead = [turn_id for turn_id, beat in stale.items() if suspects.get(turn_id) == beat]
    return stale, [turn_id for turn_id in dead if _interrupt(turn_id)]


def clear_pages() -> bool:
    """A job of the writer: delete some pages of turns that ended long ago; whether all are gone."""
    ended = TurnPage.objects.filter(turn__finished_at__lt=timezone.now() - PAGES_KEPT)
    ids = list(ended.order_by("id").values_list("id", flat=True)[:PAGES_AT_ONCE])
    TurnPage.objects.filter(id__in=ids).delete()
    return len(ids) < PAGES_AT_ONCE


def release_orphans() -> None:
    """A job of the writer: give back what nobody will settle any more."""
    release_expired()
    held = Reservation.objects.filter(
        lease_until=None, created_at__lt=timezone.now() - PATIENCE_WITH_ORPHANS
    )
    holders = set(held.values_list("holder", flat=True))
    running = Turn.objects.filter(id__in=holders, finished_at=None).values_list("id", flat=True)
    # With its conversation a turn may have been deleted.
    settle({holder: Amounts() for holder in holders - set(running)})


def _lifeless() -> QuerySet[Turn]:
    return Turn.objects.filter(finished_at=None, heartbeat_at__lt=Now() - LEASE)


def _interrupt(turn_id: UUID) -> bool:
    """End one turn with the text of its pages, unless its worker came back or it ended."""
    ended = (
        _lifeless()
        .filter(id=turn_id)
        .update(
            status=Turn.Status.INTERRUPTED,
            text=pages.stored_text(turn_id),
            fault=INTERRUPTED,
            error=FAULT_MESSAGES[INTERRUPTED],
            finished_at=timezone.now(),
        )
    )
    if ended:
        hand_in(bill_of_dead(Turn.objects.select_related("question").get(id=turn_id)))
        unanswered = Turn.objects.filter(id=turn_id, replaces=None).values("question_id")
        Message.objects.filter(id__in=unanswered).update(
            status=Message.Status.ERROR,
            error_code=FAULT_MESSAGES[INTERRUPTED],
            updated_at=timezone.now(),
        )
    return bool(ended)
