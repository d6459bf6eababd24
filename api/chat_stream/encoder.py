"""A turn's events in the form of B-2."""

import re
from typing import assert_never
from uuid import UUID

from api.chat_stream.serializers import response_id
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

_PLAIN = re.compile(r"[^\r\n]+")
_LINE_OR_BREAK = re.compile(r"[^\r\n]+|\r\n|\r|\n")
_BREAK = "event: delta\ndata: \ndata: \n\n"


class ChatStreamEncoder:
    """Line feeds are events of their own (B-2.4), whatever the text's line ends were (B-2.5)."""

    def __init__(self, turn_id: UUID) -> None:
        self._turn_id = turn_id
        self._turn_hex = turn_id.hex
        # A CR at the end of a delta waits: a LF may follow, and the two are one break.
        self._held = ""

    def encode(self, entry: Entry) -> bytes:
        match entry.event:
            case TextDelta(text=text) | RawChunk(text=text):
                return self._text(text, entry).encode()
            case TurnStarted() | AttemptStarted() | ReasoningDelta() | ToolCallDelta():
                return b""
            case Queued() | Progress() | ToolStarted() | ToolEnded():
                return b""
            case TextReset():
                # Only follows a broken turn, whose end says so in this form.
                return b""
            case TurnCompleted(chain_id=chain_id):
                return self._end(entry, "done", response_id(self._turn_id, chain_id))
            case TurnStopped(message_id=None):
                return self._end(entry, "error", f"Stream error: {NOTHING_SAID}")
            case TurnStopped():
                return self._end(entry, "done", response_id(self._turn_id, ""))
            case TurnFailed(message=message):
                return self._end(entry, "error", f"Stream error: {' '.join(message.split())}")
            case _ as never:
                assert_never(never)

    def _text(self, text: str, entry: Entry) -> str:
        if not self._held and _PLAIN.fullmatch(text):
            place = id_line(self._turn_hex, entry.seq, entry.offset)
            return f"{place}event: delta\ndata: {text}\n\n"
        return self._lines(self._held + text, entry)

    def _lines(self, text: str, entry: Entry) -> str:
        self._held = "\r" if text.endswith("\r") else ""
        start = entry.offset - len(text)
        return "".join(
            self._piece(match, start, entry)
            for match in _LINE_OR_BREAK.finditer(text.removesuffix("\r"))
        )

    def _piece(self, match: re.Match[str], start: int, entry: Entry) -> str:
        offset = start + match.end()
        seq = entry.seq if offset == entry.offset else entry.seq - 1
        place = id_line(self._turn_hex, seq, offset)
        piece = match[0]
        return place + (_BREAK if piece[0] in "\r\n" else f"event: delta\ndata: {piece}\n\n")

    def _end(self, entry: Entry, name: str, data: str) -> bytes:
        held = id_line(self._turn_hex, entry.seq - 1, entry.offset) + _BREAK
        place = id_line(self._turn_hex, entry.seq, entry.offset)
        end = f"{place}event: {name}\ndata: {data}\n\n"
        return (held + end if self._held else end).encode()
