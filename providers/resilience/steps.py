"""What happens while providers are asked, beside the events of the answer itself."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace as changed

from providers.errors import ProviderFault, ProviderRefused
from providers.events import Finished, Piece, Progress, ProviderEvent, RawChunk
from providers.types import Ask

COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Waiting:
    """All places are taken: `position` others are asked first, in about `seconds`."""

    position: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Left:
    """How asking one provider went; `outcome` is `completed` or the kind of fault.

    `next_step` says what was done about a fault; `usage` is the provider's, under OpenAI's names.
    `pieces` of the answer are those that were passed on, without their files.
    """

    ask: Ask
    model: str
    outcome: str
    error: str
    upstream_status: int | None
    started_at: dt.datetime
    first_text_at: dt.datetime | None
    finished_at: dt.datetime
    next_step: str = ""
    usage: dict[str, Any] | None = None
    pieces: tuple[Piece, ...] = ()


@dataclass(slots=True)
class Attempt:
    """One provider being asked; goes on for as long as it is."""

    ask: Ask
    model: str
    started_at: dt.datetime
    first_text_at: dt.datetime | None = None
    usage: dict[str, Any] | None = None
    has_spoken: bool = False
    pieces: list[Piece] = field(default_factory=list)

    def take(self, event: ProviderEvent) -> None:
        """What is passed on: it may have to be counted."""
        if isinstance(event, Finished):
            self.usage = event.usage
        elif not isinstance(event, Progress):
            # Files may be large, and are nothing that the model has written.
            has_files = isinstance(event, RawChunk) and event.files
            self.pieces.append(changed(event, files=()) if has_files else event)

    def left(self, outcome: str, fault: ProviderFault | None = None, next_step: str = "") -> Left:
        return Left(
            ask=self.ask,
            model=self.model,
            outcome=outcome,
            error=str(fault) if fault else "",
            upstream_status=fault.status if isinstance(fault, ProviderRefused) else None,
            started_at=self.started_at,
            first_text_at=self.first_text_at,
            finished_at=dt.datetime.now(dt.UTC),
            next_step=next_step,
            usage=self.usage,
            pieces=tuple(self.pieces),
        )


@dataclass(frozen=True, slots=True)
class Began:
    """A provider is being asked; `attempt` knows at any time how that goes."""

    attempt: Attempt


Step = Waiting | Began | Left | ProviderEvent
