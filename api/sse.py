"""Event streams: a turn's events, encoded by a dialect, as the body of a response."""

import asyncio
from typing import Protocol, Self

from django.http import HttpRequest, StreamingHttpResponse

from conversations.turns.events import is_end
from conversations.turns.log import Cursor, Entry, Follower
from conversations.turns.service import Turn

# Proxies close silent connections: C-10.2 promises a sign of life every 15 s, T-5 every 10 s.
HEARTBEAT_SECONDS = 10.0
# Without an empty line behind it: some clients take that for an event without data.
COMMENT = b": waiting\n"
_RECONNECT = b": this server is about to end; reconnect\n"


class Encoder(Protocol):
    """Turns events into a dialect's bytes; must not raise."""

    def encode(self, entry: Entry) -> bytes: ...


class EventBody:
    """The bytes of a stream: everything that is new since the last read, in one piece.

    An object with `close()`, not a generator: when the client leaves while a write waits, a
    generator would be cleaned up only by the garbage collector.
    """

    def __init__(self, follower: Follower, encoder: Encoder, heartbeat: bytes) -> None:
        self._follower = follower
        self._encoder = encoder
        self._heartbeat = heartbeat
        self._ended = False
        self._clock = asyncio.get_running_loop().time
        self._spoke_at = self._clock()
        self._timer = asyncio.get_running_loop().call_later(HEARTBEAT_SECONDS, self._look)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while not self._ended:
            entries = await self._follower.read()
            if not entries:
                self._ended = self._follower.log.is_detached
                return _RECONNECT if self._ended else self._heartbeat
            self._spoke_at = self._clock()
            self._ended = is_end(entries[-1].event)
            if data := b"".join(map(self._encoder.encode, entries)):
                return data
        raise StopAsyncIteration

    def close(self) -> None:
        """The client has left, or has everything; the turn goes on without it."""
        self._timer.cancel()
        self._follower.close()

    def _look(self) -> None:
        # One timer for the whole stream: one for each read would cost as much as the read.
        if self._clock() - self._spoke_at >= HEARTBEAT_SECONDS:
            self._spoke_at = self._clock()
            self._follower.wake()
        rest = self._spoke_at + HEARTBEAT_SECONDS - self._clock()
        self._timer = asyncio.get_running_loop().call_later(rest, self._look)


def sse_response(
    turn: Turn, follower: Follower, encoder: Encoder, *, heartbeat: bytes = COMMENT
) -> StreamingHttpResponse:
    """200, and the turn's events as they come; in a silence the heartbeat, again and again."""
    response = StreamingHttpResponse(
        EventBody(follower, encoder, heartbeat), content_type="text/event-stream; charset=utf-8"
    )
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    response["X-Turn-ID"] = str(turn.id)
    return response


def last_event_id(request: HttpRequest) -> str | None:
    """What a reconnecting EventSource says it has seen."""
    return request.headers.get("Last-Event-ID", "").strip() or None


def id_line(turn_hex: str, seq: int, offset: int) -> str:
    """The line of a `Cursor`, without making one for each event."""
    return f"id: {turn_hex}.{seq}.{offset}\n"


def cursor_in(value: str | None) -> Cursor | None:
    """The cursor in a header or query value; None when there is none that was written here."""
    return Cursor.parse(value) if value else None
