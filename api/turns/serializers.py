"""The JSON of turns."""

import datetime as dt
from typing import Any
from uuid import UUID

from api.parsing import Body
from api.responses import Answer
from conversations.models import Turn
from conversations.services import attempts_of
from conversations.turns.pages import stored_text


class EventsQuery(Body):
    """The query of `GET /api/turns/{id}/events`."""

    after: str | None = None


class TurnErrorJson(Answer):
    code: str
    message: str


class AttemptJson(Answer):
    provider: str
    model: str
    source: str
    outcome: str
    upstream_status: int | None
    error: str | None
    started_at: dt.datetime
    first_text_at: dt.datetime | None
    finished_at: dt.datetime


class TurnJson(Answer):
    id: UUID
    status: str
    text: str
    provider: str
    model: str
    usage: dict[str, Any] | None
    error: TurnErrorJson | None
    attempts: list[AttemptJson]
    created_at: dt.datetime
    finished_at: dt.datetime | None


def turn_json(turn: Turn) -> TurnJson:
    """The turn; while it runs, its text is as long as the stored pages."""
    return TurnJson(
        id=turn.id,
        status=turn.status,
        text=turn.text if turn.finished_at else stored_text(turn.id),
        provider=turn.provider,
        model=turn.model,
        usage=turn.usage,
        error=TurnErrorJson(code=turn.fault, message=turn.error) if turn.fault else None,
        attempts=_attempts_json(turn),
        created_at=turn.created_at,
        finished_at=turn.finished_at,
    )


def _attempts_json(turn: Turn) -> list[AttemptJson]:
    return [
        AttemptJson(
            provider=attempt.provider,
            model=attempt.model,
            source=attempt.source,
            outcome=attempt.outcome,
            upstream_status=attempt.upstream_status,
            error=attempt.error or None,
            started_at=attempt.started_at,
            first_text_at=attempt.first_text_at,
            finished_at=attempt.finished_at,
        )
        for attempt in attempts_of(turn)
    ]
