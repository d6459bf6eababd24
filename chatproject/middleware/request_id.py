"""Request ids and the access log: the outermost layer, so that nothing is answered without."""

import re
import time
from uuid import uuid4

import structlog

from chatproject.asgi_types import App, Message, Receive, Scope, Send
from chatproject.metrics import METRICS

logger = structlog.get_logger("access")

_VISIBLE = re.compile(rb"[\x21-\x7e]{1,128}")


class RequestLog:
    """Gives each request an id (C-2), counts it, and logs one line when its answer is over."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = scope["request_id"] = _request_id(scope)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                METRICS.count(scope, status, time.perf_counter() - started)
                headers = [*message["headers"], (b"x-request-id", request_id.encode())]
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            seconds = time.perf_counter() - started
            if not status:
                METRICS.count(scope, status, seconds)
            _log(scope, status, seconds)


def _request_id(scope: Scope) -> str:
    """The client's own where it is usable, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _VISIBLE.fullmatch(value.strip()):
            return bytes(value).strip().decode("ascii")
    return str(uuid4())


def _log(scope: Scope, status: int, seconds: float) -> None:
    logger.info(
        "request",
        method=scope["method"],
        path=scope["path"],
        status=status,
        duration_ms=round(seconds * 1000, 1),
        caller=scope.get("caller_kind"),
    )
