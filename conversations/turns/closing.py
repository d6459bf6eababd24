"""The end of a turn, as a value: what is stored with it."""

from dataclasses import dataclass
from uuid import UUID

from accounts.billing import Bill
from accounts.usage import Charge
from conversations.models import Turn
from conversations.turns.events import TurnCompleted, TurnEnd, TurnFailed, TurnStopped
from conversations.turns.pages import Page
from conversations.turns.tools import ToolUsed
from providers.resilience.steps import Left


@dataclass(frozen=True, slots=True)
class Closing:
    """The end of a turn, complete: what is stored with it is decided here and nowhere else."""

    turn_id: UUID
    conversation_id: UUID
    question_id: UUID | None
    worker_id: str
    end: TurnEnd
    text: str
    attempts: tuple[Left, ...]
    last_page: Page | None
    answer_model: str | None
    memory_limit: int | None
    empty_answer: str = ""
    tools_used: tuple[ToolUsed, ...] = ()
    replaces: UUID | None = None
    charges: tuple[Charge, ...] = ()
    is_reserved: bool = False

    @property
    def answer(self) -> str:
        """The message that the answer becomes: mostly the text as it was shown."""
        details = self.end.details if isinstance(self.end, TurnCompleted) else None
        return (details.text if details else None) or self.text or self.empty_answer

    @property
    def bill(self) -> Bill:
        return Bill(self.charges, self.turn_id if self.is_reserved else None)

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
