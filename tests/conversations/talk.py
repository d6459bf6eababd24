"""A conversation in which turns are opened and ended by hand, each in a moment."""

from dataclasses import dataclass, field
from itertools import count
from uuid import UUID

from accounts.callers import ANONYMOUS
from conversations.ids import new_id
from conversations.models import Conversation, Message
from conversations.services import history_of
from conversations.turns import recorder
from conversations.turns.admission import Opened, open_turn
from conversations.turns.closing import Closing
from conversations.turns.events import TurnCompleted, TurnEnd, TurnFailed
from conversations.turns.request import Linear, Question, TurnRequest
from conversations.versions import choose
from providers.types import Ask


@dataclass
class Talk:
    """Answers are `A1`, `A2`, … in the order in which they are given."""

    row: Conversation = field(
        default_factory=lambda: Conversation.objects.create(workspace="anonymous", surface="test")
    )
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def ask(self, text: str, *, instead_of: str | None = None) -> None:
        self.answer(self.begin(text, instead_of=instead_of))

    def again(self, text: str) -> None:
        self.answer(self.begin(None, instead_of=text))

    def begin(self, text: str | None, *, instead_of: str | None = None) -> Opened:
        old = self.id(instead_of) if instead_of else None
        history = Linear("test", self.row.id, instead_of=old)
        question = Question(text) if text else None
        request = TurnRequest(ANONYMOUS, history, (Ask("first", "m", "default"),), question)
        opened = open_turn(request, turn_id=new_id(), worker_id="me")
        assert isinstance(opened, Opened)
        return opened

    def answer(self, opened: Opened) -> None:
        self.end(opened, TurnCompleted(str(new_id())), f"A{next(self.numbers)}")

    def fail(self, opened: Opened) -> None:
        self.end(opened, TurnFailed("unavailable", "nobody there"), "")

    def end(self, opened: Opened, end: TurnEnd, text: str) -> None:
        closing = Closing(
            turn_id=opened.turn_id,
            conversation_id=opened.conversation_id,
            question_id=opened.question_id,
            worker_id="me",
            end=end,
            text=text,
            attempts=(),
            last_page=None,
            answer_model=None,
            memory_limit=self.row.memory_limit,
            replaces=opened.replaces,
        )
        assert recorder.finish(closing) is recorder.Outcome.STORED

    def choose(self, text: str) -> None:
        choose(self.row, self.id(text))

    def id(self, text: str) -> UUID:
        return Message.objects.get(conversation=self.row, content=text).id

    @property
    def said(self) -> str:
        """The history, and whether it is counted well."""
        self.row.refresh_from_db()
        on_path = Message.objects.filter(conversation=self.row, superseded_at=None)
        assert self.row.message_count == on_path.count()
        return " ".join(message.content for message in history_of(self.row.id))
