"""Which attempt of a turn has written what, by the turn's log."""

from collections.abc import Iterable, Sequence

from conversations.turns.events import AttemptStarted, ToolStarted, TurnEvent
from conversations.turns.log import TurnLog
from providers.events import RawChunk, ReasoningDelta, TextDelta, ToolCallDelta
from providers.received import written_in
from providers.resilience.steps import Left

_PIECES = (TextDelta, ReasoningDelta, ToolCallDelta, RawChunk)


def written_by(attempts: Sequence[Left], log: TurnLog) -> list[tuple[Left, str | None]]:
    """Each with its words, thoughts and calls of tools; None where nothing has come."""
    begun = _begun(entry.event for entry in log.since(0))
    found: list[tuple[Left, str | None]] = []
    # From the end, because some attempts fail before they begin, mostly the first ones.
    for left in reversed(attempts):
        started = begun[-1][0] if begun else None
        is_its = started is not None and (started.provider, started.model) == (
            left.ask.provider,
            left.model,
        )
        pieces = begun.pop()[1] if is_its else []
        found.append((left, "".join(pieces) if pieces else None))
    return found[::-1]


def _begun(events: Iterable[TurnEvent]) -> list[tuple[AttemptStarted, list[str]]]:
    begun: list[tuple[AttemptStarted, list[str]]] = []
    for event in events:
        if isinstance(event, AttemptStarted):
            begun.append((event, []))
        elif begun and (written := _written(event)) is not None:
            begun[-1][1].append(written)
    return begun


def _written(event: TurnEvent) -> str | None:
    if isinstance(event, ToolStarted):
        return event.name + event.arguments
    return written_in(event) if isinstance(event, _PIECES) else None
