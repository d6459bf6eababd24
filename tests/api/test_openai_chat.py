"""`POST /v1/chat/completions`: what reaches the provider, and what comes back (O-2, O-3)."""

from base64 import b64encode
from typing import Any

import pytest

from tests.api.accounts import execute
from tests.api.openai import (
    CALLED,
    CALLING,
    CALLING_WHOLE,
    CHAT,
    TRANSLATED,
    WEATHER,
    chat,
    chunks_of,
    openai_error_in,
    said,
    text_in,
    v1_server,
)
from tests.api.talking import OLLAMA_WIRE, OPENAI_WIRE, announced, asked_of
from tests.client import Databases, Server, Upstream

PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)
TABLES = ("conversations_conversation", "conversations_message", "conversations_turn")


BAD_BODIES: list[tuple[Any, str | None]] = [
    (b"not json", None),
    (b"[]", None),
    (b'{"messages": [{"role": "user", "content": "\\ud800"}]}', None),
    (b'{"messages": ' + b"[" * 5000 + b"]" * 5000 + b"}", None),
    (b"{}", "messages"),
    (b'{"messages": null}', "messages"),
    (b'{"messages": "Hello"}', "messages"),
    (b'{"messages": []}', "messages"),
    (b'{"messages": ["Hello"]}', "messages"),
    (b'{"messages": [{"content": "Hello"}]}', "messages"),
    (b'{"messages": [{"role": 7}]}', "messages"),
    (b'{"messages": [{"role": "user"}], "model": 7}', "model"),
    (b'{"messages": [{"role": "user"}], "stream": "yes"}', "stream"),
]


@pytest.mark.parametrize(("body", "param"), BAD_BODIES)
def test_a_body_of_the_wrong_form_is_refused(v1: Server, body: bytes, param: str | None) -> None:
    error = openai_error_in(v1.post(CHAT, content=body), 400, "invalid_request_error")
    assert (error["param"], error["code"]) == (param, None)


def test_a_body_that_is_too_large_is_refused_in_openais_form(v1: Server) -> None:
    openai_error_in(announced(v1, CHAT, 2**40), 413, "invalid_request_error")


def test_every_field_reaches_an_openai_like_provider_as_it_was_sent(
    v1: Server, upstream: Upstream
) -> None:
    """O-3.2"""
    image = {"type": "image_url", "image_url": {"url": "https://example.org/a.png", "odd": 1}}
    message = {"role": "user", "content": [{"type": "text", "text": "Hello"}, image], "name": "Jo"}
    fields = {
        "messages": [*said("Be brief", role="developer"), message],
        "temperature": 0.30000000000000004,
        "tools": [{"type": "function", "function": WEATHER, "odd": None}],
        "stop": "end",
        "logit_bias": {"50256": -100},
        "unknown": {"deep": [{"er": None}], "large": 2**70},
    }
    v1.post(CHAT, json={"model": "scripted-large", **fields}).raise_for_status()
    assert asked_of(upstream, OPENAI_WIRE) == {"model": "scripted-large", **fields}


@pytest.mark.parametrize("model", [None, "", "scripted-small", "openai-compatible/scripted-small"])
def test_the_model_is_routed(v1: Server, upstream: Upstream, model: str | None) -> None:
    """O-3.1"""
    chat(v1, model=model).raise_for_status()
    assert asked_of(upstream, OPENAI_WIRE)["model"] == "scripted-small"


def test_a_whole_answer_comes_back_with_all_its_fields(v1: Server, upstream: Upstream) -> None:
    """O-3.3"""
    upstream.script(CALLING_WHOLE)
    assert chat(v1).json() == CALLING_WHOLE["body"]


def test_a_stream_comes_back_chunk_by_chunk_as_it_is(v1: Server, upstream: Upstream) -> None:
    """O-3.3, O-3.5"""
    odd = '{"id":"c1", "choices":[{"index":0,"delta":{"content":"A"},"odd":1e2}], "odd": null}'
    end = '{"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'
    upstream.script({"raw": f"data: {odd}\n\ndata: {end}\n\ndata: [DONE]\n\n"})
    answer = chat(v1, stream=True)
    assert answer.text == f"data: {odd}\n\ndata: {end}\n\ndata: [DONE]\n\n"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert "X-Turn-ID" not in answer.headers


def test_a_provider_that_does_not_stream_is_streamed_all_the_same(
    v1: Server, upstream: Upstream
) -> None:
    upstream.script(CALLING_WHOLE)
    chunks = chunks_of(chat(v1, stream=True))
    calls = [call for c in chunks for call in c["choices"][0]["delta"].get("tool_calls", ())]
    assert calls == [{"index": 0, **CALLED}]
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_a_provider_that_only_streams_gives_a_whole_answer_all_the_same(
    v1: Server, upstream: Upstream
) -> None:
    chunks = "".join(step["raw"] for step in CALLING)
    upstream.script({"status": 200, "body": chunks, "headers": {"X-Kind": "stream"}})
    body = chat(v1).json()
    assert body["object"] == "chat.completion"
    assert body["choices"][0]["message"]["tool_calls"] == [CALLED]


@pytest.mark.parametrize("model", [TRANSLATED, "demo/demo"])
def test_an_answer_of_another_provider_is_translated(v1: Server, model: str) -> None:
    """O-3.4"""
    body = chat(v1, model=model).json()
    choice = body["choices"][0]
    assert body["object"] == "chat.completion"
    assert (body["model"], choice["index"]) == (model.partition("/")[2], 0)
    assert choice["message"]["role"] == "assistant"
    assert "Hello" in choice["message"]["content"]
    assert choice["finish_reason"] == "stop"
    assert body["usage"]["total_tokens"] > 1


@pytest.mark.parametrize("model", [TRANSLATED, "demo/demo", "scripted-small"])
def test_a_stream_has_a_role_a_reason_and_what_was_used(v1: Server, model: str) -> None:
    """O-3.5"""
    wanted = {"include_usage": True}
    chunks = chunks_of(chat(v1, model=model, stream=True, stream_options=wanted))
    *spoken, counted = chunks
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert spoken[0]["choices"][0]["delta"]["role"] == "assistant"
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in spoken]
    assert [reason for reason in reasons if reason] == ["stop"]
    assert "Hello" in text_in(chunks)
    assert (counted["choices"], counted["usage"]["total_tokens"] > 1) == ([], True)


def test_without_being_asked_a_translated_stream_counts_nothing(v1: Server) -> None:
    assert all(chunk["choices"] for chunk in chunks_of(chat(v1, model=TRANSLATED, stream=True)))


def test_a_translated_question_keeps_its_roles_pictures_and_limits(
    v1: Server, upstream: Upstream
) -> None:
    """O-3.4"""
    url = f"data:image/png;base64,{b64encode(PNG).decode()}"
    parts = [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": url}}]
    messages = [*said("Be brief", role="developer"), {"role": "user", "content": parts}]
    limits = {"max_completion_tokens": 9, "temperature": 0.5, "top_p": 0.9, "stop": "end"}
    v1.post(CHAT, json={"model": TRANSLATED, "messages": messages, "user": "u", **limits})
    body = asked_of(upstream, OLLAMA_WIRE)
    assert body["messages"][0] == {"role": "system", "content": "Be brief"}
    shown = {"role": "user", "content": "Look", "images": [b64encode(PNG).decode()]}
    assert body["messages"][1] == shown
    passed = {name: body["options"][name] for name in ("temperature", "top_p", "stop")}
    assert passed == {"temperature": 0.5, "top_p": 0.9, "stop": ["end"]}
    assert body["options"]["num_predict"] == 9
    assert not {"user", "max_completion_tokens"} & body["options"].keys()


def test_tools_are_translated_both_ways(v1: Server, upstream: Upstream) -> None:
    line = '{"message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"weather"'
    line += ',"arguments":{"city":"Qom"}}}]},"done":true,"done_reason":"stop"}\n'
    upstream.script({"raw": line})
    calling = {"role": "assistant", "content": None, "tool_calls": [CALLED]}
    called = {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}
    body = {"model": TRANSLATED, "messages": [*said("Weather?"), calling, called]}
    tools = [{"type": "function", "function": WEATHER}]
    choice = v1.post(CHAT, json={**body, "tools": tools}).json()["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    (call,) = choice["message"]["tool_calls"]
    assert (call["function"]["name"], call["type"]) == ("weather", "function")
    assert call["function"]["arguments"] == '{"city":"Qom"}'
    asked = asked_of(upstream, OLLAMA_WIRE)
    assert asked["tools"][0]["function"]["name"] == "weather"
    assert [message["role"] for message in asked["messages"]] == ["user", "assistant", "tool"]


@pytest.mark.parametrize(
    "message",
    [
        {"role": "wizard", "content": "Hello"},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://a/b"}}]},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,x"}}]},
        {"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]},
    ],
)
def test_what_cannot_be_translated_is_refused_and_nobody_is_asked(
    v1: Server, upstream: Upstream, message: dict[str, Any]
) -> None:
    before = len(upstream.requests(OLLAMA_WIRE))
    answer = v1.post(CHAT, json={"model": TRANSLATED, "messages": [message]})
    assert openai_error_in(answer, 400, "invalid_request_error")["param"] == "messages"
    assert len(upstream.requests(OLLAMA_WIRE)) == before


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("upstreams", "status", "kind", "code"),
    [
        (400, 400, "invalid_request_error", "server_error"),
        (404, 404, "invalid_request_error", "server_error"),
        (422, 422, "invalid_request_error", "server_error"),
        (429, 429, "rate_limit_error", "server_error"),
        (401, 502, "api_error", None),
        (500, 502, "api_error", None),
    ],
)
def test_a_fault_before_the_first_chunk_has_a_status(
    v1: Server,
    upstream: Upstream,
    stream: bool,
    upstreams: int,
    status: int,
    kind: str,
    code: str | None,
) -> None:
    """O-2, O-3.6"""
    upstream.script({"status": upstreams}, match="Fault")
    error = openai_error_in(chat(v1, "Fault", stream=stream), status, kind)
    assert "The script says so." in error["message"]
    assert error["code"] == code


@pytest.mark.parametrize("model", ["scripted-small", TRANSLATED])
def test_a_fault_in_the_middle_ends_the_stream_without_its_end(
    v1: Server, upstream: Upstream, model: str
) -> None:
    """O-3.6"""
    upstream.script({"text": "half "}, {"error": "overloaded"}, match="Fault")
    answer = chat(v1, "Fault", model=model, stream=True)
    assert answer.status_code == 200
    lines = answer.text.split("\n\n")
    assert "half " in lines[0] + lines[1]
    assert lines[-2].startswith('data: {"error":{"message":"')
    assert "overloaded" in lines[-2]
    assert '"type":"api_error"' in lines[-2]
    assert "[DONE]" not in answer.text


def test_a_default_provider_that_is_not_configured_is_a_503(databases: Databases) -> None:
    with v1_server(databases, None, {"DEFAULT_PROVIDER": "openai"}) as server:
        error = openai_error_in(chat(server), 503, "api_error")
        assert error["code"] == "provider_not_available"
        assert "OPENAI_API_KEY" in error["message"]
        assert server.get("/v1/models").json()["data"] == []


def test_nothing_is_kept(v1: Server) -> None:
    """O-3.7"""
    before = [execute(v1, f"SELECT count(*) FROM {table}") for table in TABLES]
    chat(v1).raise_for_status()
    chunks_of(chat(v1, stream=True))
    assert [execute(v1, f"SELECT count(*) FROM {table}") for table in TABLES] == before
