"""What happens while providers are asked, beside the events of the answer itself."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from providers.errors import ProviderFault, ProviderRefused
from providers.events import ProviderEvent
from providers.types import Ask

COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Waiting:
    """All places are taken: `position` others are asked first, in about `seconds`."""

    position: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Began:
    """A provider is being asked, for this model."""

    ask: Ask
    model: str
    started_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Left:
    """How asking one provider went; `outcome` is `completed` or the kind of fault.

    `next_step` says what was done about a fault; `usage` is the provider's, under OpenAI's names.
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


Step = Waiting | Began | Left | ProviderEvent


@dataclass(slots=True)
class Attempt:
    """One provider being asked."""

    ask: Ask
    model: str
    started_at: dt.datetime
    first_text_at: dt.datetime | None = None
    usage: dict[str, Any] | None = None
    has_spoken: bool = False

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
        )
