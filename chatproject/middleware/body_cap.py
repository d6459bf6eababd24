"""The largest body that is accepted (C-1.6)."""

from collections.abc import Awaitable, Callable

from asgiref.sync import markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api.errors import BodyTooLarge
from api.problems import problem_response
from chatproject.asgi_types import App, Message, Receive, Scope, Send

_FLAG = "body_too_large"


class BodyCap:
    """Stops reading a body by its announced length, or as soon as more than that has arrived.

    The application sees an empty body, and `RefuseLargeBody` answers.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = _limit(scope)
        scope[_FLAG] = _announced_length(scope) > limit
        received, cut = 0, False

        async def counted() -> Message:
            nonlocal received, cut
            if cut:
                return await _departure(receive)
            if not scope[_FLAG]:
                message = await receive()
                received += len(message.get("body", b""))
                scope[_FLAG] = received > limit
                if not scope[_FLAG]:
                    return message
            cut = True
            return {"type": "http.request", "body": b"", "more_body": False}

        await self._app(scope, counted, send)


class RefuseLargeBody:
    """Answers 413 inside Django, so that the answer has the headers of every other."""

    sync_capable = False
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        self._get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        scope: Scope = request.scope  # type: ignore[attr-defined]
        if not scope.get(_FLAG):
            return await self._get_response(request)
        response = problem_response(request, BodyTooLarge(_limit(scope)))
        # The rest of the body is not read: the connection cannot be used again.
        response["Connection"] = "close"
        return response


async def _departure(receive: Receive) -> Message:
    """The client leaving: what still comes of the body must not be taken for anything else."""
    while (message := await receive())["type"] != "http.disconnect":
        pass
    return message


def _limit(scope: Scope) -> int:
    """In bytes: pages have forms, and no attachments."""
    limit: int = settings.MAX_BODY_BYTES if scope["is_api"] else settings.MAX_PAGE_BODY_BYTES
    return limit


def _announced_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
