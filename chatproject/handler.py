"""Django's ASGI handler, without the thread that it keeps for each request.

Django's own runs sync signal receivers and sync views, and so makes a thread per request and
keeps it for the whole of a stream. The async endpoints need none: their middleware is native,
and they reach the database through the writer (docs/decisions/0004).
"""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from io import BytesIO
from typing import IO, Any

from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch

from chatproject.asgi_types import Receive, Scope, Send


class FullHandler(ASGIHandler):
    """Django's own, for whatever head a request has."""

    def create_request(
        self, scope: Mapping[str, Any], body_file: IO[bytes]
    ) -> tuple[ASGIRequest, None] | tuple[None, HttpResponseBase]:
        try:
            return super().create_request(scope, body_file)
        except (LookupError, ValueError):
            # Django decodes a charset that the client has made up (RFC 2231).
            headers = scope["headers"]
            headers[:] = [pair for pair in headers if pair[0] != b"content-type"]
            return super().create_request(scope, body_file)

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """The match that chose the handler; without one Django says that there is none."""
        match: ResolverMatch | None = request.scope["url_match"]  # type: ignore[attr-defined]
        if match is None:
            return super().resolve_request(request)
        request.resolver_match = match
        return match


class LeanHandler(FullHandler):
    """Serves async views only, through the same middleware and URLs."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        request, refusal = self.create_request(scope, body)
        if request is None:
            assert refusal is not None
            await self.send_response(refusal, send)
            return
        await _first_of(self._answer(request, send), _disconnected(receive))

    async def read_body(self, receive: Receive) -> IO[bytes]:
        """The body in memory: the cap on its size is checked outside."""
        pieces = []
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise RequestAborted
            pieces.append(message.get("body", b""))
            if not message.get("more_body", False):
                return BytesIO(b"".join(pieces))

    async def _answer(self, request: ASGIRequest, send: Send) -> None:
        response = await self.run_get_response(request)
        try:
            if response.streaming:
                await _stream(response, send)
            else:
                await self.send_response(response, send)
        finally:
            _close(response)


async def _stream(response: HttpResponseBase, send: Send) -> None:
    """Send each piece as it comes, without the generators that Django puts around the body."""
    headers = [(name.lower().encode(), value.encode()) for name, value in response.items()]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    async for piece in response._iterator:  # type: ignore[attr-defined]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _close(response: Any) -> None:
    """Release what the body holds; `response.close()` would also call sync signal receivers."""
    for close in response._resource_closers:
        close()
    response.closed = True


async def _disconnected(receive: Receive) -> None:
    """Wait until the client has left: after the body there is no other message."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _first_of(
    answer: Coroutine[Any, Any, None], departure: Coroutine[Any, Any, None]
) -> None:
    """Run both until one is over; the answer's exception is raised."""
    answering, leaving = asyncio.create_task(answer), asyncio.create_task(departure)
    try:
        await asyncio.wait([answering, leaving], return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
        if not answering.done():
            answering.cancel()
    with suppress(asyncio.CancelledError):
        await answering
