"""One open WebSocket, as the ASGI interface has it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from api.websocket.encoder import Frame

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# Close codes: of the server's end (RFC 6455's registry), of a bad credential, and of a flood.
ENDING = 1012
REFUSED = 4401
FLOODED = 1008
IDLE = 4408
RECONNECT = "This server is about to end: connect again"

_encode = msgspec.json.Encoder().encode


class Wire:
    """Sends frames for as long as somebody is there; a client that does not read is waited for."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self.is_open = True

    async def receive(self) -> str | bytes | None:
        """The next frame; None when the client has left."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self.is_open = False
            return None
        text: str | bytes | None = message.get("text")
        return message.get("bytes") or b"" if text is None else text

    async def send(self, frame: Frame) -> None:
        await self._put({"type": "websocket.send", "text": _encode(frame).decode()})

    async def close(self, code: int, reason: str = "") -> None:
        """May be called by several at once, and after the client has left."""
        if self.is_open:
            closing = {"type": "websocket.close", "code": code, "reason": reason}
            await self._put(closing, is_last=True)

    async def _put(self, message: Message, *, is_last: bool = False) -> None:
        if not self.is_open:
            return
        self.is_open = not is_last
        try:
            await self._send(message)
        except (OSError, RuntimeError):
            # The client has left, or another task has closed, while this one waited to send.
            self.is_open = False
