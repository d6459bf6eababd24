"""A turn's events in the form of V-3."""

from typing import Any, assert_never

import msgspec

from api.sse import id_line
from conversations.turns.events import (
    NOTHING_SAID,
    AttemptStarted,
    Queued,
    TextReset,
    ToolEnded,
    ToolStarted,
    TurnCompleted,
    TurnFailed,
    TurnStarted,
    TurnStopped,
)
from conversations.turns.log import Entry
from providers.events import Progress, RawChunk, ReasoningDelta, TextDelta, ToolCallDelta

_json = msgspec.json.Encoder()


class ConversationEncoder:
    """One `data:` line per event; browsers keep the `id:` and send it when they reconnect."""

    def __init__(self, turn_hex: str) -> None:
        self._turn_hex = turn_hex

    def encode(self, entry: Entry) -> bytes:
        match entry.event:
            case TextDelta(text=text) | RawChunk(text=text):
                return self._event(entry, {"content": text}) if text else b""
            case TurnStarted() | AttemptStarted() | ReasoningDelta() | ToolCallDelta():
                return b""
            case Queued() | Progress() | ToolStarted() | ToolEnded():
                return b""
            case TextReset():
                # Only follows a broken turn, whose end says so in this form.
                return b""
            case TurnCompleted(message_id=message_id):
                return self._event(entry, {"done": True, "message_id": message_id})
            case TurnStopped(message_id=None):
                return self._event(entry, {"error": NOTHING_SAID})
            case TurnStopped(message_id=message_id):
                done = {"done": True, "message_id": message_id, "stopped": True}
                return self._event(entry, done)
            case TurnFailed(message=message):
                return self._event(entry, {"error": message})
            case _ as never:
                assert_never(never)

    def _event(self, entry: Entry, data: dict[str, Any]) -> bytes:
        return b"%bdata: %b\n\n" % (self._place(entry).encode(), _json.encode(data))

    def _place(self, entry: Entry) -> str:
        return id_line(self._turn_hex, entry.seq, entry.offset)
