"""A turn's events in the form of C-10.4."""

from typing import Any, assert_never

import msgspec

from api.notes import note_of
from api.sse import id_line
from conversations.turns.events import (
    AttemptStarted,
    Queued,
    TextReset,
    ToolEnded,
    ToolStarted,
    TurnCompleted,
    TurnFailed,
    TurnNote,
    TurnStarted,
    TurnStopped,
)
from conversations.turns.log import Entry
from providers.events import Progress, RawChunk, ReasoningDelta, TextDelta, ToolCallDelta

_json = msgspec.json.Encoder()


class TurnEncoder:
    """Named events with JSON data."""

    def __init__(self, turn_hex: str) -> None:
        self._turn_hex = turn_hex

    def encode(self, entry: Entry) -> bytes:
        match entry.event:
            case TextDelta(text=text) | RawChunk(text=text):
                return self._event(entry, b"delta", {"text": text}) if text else b""
            case TurnStarted():
                return self._event(entry, b"status", {"status": "running"})
            case AttemptStarted(provider=provider, model=model):
                asked = {"status": "running", "provider": provider, "model": model}
                return self._event(entry, b"status", asked)
            case ReasoningDelta() | ToolCallDelta():
                return b""
            case Queued() | Progress() | ToolStarted() | ToolEnded():
                return self._event(entry, b"status", _status_of(entry.event))
            case TextReset(text=text):
                return self._event(entry, b"reset", {"text": text})
            case TurnCompleted(finish_reason=reason, usage=usage):
                done = {"status": "completed", "finish_reason": reason, "usage": usage}
                return self._event(entry, b"done", done)
            case TurnStopped():
                return self._event(entry, b"done", {"status": "stopped"})
            case TurnFailed(fault=fault, message=message):
                return self._event(entry, b"error", {"code": fault, "message": message})
            case _ as never:
                assert_never(never)

    def _event(self, entry: Entry, name: bytes, data: dict[str, Any]) -> bytes:
        place = id_line(self._turn_hex, entry.seq, entry.offset).encode()
        return b"%bevent: %b\ndata: %b\n\n" % (place, name, _json.encode(data))


def _status_of(note: TurnNote) -> dict[str, Any]:
    status = "queued" if isinstance(note, Queued) else "running"
    return {"status": status, "note": note_of(note)}
