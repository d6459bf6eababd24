"""What the templates are given: messages, answers on their way, and what became of a turn."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.safestring import SafeString, mark_safe

from api.pages.files import file_url
from api.pages.phrases import answer_words
from api.pages.words import Trouble, outcome, trouble
from api.rendering import render
from conversations.access import question_of
from conversations.browsing import Window, answer_of, turns_of_answers
from conversations.files import IMAGES
from conversations.models import Attempt, Message, Turn
from conversations.services import attempts_of
from conversations.turns.pages import stored_text
from conversations.versions import Versions, versions_among


@dataclass(frozen=True, slots=True)
class FileShown:
    id: UUID
    name: str
    size_bytes: int
    is_image: bool

    @property
    def url(self) -> str:
        return file_url(str(self.id))


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody said, as plain text."""

    id: UUID
    text: str
    at: dt.datetime
    files: tuple[FileShown, ...]
    is_unanswered: bool
    versions: Versions | None = None

    @property
    def print(self) -> str:
        """What is the same where it looks the same."""
        return f"{self.id}.{self.versions}.{self.is_unanswered}.{len(self.text)}"


@dataclass(frozen=True, slots=True)
class Answer:
    """`id` is None while nothing is stored, `turn_id` where no turn gave it.

    `state` is `ready`, `pending`, `stopped` or `trouble`. `again` is the message of which there can
    be another version, or that can still be answered.
    """

    state: str
    id: UUID | None
    turn_id: UUID | None
    text: str
    at: dt.datetime
    model: str = ""
    provider: str = ""
    trouble: Trouble | None = None
    files: tuple[FileShown, ...] = ()
    versions: Versions | None = None
    again: UUID | None = None

    @property
    def html(self) -> SafeString:
        """Safe; rendered when it is asked for, which takes its time for a long text."""
        source = self.id or self.turn_id
        # The renderer's output is sanitised: it is the one HTML that no template escapes.
        namespace = source.hex[-12:] if source else ""
        return mark_safe(render(self.text, namespace=namespace, words=answer_words()))

    @property
    def source_path(self) -> str:
        """Where its Markdown is to be had."""
        return f"/ui/messages/{self.id}/source" if self.id else f"/ui/turns/{self.turn_id}/source"

    @property
    def began_ms(self) -> int:
        return round(self.at.timestamp() * 1000)

    @property
    def print(self) -> str:
        """What is the same where all around the text looks the same."""
        return f"{self.id or self.turn_id}.{self.versions}.{self.state}"


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

    @property
    def tools(self) -> list[dict[str, str]]:
        return [{**used, "outcome": outcome(used["outcome"])} for used in self.turn.tools_used]

    @property
    def trouble(self) -> Trouble | None:
        return trouble(self.turn.fault, self.turn.error) if self.turn.fault else None


@dataclass(frozen=True, slots=True)
class AttemptShown:
    """Both times are in seconds since the attempt began."""

    row: Attempt
    first_text: float | None
    whole: float

    @property
    def outcome(self) -> str:
        return outcome(self.row.outcome)


def shown_window(window: Window, ending: Turn | None) -> list[Question | Answer]:
    """The messages and, at the end of the conversation, what becomes of its latest turn."""
    messages, is_end = window.messages, not (window.has_later or window.is_aside)
    ending = ending if is_end else None
    if ending is not None and ending.replaces is not None and ending.finished_at is None:
        messages = [message for message in messages if message.id < ending.replaces]
    turns, versions = turns_of_answers(messages), versions_among(messages)
    if ending is not None and any(turn.id == ending.id for turn in turns.values()):
        # It has ended since it was looked up.
        ending = None
    shown = [_shown(each, turns.get(each.id), versions.get(each.id)) for each in messages]
    return [*shown, turn_shown(ending)] if ending is not None else shown


def begun_items(turn: Turn) -> list[Question | Answer]:
    """The question, where the turn began with it, and the answer, if it is there already."""
    question = question_of(turn.id) if turn.replaces is None else None
    asked = [_shown(question, None, _versions_of(question))] if question is not None else []
    return [*asked, outcome_shown(turn)]


def outcome_shown(turn: Turn) -> Question | Answer:
    """The answer, or what became of the turn without one, or what is on its way."""
    message = answer_of(turn)
    return _shown(message, turn, _versions_of(message)) if message else turn_shown(turn)


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
        again=turn.replaces or turn.question_id,
    )


def facts_of(turn: Turn) -> Facts:
    ended = turn.finished_at
    return Facts(
        turn=turn,
        attempts=[_attempt_shown(row) for row in attempts_of(turn)],
        usage=turn.usage or {},
        seconds=(ended - turn.created_at).total_seconds() if ended else None,
    )


def _shown(message: Message, turn: Turn | None, versions: Versions | None) -> Question | Answer:
    if message.role == "assistant":
        return _answer_shown(message, turn, versions)
    return Question(
        id=message.id,
        text=message.content,
        at=message.created_at,
        files=_files(message),
        is_unanswered=message.status == Message.Status.ERROR,
        versions=versions,
    )


def _versions_of(message: Message) -> Versions | None:
    return versions_among([message]).get(message.id)


def _answer_shown(message: Message, turn: Turn | None, versions: Versions | None) -> Answer:
    is_stopped = turn is not None and turn.status == Turn.Status.STOPPED
    return Answer(
        state="stopped" if is_stopped else "ready",
        id=message.id,
        turn_id=turn.id if turn else None,
        text=message.content,
        at=message.created_at,
        model=(turn.model if turn else message.model) or "",
        provider=turn.provider if turn else "",
        files=_files(message),
        versions=versions,
        again=message.id,
    )


def _files(message: Message) -> tuple[FileShown, ...]:
    return tuple(
        FileShown(file.id, file.filename, file.size_bytes, file.content_type in IMAGES)
        for file in message.attachments.all()
    )


def _attempt_shown(row: Attempt) -> AttemptShown:
    first = row.first_text_at
    return AttemptShown(
        row=row,
        first_text=(first - row.started_at).total_seconds() if first else None,
        whole=(row.finished_at - row.started_at).total_seconds(),
    )
