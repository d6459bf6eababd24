"""What happens in a turn, in order: one start, attempts, deltas, and exactly one end."""

from typing import Any, TypeGuard

from msgspec import Struct

from providers.events import (
    AnswerDetails,
    Progress,
    RawChunk,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)


class TurnStarted(Struct, frozen=True, array_like=True, tag="started"):
    """The question is stored; `turn_id` is a UUID in its text form."""

    turn_id: str


class AttemptStarted(Struct, frozen=True, array_like=True, tag="attempt"):
    """A provider is being asked."""

    provider: str
    model: str
    source: str


class Queued(Struct, frozen=True, array_like=True, tag="queued"):
    """The provider is busy: `position` others are asked first, in about `seconds`."""

    position: int
    seconds: float | None = None


class ToolStarted(Struct, frozen=True, array_like=True, tag="tool_started"):
    """The model has called a tool; `arguments` is the JSON text that it gave."""

    call_id: str
    source: str
    name: str
    arguments: str


class ToolEnded(Struct, frozen=True, array_like=True, tag="tool_ended"):
    """What the tool answered; `outcome` is `completed` or the kind of fault."""

    call_id: str
    outcome: str
    text: str


class TurnCompleted(Struct, frozen=True, array_like=True, tag="completed"):
    """The whole answer is stored as the message `message_id`.

    `chain_id` is the provider's own id of it, empty where the provider keeps no answers;
    `answer_id` is the id that it gave in any case.
    """

    message_id: str
    finish_reason: str | None = None
    usage: dict[str, Any] | None = None
    chain_id: str = ""
    answer_id: str = ""
    details: AnswerDetails | None = None


class TurnStopped(Struct, frozen=True, array_like=True, tag="stopped"):
    """Somebody stopped it; what had come is stored as the message `message_id`, if anything."""

    message_id: str | None = None


class TurnFailed(Struct, frozen=True, array_like=True, tag="failed"):
    """There is no whole answer. `fault` is a ProviderFault's kind or a constant below."""

    fault: str
    message: str


class TextReset(Struct, frozen=True, array_like=True, tag="reset"):
    """For one follower only: forget what you have, `text` is the answer so far."""

    text: str


NOTHING_SAID = "The answer was stopped before its first word."
INTERRUPTED = "interrupted"
FALLBACK_MISSING = "fallback_missing"
DELETED = "deleted"
INTERNAL = "internal"
# What is told of the faults that are no provider's.
FAULT_MESSAGES = {
    INTERRUPTED: "The server stopped before the answer was complete.",
    INTERNAL: "An unexpected error occurred.",
    DELETED: "The conversation was deleted while it was being answered.",
}

# Beside the answer: what a client may show while it waits.
TurnNote = Queued | Progress | ToolStarted | ToolEnded
TurnEnd = TurnCompleted | TurnStopped | TurnFailed
TurnEvent = (
    TurnStarted
    | AttemptStarted
    | TextDelta
    | ReasoningDelta
    | ToolCallDelta
    | RawChunk
    | TurnNote
    | TextReset
    | TurnEnd
)


def text_of(event: TurnEvent) -> str:
    """The piece of the answer that an event carries, mostly empty."""
    return event.text if isinstance(event, WITH_TEXT) else ""


def is_end(event: TurnEvent) -> TypeGuard[TurnEnd]:
    """Whether nothing comes after it."""
    return isinstance(event, _ENDS)


# Tuples, because a union would be built anew for each token.
WITH_TEXT = (TextDelta, RawChunk)
_ENDS = (TurnCompleted, TurnStopped, TurnFailed)
