"""`/ws/chat`: the ASGI application behind the handshake."""

import time
from collections.abc import MutableMapping
from typing import Any
from uuid import uuid4

import msgspec
import structlog

from accounts.errors import CallerRefused, Forbidden
from api.auth import connecting_caller
from api.problems import COMMON, Problem, ProblemTable, envelope, plain
from api.websocket.connection import Connection
from api.websocket.errors import OriginRefused, SocketFault, TooManySockets, UnknownPath
from api.websocket.handshake import refuse_foreign_origin, take_credentials_from_query
from api.websocket.sockets import SOCKETS
from api.websocket.talk import Talk
from api.websocket.wire import Receive, Send, Wire

logger = structlog.get_logger("access")

PATH = "/ws/chat"
_PROBLEMS: ProblemTable = {
    **COMMON,
    OriginRefused: plain(403, "forbidden"),
    TooManySockets: plain(429, "rate_limited"),
    UnknownPath: plain(404, "not_found"),
}

Scope = MutableMapping[str, Any]


async def chat(scope: Scope, receive: Receive, send: Send) -> None:
    """Serves one WebSocket; what is wrong with the handshake is answered in HTTP."""
    request_id = str(uuid4())
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id)
    own = dict(scope)
    started = time.perf_counter()
    status = 101
    try:
        await _serve(own, receive, send)
    except (CallerRefused, Forbidden, SocketFault) as error:
        problem = _problem(error)
        status = problem.status
        await _refuse(own, send, problem, request_id)
    finally:
        _log(own, status, time.perf_counter() - started)


async def _serve(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["path"] != PATH:
        raise UnknownPath
    refuse_foreign_origin(scope)
    take_credentials_from_query(scope)
    caller = await connecting_caller(scope)
    with SOCKETS.place_for(caller, scope):
        await receive()
        await send({"type": "websocket.accept"})
        connection = Connection(Talk(scope, caller, Wire(receive, send)))
        with SOCKETS.holding(connection):
            await connection.run()


def _problem(error: Exception) -> Problem:
    rows = (_PROBLEMS[kind] for kind in type(error).__mro__ if kind in _PROBLEMS)
    return next(rows)(error)


async def _refuse(scope: Scope, send: Send, problem: Problem, request_id: str) -> None:
    if "websocket.http.response" not in scope.get("extensions", {}):
        # The server answers 403 then.
        await send({"type": "websocket.close"})
        return
    headers = [(b"content-type", b"application/json"), (b"x-request-id", request_id.encode())]
    start = {"type": "websocket.http.response.start", "status": problem.status, "headers": headers}
    await send(start)
    body = msgspec.json.encode(envelope(problem, request_id))
    await send({"type": "websocket.http.response.body", "body": body})


def _log(scope: Scope, status: int, seconds: float) -> None:
    # The path alone: the query may hold a credential.
    logger.info(
        "websocket",
        path=scope["path"],
        status=status,
        duration_ms=round(seconds * 1000, 1),
        caller=scope.get("caller_kind"),
    )
