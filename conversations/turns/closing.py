"""The end of a turn, as a value: what is stored with it."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from conversations.models import Turn
from conversations.turns.events import TurnCompleted, TurnEnd, TurnFailed, TurnStopped
from conversations.turns.pages import Page
from conversations.turns.request import Ask


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """How asking one provider went; `outcome` is `completed` or the kind of fault."""

    ask: Ask
    model: str
    outcome: str
    error: str
    upstream_status: int | None
    started_at: dt.datetime
    first_text_at: dt.datetime | None
    finished_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Closing:
    """The end of a turn, complete: what is stored with it is decided here and nowhere else."""

    turn_id: UUID
    conversation_id: UUID
    question_id: UUID | None
    worker_id: str
    end: TurnEnd
    text: str
    attempts: tuple[AttemptRecord, ...]
    last_page: Page | None
    answer_model: str | None
    memory_limit: int | None
    empty_answer: str = ""

    @property
    def answer(self) -> str:
        """The message that the answer becomes: mostly the text as it was shown."""
        details = self.end.details if isinstance(self.end, TurnCompleted) else None
        return (details.text if details else None) or self.text or self.empty_answer

    @property
    def status(self) -> Turn.Status:
        match self.end:
            case TurnCompleted():
                return Turn.Status.COMPLETED
            case TurnStopped():
                return Turn.Status.STOPPED
            case TurnFailed(fault="interrupted"):
                return Turn.Status.INTERRUPTED
            case TurnFailed():
                return Turn.Status.FAILED

    @property
    def message_id(self) -> UUID | None:
        """The id of the message that the answer becomes; None when it becomes none."""
        match self.end:
            case TurnCompleted(message_id=message_id) | TurnStopped(message_id=str(message_id)):
                return UUID(message_id)
            case _:
                return None
