"""The faults of the sessions dialect."""

from typing import Any
from uuid import UUID

from django.conf import settings

from api.problems import COMMON, Problem, ProblemTable
from conversations.errors import ConversationNotFound
from conversations.turns.events import DELETED, FALLBACK_MISSING, TurnFailed


class MemoryLimitTooHigh(Exception):
    def __init__(self, requested: int) -> None:
        super().__init__(f"memory_limit may be at most {settings.MEMORY_MAX}")
        self.requested = requested


class NoReply(Exception):
    """The turn ended without an answer; `details` say who was asked."""

    def __init__(self, turn_id: UUID, end: TurnFailed, details: dict[str, Any]) -> None:
        super().__init__(end.message)
        self.turn_id = turn_id
        self.end = end
        self.details = details


def _session_not_found(error: ConversationNotFound) -> Problem:
    return Problem(404, "session_not_found", f"Session {error.conversation_id} was not found")


def _invalid_memory_limit(error: MemoryLimitTooHigh) -> Problem:
    details = {"requested": error.requested, "maximum": settings.MEMORY_MAX}
    return Problem(400, "invalid_memory_limit", str(error), details=details)


def _no_reply(error: NoReply) -> Problem:
    headers = {"X-Turn-ID": str(error.turn_id)}
    if error.end.fault == DELETED:
        return Problem(404, "session_not_found", str(error), headers=headers)
    message = str(error)
    if error.end.fault == FALLBACK_MISSING:
        message = "Primary provider failed and fallback provider is not available."
    return Problem(502, "provider_error", message, details=error.details, headers=headers)


PROBLEMS: ProblemTable = {
    **COMMON,
    ConversationNotFound: _session_not_found,
    MemoryLimitTooHigh: _invalid_memory_limit,
    NoReply: _no_reply,
}
