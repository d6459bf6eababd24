"""The largest body that is accepted (C-1.6)."""

from typing import Any

import msgspec

from api.errors import BodyTooLarge
from api.problems import COMMON, envelope
from chatproject.asgi_types import App, Message, Receive, Scope, Send


class BodyCap:
    """Refuses a body by its announced length, or as soon as more than that has arrived."""

    def __init__(self, app: App, *, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _announced_length(scope) > self._limit:
            await self._refuse(scope, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                raise BodyTooLarge(self._limit)
            return message

        try:
            await self._app(scope, counted, send)
        except BodyTooLarge:
            # Bodies are read before anything is answered.
            await self._refuse(scope, send)

    async def _refuse(self, scope: Scope, send: Send) -> None:
        error = BodyTooLarge(self._limit)
        problem = COMMON[BodyTooLarge](error)
        body = msgspec.json.encode(envelope(problem, scope["request_id"]))
        headers: list[Any] = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            # The rest of the body is not read: the connection cannot be used again.
            (b"connection", b"close"),
        ]
        start = {"type": "http.response.start", "status": problem.status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": body})


def _announced_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
