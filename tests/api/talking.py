"""Short ways to talk to the API in a test, and to tell what came back."""

from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection
from types import MappingProxyType
from typing import Any

import httpx

from tests.client import Server, Upstream

NOBODY = "00000000-0000-4000-8000-000000000000"
OPENAI_WIRE, OLLAMA_WIRE = "/v1/chat/completions", "/api/chat"


def new_session(server: Server, **fields: Any) -> str:
    """The path of a session made just now."""
    return f"/sessions/{server.post('/sessions', json=fields).json()['id']}"


def reply_to(server: Server, session: str, content: str = "Hello", **fields: Any) -> dict[str, Any]:
    """The body of a good answer to a message."""
    answer = said(server, session, content, **fields)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def said(server: Server, session: str, content: str = "Hello", **fields: Any) -> httpx.Response:
    """The answer to a message."""
    return server.post(f"{session}/messages", json={"content": content, **fields})


def asked_of(upstream: Upstream, wire: str) -> dict[str, Any]:
    """The body of the last call on this wire."""
    body: dict[str, Any] = upstream.requests(wire)[-1]["body"]
    return body


def announced(
    server: Server, path: str, length: int, headers: Mapping[str, str] = MappingProxyType({})
) -> httpx.Response:
    """The answer to a body of which nothing but the length is sent."""
    # Not httpx, which sends what it announces.
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=10)) as line:
        line.request("POST", path, headers={**headers, "Content-Length": str(length)})
        answer = line.getresponse()
        return httpx.Response(answer.status, headers=answer.getheaders(), content=answer.read())


def is_refused(answer: httpx.Response) -> bool:
    """A client error in the envelope, whichever."""
    code = answer.json()["error"]["code"]
    problem_in(answer, answer.status_code, code)
    return 400 <= answer.status_code < 500


def problem_in(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The `error` object, when the answer is this error in the form of C-3.1 and C-2.3."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    body: dict[str, Any] = answer.json()
    error: dict[str, Any] = body["error"]
    assert body.keys() == {"error", "detail", "request_id"}
    assert error["code"] == code
    assert isinstance(error["message"], str)
    assert error["message"]
    assert body["detail"] == error["message"]
    assert isinstance(error.get("details", {}), dict)
    assert body["request_id"] == answer.headers["X-Request-ID"]
    return error
