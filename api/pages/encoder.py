"""A turn's events for our own page: finished HTML, block by block."""

from collections.abc import Iterable
from typing import Any, assert_never

import msgspec

from api.notes import note_of
from api.rendering import BlockRenderer, Rendered, Words
from api.sse import id_line
from conversations.turns.events import (
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


class BlockEncoder:
    """Blocks replace each other by their index, so that one may be sent twice.

    It has to be fed from the turn's start; blocks up to event `seen` are not sent again.
    """

    def __init__(self, turn_hex: str, *, seen: int = 0, words: Words | None = None) -> None:
        self._turn_hex = turn_hex
        self._seen = seen
        self._words = words or Words()
        self._begin()

    def encode(self, entry: Entry) -> bytes:
        match entry.event:
            case TextDelta(text=text) | RawChunk(text=text):
                return self._piece(entry, text) if text else b""
            case TurnStarted():
                return self._event(entry, "status", {"status": "waiting"})
            case AttemptStarted(provider=provider, model=model):
                asked = {"status": "waiting", "provider": provider, "model": model}
                return self._event(entry, "status", asked)
            case ReasoningDelta():
                return self._thinking(entry)
            case ToolCallDelta():
                return b""
            case Queued() | Progress() | ToolStarted() | ToolEnded():
                return self._event(entry, "note", note_of(entry.event))
            case TextReset(text=text):
                self._begin()
                return self._event(entry, "restart", {}) + self._piece(entry, text)
            case TurnCompleted():
                return self._end(entry, "completed")
            case TurnStopped():
                return self._end(entry, "stopped")
            case TurnFailed():
                return self._end(entry, "failed")
            case _ as never:
                assert_never(never)

    def _begin(self) -> None:
        self._renderer = BlockRenderer(namespace=self._turn_hex[-12:], words=self._words)
        self._is_thinking = False
        self._length = 0

    def _piece(self, entry: Entry, text: str) -> bytes:
        self._length += len(text)
        blocks = self._renderer.feed(text)
        if entry.seq <= self._seen:
            return b""
        growing = self._renderer.open_block()
        return self._blocks(entry, [*blocks, growing] if growing else blocks)

    def _thinking(self, entry: Entry) -> bytes:
        if self._is_thinking or self._length:
            return b""
        self._is_thinking = True
        return self._event(entry, "status", {"status": "thinking"})

    def _end(self, entry: Entry, status: str) -> bytes:
        last = self._blocks(entry, self._renderer.finish())
        return last + self._event(entry, "done", {"status": status})

    def _blocks(self, entry: Entry, blocks: Iterable[Rendered]) -> bytes:
        shown = [{"index": b.index, "html": b.html, "final": b.is_final} for b in blocks]
        if not shown:
            return b""
        return self._event(entry, "blocks", {"blocks": shown, "characters": self._length})

    def _event(self, entry: Entry, name: str, data: dict[str, Any]) -> bytes:
        place = id_line(self._turn_hex, entry.seq, entry.offset)
        return b"%bevent: %b\ndata: %b\n\n" % (place.encode(), name.encode(), _json.encode(data))
