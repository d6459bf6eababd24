"""Responses that are kept: looking at one, and forgetting it."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from api.openai.response_forms import id_of
from api.openai.response_items import (
    STOPPED,
    Json,
    call_item,
    error_json,
    incomplete_reason,
    message_item,
    response_json,
)
from conversations.kept import Kept
from conversations.models import Turn

SURFACE = "openai"
# In the metadata of the question.
ECHO = "response"


def echo_of(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the response repeats of its request."""
    echo = asked.get(ECHO)
    return echo if isinstance(echo, dict) else {}


def kept_response(kept: Kept) -> Json:
    turn = kept.turn
    status, reason = _state(turn)
    return response_json(
        id_of(turn.id),
        created_at=turn.created_at,
        status=status,
        model=turn.model,
        echo=echo_of(kept.asked),
        output=list(_output(kept)),
        usage=turn.usage,
        error=error_json(turn.error) if status == "failed" else None,
        reason=reason,
    )


def _state(turn: Turn) -> tuple[str, str | None]:
    """The status, and why it is incomplete."""
    match turn.status:
        case Turn.Status.QUEUED | Turn.Status.RUNNING:
            return "in_progress", None
        case Turn.Status.COMPLETED:
            reason = incomplete_reason(turn.finish_reason)
            return "incomplete" if reason else "completed", reason
        case Turn.Status.STOPPED:
            return "incomplete", STOPPED
        case _:
            return "failed", None


def _output(kept: Kept) -> Iterator[Json]:
    suffix = kept.turn.id.hex
    index = 0
    if kept.turn.text:
        yield message_item(f"msg_{suffix}{index}", kept.turn.text)
        index += 1
    for place, call in enumerate(kept.calls, start=index):
        yield call_item(f"fc_{suffix}{place}", call)


def deleted_json(turn_id: UUID) -> Json:
    return {"id": id_of(turn_id), "object": "response", "deleted": True}
