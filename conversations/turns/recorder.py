"""What a turn leaves in the database: pages while it runs, and everything else when it ends."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from uuid import UUID

from django.db.models.functions import Now
from django.utils import timezone

from accounts.billing import hand_in
from conversations.models import Attempt, Turn
from conversations.turns import pages
from conversations.turns.answers import forget_beyond, settle_question, store_answer
from conversations.turns.closing import Closing
from conversations.turns.events import TurnCompleted, TurnFailed
from conversations.turns.pages import Page


class Outcome(Enum):
    """Whether the end was stored: a turn may have been deleted, or reaped, in the meantime."""

    STORED = "stored"
    REAPED = "reaped"
    DELETED = "deleted"


def finish(closing: Closing) -> Outcome:
    """A job of the writer: everything about the turn's end, or nothing if it is not ours."""
    own = Turn.objects.filter(
        id=closing.turn_id, worker_id=closing.worker_id, status=Turn.Status.RUNNING
    )
    if not own.update(**_turn_fields(closing)):
        return _why_not_ours(closing)
    hand_in(closing.bill)
    if (message_id := closing.message_id) is not None:
        store_answer(closing, message_id)
    _settle_question(closing, answered=message_id is not None)
    Attempt.objects.bulk_create(_attempt_rows(closing))
    if closing.last_page is not None:
        pages.store([closing.last_page])
    return Outcome.STORED


@dataclass(frozen=True, slots=True)
class Flushed:
    """What a flush learned: turns that are to stop, and turns that are no longer ours."""

    stopped: frozenset[UUID]
    gone: frozenset[UUID]


def flush(
    *, worker_id: str, new_pages: Sequence[Page], turn_ids: Collection[UUID], beat: bool
) -> Flushed:
    """A job of the writer: store the pages of the turns that are still ours, renew their lease."""
    # Locked, so that none can be deleted before its page is stored.
    own = Turn.objects.select_for_update(no_key=True).filter(
        id__in=turn_ids, worker_id=worker_id, status=Turn.Status.RUNNING
    )
    wanted_stop = dict(own.order_by("id").values_list("id", "stop_requested"))
    if pages_of_own := [page for page in new_pages if page.turn_id in wanted_stop]:
        pages.store(pages_of_own)
    if beat:
        Turn.objects.filter(id__in=wanted_stop).update(heartbeat_at=Now())
    return Flushed(
        stopped=frozenset(turn_id for turn_id, stop in wanted_stop.items() if stop),
        gone=frozenset(turn_ids) - wanted_stop.keys(),
    )


def _turn_fields(closing: Closing) -> dict[str, object]:
    end = closing.end
    fields: dict[str, object] = {
        "status": closing.status,
        "text": closing.text,
        "answer_id": closing.message_id,
        "finished_at": timezone.now(),
        "tools_used": list(map(asdict, closing.tools_used)),
    }
    if closing.attempts:
        last = closing.attempts[-1]
        fields |= {
            "provider": last.ask.provider,
            "model": last.model,
            "source": last.ask.source,
        }
    if isinstance(end, TurnFailed):
        fields |= {"fault": end.fault, "error": end.message}
    if isinstance(end, TurnCompleted):
        fields |= {
            "finish_reason": end.finish_reason or "",
            "usage": end.usage,
            "chain_id": end.chain_id,
        }
    return fields


def _why_not_ours(closing: Closing) -> Outcome:
    turn = Turn.objects.filter(id=closing.turn_id).first()
    if turn is None:
        # It was answered all the same.
        hand_in(closing.bill)
        return Outcome.DELETED
    # A commit whose confirmation was lost is run again, and finds its own work.
    is_own_work = turn.worker_id == closing.worker_id and turn.answer_id == closing.message_id
    return Outcome.STORED if is_own_work and turn.status == closing.status else Outcome.REAPED


def _settle_question(closing: Closing, *, answered: bool) -> None:
    # Where an answer is to be replaced and is not, the question keeps the one that it has.
    if closing.question_id is not None and (answered or closing.replaces is None):
        settle_question(closing, closing.question_id, answered=answered)
    if answered and closing.memory_limit is not None:
        forget_beyond(closing.memory_limit, closing.conversation_id)


def _attempt_rows(closing: Closing) -> list[Attempt]:
    return [
        Attempt(
            turn_id=closing.turn_id,
            ordinal=ordinal,
            provider=record.ask.provider,
            model=record.model,
            source=record.ask.source,
            outcome=record.outcome,
            upstream_status=record.upstream_status,
            error=record.error,
            next_step=record.next_step,
            usage=record.usage,
            started_at=record.started_at,
            first_text_at=record.first_text_at,
            finished_at=record.finished_at,
        )
        for ordinal, record in enumerate(closing.attempts, start=1)
    ]
