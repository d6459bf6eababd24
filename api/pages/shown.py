"""What the templates are given: messages, answers on their way, and what became of a turn."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.safestring import SafeString, mark_safe

from api.pages.words import Trouble, outcome, trouble
from api.rendering import render
from conversations.browsing import Window, turns_of_answers
from conversations.models import Attempt, Message, Turn
from conversations.services import attempts_of
from conversations.turns.pages import stored_text


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody said, as plain text."""

    id: UUID
    text: str
    at: dt.datetime
    files: tuple[str, ...]
    is_unanswered: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """`id` is None while nothing is stored, `turn_id` where no turn gave it.

    `state` is `ready`, `pending`, `stopped` or `trouble`.
    """

    state: str
    id: UUID | None
    turn_id: UUID | None
    text: str
    at: dt.datetime
    model: str = ""
    provider: str = ""
    trouble: Trouble | None = None

    @property
    def html(self) -> SafeString:
        """Safe; rendered when it is asked for, which takes its time for a long text."""
        source = self.id or self.turn_id
        # The renderer's output is sanitised: it is the one HTML that no template escapes.
        return mark_safe(render(self.text, namespace=source.hex[-12:] if source else ""))

    @property
    def began_ms(self) -> int:
        return round(self.at.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Facts:
    """Who was asked for an answer, and how that went; `seconds` until it was over."""

    turn: Turn
    attempts: list["AttemptShown"]
    usage: dict[str, Any]
    seconds: float | None

    @property
    def status(self) -> str:
        return outcome(self.turn.status)


@dataclass(frozen=True, slots=True)
class AttemptShown:
    """Both times are in seconds since the attempt began."""

    row: Attempt
    first_text: float | None
    whole: float

    @property
    def outcome(self) -> str:
        return outcome(self.row.outcome)


def shown_window(window: Window, latest: Turn | None) -> list[Question | Answer]:
    """The messages and, at the end of the conversation, what became of its latest turn."""
    turns = turns_of_answers(window.messages)
    shown = [_shown(message, turns.get(message.id)) for message in window.messages]
    if latest is not None and not window.has_later and latest.answer_id is None:
        return [*shown, *_ending(window, latest)]
    return shown


def question_shown(message: Message) -> Question:
    return Question(
        id=message.id,
        text=message.content,
        at=message.created_at,
        files=tuple(file.filename for file in message.attachments.all()),
        is_unanswered=message.status == Message.Status.ERROR,
    )


def answer_shown(message: Message, turn: Turn | None) -> Answer:
    is_stopped = turn is not None and turn.status == Turn.Status.STOPPED
    return Answer(
        state="stopped" if is_stopped else "ready",
        id=message.id,
        turn_id=turn.id if turn else None,
        text=message.content,
        at=message.created_at,
        model=(turn.model if turn else message.model) or "",
        provider=turn.provider if turn else "",
    )


def turn_shown(turn: Turn) -> Answer:
    """One that has no stored answer, or not yet."""
    if turn.finished_at is None:
        state, text = "pending", ""
    else:
        state = "stopped" if turn.status == Turn.Status.STOPPED else "trouble"
        text = turn.text or stored_text(turn.id)
    return Answer(
        state=state,
        id=None,
        turn_id=turn.id,
        text=text,
        at=turn.created_at,
        model=turn.model,
        provider=turn.provider,
        trouble=trouble(turn.fault, turn.error) if state == "trouble" else None,
    )


def facts_of(turn: Turn) -> Facts:
    ended = turn.finished_at
    return Facts(
        turn=turn,
        attempts=[_attempt_shown(row) for row in attempts_of(turn)],
        usage=turn.usage or {},
        seconds=(ended - turn.created_at).total_seconds() if ended else None,
    )


def _shown(message: Message, turn: Turn | None) -> Question | Answer:
    if message.role == "assistant":
        return answer_shown(message, turn)
    return question_shown(message)


def _ending(window: Window, latest: Turn) -> list[Question | Answer]:
    is_answered = bool(window.messages) and window.messages[-1].role == "assistant"
    return [] if is_answered and latest.finished_at is not None else [turn_shown(latest)]


def _attempt_shown(row: Attempt) -> AttemptShown:
    first = row.first_text_at
    return AttemptShown(
        row=row,
        first_text=(first - row.started_at).total_seconds() if first else None,
        whole=(row.finished_at - row.started_at).total_seconds(),
    )
