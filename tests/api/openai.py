"""Short ways to talk to `/v1` in a test, and to tell what came back."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from tests.client import Databases, Server, Upstream
from tests.conftest import QUICK, UNLIMITED
from tests.sse import parse

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
TRANSLATED = "ollama/scripted:latest"
WEATHER = {
    "name": "weather",
    "description": "What the weather is like",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
CALL = {"name": "weather", "arguments": '{"city": "Qom"}'}


@contextmanager
def v1_server(
    databases: Databases, upstream: Upstream | None, env: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """A server on SQLite, for the tests of one module."""
    url = databases.new("sqlite")
    server = Server.start(url, {**UNLIMITED, **QUICK, **(env or {})}, upstream)
    try:
        yield server
    finally:
        server.stop()


def said(*texts: str, role: str = "user") -> list[dict[str, str]]:
    return [{"role": role, "content": text} for text in texts]


def chat(server: Server, prompt: str = "Hello", **fields: Any) -> httpx.Response:
    return server.post(CHAT, json={"messages": said(prompt), **fields})


def respond(server: Server, prompt: Any = "Hello", **fields: Any) -> httpx.Response:
    return server.post(RESPONSES, json={"input": prompt, **fields})


def chunks_of(answer: httpx.Response) -> list[dict[str, Any]]:
    """The chunks of a whole stream, which ends as one."""
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    *chunks, last = [event.data for event in parse(answer.content)]
    assert last == "[DONE]"
    return [json.loads(chunk) for chunk in chunks]


def events_of(answer: httpx.Response) -> list[dict[str, Any]]:
    """The events of a response, each under the name that its data has."""
    assert answer.status_code == 200, answer.text
    events = parse(answer.content)
    found = [json.loads(event.data) for event in events]
    assert [event.event for event in events] == [event["type"] for event in found]
    return found


def text_in(chunks: list[dict[str, Any]]) -> str:
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def output_text(response: dict[str, Any]) -> str:
    return "".join(
        part["text"]
        for item in response["output"]
        if item["type"] == "message"
        for part in item["content"]
    )


def openai_error_in(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """The `error` object, when the answer is this error in the form of O-2."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Request-ID"]
    body: dict[str, Any] = answer.json()
    assert body.keys() == {"error"}
    error: dict[str, Any] = body["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["type"] == kind
    assert error["message"]
    return error


def call_chunk(piece: dict[str, Any] | None, **choice: Any) -> dict[str, str]:
    """A step of the upstream: a chunk with a piece of a call of a tool, or with none."""
    delta = {"tool_calls": [{"index": 0, **piece}]} if piece is not None else {}
    base = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    chunk = {**base, "choices": [{"index": 0, "delta": delta, **choice}]}
    return {"raw": f"data: {json.dumps(chunk)}\n\n"}


CALLING = (
    call_chunk({"id": "call_1", "type": "function", "function": {**CALL, "arguments": '{"city"'}}),
    call_chunk({"function": {"arguments": ': "Qom"}'}}),
    call_chunk(None, finish_reason="tool_calls"),
    {"raw": "data: [DONE]\n\n"},
)
"""An answer that is a call of `WEATHER`, streamed."""
CALLED = {"id": "call_1", "type": "function", "function": CALL}
CALLING_WHOLE = {
    "status": 200,
    "body": {
        "id": "c1",
        "object": "chat.completion",
        "model": "scripted-small",
        "system_fingerprint": "fp_1",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": None, "tool_calls": [CALLED]},
                "finish_reason": "tool_calls",
            }
        ],
    },
}
"""The same at once."""
