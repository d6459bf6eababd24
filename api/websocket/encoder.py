"""A turn's events as the frames of a reply (W-3)."""

from collections.abc import Iterable, Iterator
from typing import Any, assert_never
from uuid import UUID

from api.notes import note_of
from conversations.turns.events import (
    AttemptStarted,
    Queued,
    TextReset,
    ToolEnded,
    ToolStarted,
    TurnCompleted,
    TurnEnd,
    TurnFailed,
    TurnStarted,
    TurnStopped,
)
from conversations.turns.log import Cursor, Entry
from providers.events import Progress, RawChunk, ReasoningDelta, TextDelta, ToolCallDelta

Frame = dict[str, Any]


class FrameEncoder:
    """The text of events that come together is one delta.

    With `events` each frame says of which turn it is, and the cursor to go on from.
    """

    def __init__(self, turn_id: UUID, *, events: bool) -> None:
        self._turn_id = turn_id
        self._events = events
        self._pieces: list[str] = []

    def encode(self, entries: Iterable[Entry]) -> Iterator[Frame]:
        last: Entry | None = None
        for entry in entries:
            match entry.event:
                case TextDelta(text=text) | RawChunk(text=text):
                    self._pieces.append(text)
                case TurnStarted() | AttemptStarted() | ReasoningDelta() | ToolCallDelta():
                    pass
                case Queued() | Progress() | ToolStarted() | ToolEnded():
                    if self._events:
                        yield self._placed(note_of(entry.event), entry)
                case TextReset(text=text):
                    if self._events:
                        yield self._placed({"type": "reset", "text": text}, entry)
                case TurnCompleted() | TurnStopped() | TurnFailed():
                    if last is not None:
                        yield from self._delta(last)
                    yield self._end(entry, entry.event)
                case _ as never:
                    assert_never(never)
            last = entry
        if last is not None:
            yield from self._delta(last)

    def _delta(self, last: Entry) -> Iterator[Frame]:
        text, self._pieces = "".join(self._pieces), []
        if text:
            yield self._placed({"type": "delta", "text": text}, last)

    def _end(self, entry: Entry, end: TurnEnd) -> Frame:
        match end:
            case TurnCompleted():
                return self._placed({"type": "done"}, entry)
            case TurnStopped():
                return self._placed({"type": "done", "stopped": True}, entry)
            case TurnFailed(message=message):
                return self._placed({"type": "error", "error": message}, entry)

    def _placed(self, frame: Frame, entry: Entry) -> Frame:
        if self._events:
            cursor = Cursor(self._turn_id, entry.seq, entry.offset)
            frame |= {"turn_id": str(self._turn_id), "cursor": str(cursor)}
        return frame
