"""What servers that call themselves OpenAI-compatible do in their own way."""

from typing import Any

import pytest

from providers.errors import ProviderRefused
from providers.events import (
    Finished,
    ProviderEvent,
    RawChunk,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from providers.framing import SseSplitter
from tests.providers.asking import compatible, events_of, question
from tests.providers.conftest import Opened, StartWire
from tests.providers.test_wire_formats import chat, chat_events, parsed
from tests.providers.wire import head, said, sized, sse

THINKING = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
DONE = Finished("stop", None, "chatcmpl-1")


def delta(fields: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish}], **more}


def calls(*calls: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return delta({"tool_calls": list(calls)}, finish)


def call(call_id: str | None, name: str | None, arguments: Any, **more: Any) -> dict[str, Any]:
    return {"id": call_id, "function": {"name": name, "arguments": arguments}, **more}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            b'data:{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}\n\ndata:[DONE]\n\n',
            [TextDelta("a"), Finished("stop")],
            id="LiteLLM, Together: no space after the colon",
        ),
        pytest.param(
            b": keep-alive\n\n: keep-alive\n\n" + sse(said("a", "stop"), "[DONE]"),
            [TextDelta("a"), DONE],
            id="DeepSeek: comments while it waits",
        ),
        pytest.param(
            sse(said("a"), said("", "stop")),
            [TextDelta("a"), DONE],
            id="many: no [DONE]",
        ),
        pytest.param(
            sse(said("a", ""), said("b", ""), said("", "stop"), "[DONE]"),
            [TextDelta("a"), TextDelta("b"), DONE],
            id="LocalAI: an empty finish_reason until the last",
        ),
        pytest.param(
            sse(delta({"role": "assistant", "content": None}), said("a", "stop"), "[DONE]"),
            [TextDelta("a"), DONE],
            id="llama.cpp: content is null at first",
        ),
        pytest.param(
            sse(said("a"), delta({}, "stop", usage=USAGE), "[DONE]"),
            [TextDelta("a"), Finished("stop", USAGE, "chatcmpl-1")],
            id="Together, DeepSeek: usage beside the last choice",
        ),
        pytest.param(
            sse(said("a"), delta({}, "stop", x_groq={"id": "r", "usage": USAGE}), "[DONE]"),
            [TextDelta("a"), Finished("stop", USAGE, "chatcmpl-1")],
            id="Groq: usage in a field of its own",
        ),
        pytest.param(
            sse({"choices": [], "prompt_filter_results": []}, said("a", "stop"), "[DONE]"),
            [TextDelta("a"), DONE],
            id="Azure: the first chunk has no choice",
        ),
        pytest.param(
            sse(delta({"reasoning": "hm"}), said("a", "stop"), "[DONE]"),
            [ReasoningDelta("hm"), TextDelta("a"), DONE],
            id="vLLM, Groq, OpenRouter: reasoning",
        ),
        pytest.param(
            sse(delta({"reasoning_content": "hm", "content": None}), said("a", "stop"), "[DONE]"),
            [ReasoningDelta("hm"), TextDelta("a"), DONE],
            id="DeepSeek, LM Studio: reasoning_content",
        ),
        pytest.param(
            sse(
                delta({"content": [THINKING]}),
                delta({"content": [{"type": "text", "text": "a"}]}, "stop"),
            ),
            [ReasoningDelta("hm"), TextDelta("a"), Finished("stop")],
            id="Mistral: thinking is a part of the content",
        ),
        pytest.param(
            sse(delta({"refusal": "No."}, "stop"), "[DONE]"),
            [TextDelta("No."), Finished("stop")],
            id="OpenAI: a refusal in place of the content",
        ),
        pytest.param(
            sse(calls(call("1", "f", {"a": 1}, index=0), finish="tool_calls")),
            [ToolCallDelta(0, "1", "f", '{"a":1}'), Finished("tool_calls")],
            id="llama-cpp-python: arguments are no text",
        ),
        pytest.param(
            sse(calls(call("1", "f", "{}")), calls(call("2", "f", "{}"), finish="stop")),
            [
                ToolCallDelta(0, "1", "f", "{}"),
                ToolCallDelta(1, "2", "f", "{}"),
                Finished("tool_calls"),
            ],
            id="Gemini: calls without numbers, and stop for tool_calls",
        ),
        pytest.param(
            sse(calls(call("1", "f", "{"), call("2", "g", "{")), calls(call(None, None, "}"))) 
            + sse(said("", "tool_calls")),
            [
                ToolCallDelta(0, "1", "f", "{"),
                ToolCallDelta(1, "2", "g", "{"),
                ToolCallDelta(1, None, None, "}"),
                Finished("tool_calls", None, "chatcmpl-1"),
            ],
            id="Gemini: more of a call without its number",
        ),
        pytest.param(
            sse(
                calls(call("1", "f", "{}", index=0)),
                calls(call("2", "g", "{}", index=0), finish="stop"),
            ),
            [
                ToolCallDelta(0, "1", "f", "{}"),
                ToolCallDelta(1, "2", "g", "{}"),
                Finished("tool_calls"),
            ],
            id="gateways to Gemini: all calls are number 0",
        ),
        pytest.param(
            sse(
                calls(call("1", "f", "{", index=0)),
                calls(call("2", None, "}", index=0), finish="tool_calls"),
            ),
            [
                ToolCallDelta(0, "1", "f", "{"),
                ToolCallDelta(0, "2", None, "}"),
                Finished("tool_calls"),
            ],
            id="vLLM: each piece of a call has an id of its own",
        ),
    ],
)  # fmt: skip
def test_an_odd_answer_means_the_same(body: bytes, expected: list[ProviderEvent]) -> None:
    assert parsed(chat(), SseSplitter(), body) == expected


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(sse({"error": "boom"}), id="LM Studio: the error is a text"),
        pytest.param(sse([{"error": {"code": 503, "message": "boom"}}]), id="Google: in a list"),
        pytest.param(sse({"choices": [], "x_groq": {"error": "boom"}}), id="Groq: in its field"),
        pytest.param(
            b'error: {"code":400,"message":"boom","type":"invalid_request_error"}\n\n'
            b"data: [DONE]\n\n",
            id="llama.cpp until 2025: a field of the stream",
        ),
        pytest.param(
            b'event: error\ndata: {"error":{"message":"boom"}}\n\n', id="LM Studio: an event"
        ),
        pytest.param(
            sse({"error": {"code": 502, "message": "boom"}, **delta({"content": ""}, "error")}),
            id="OpenRouter: beside a choice",
        ),
    ],
)
@pytest.mark.parametrize("keep_raw", [False, True])
def test_an_error_inside_the_stream_is_a_refusal(body: bytes, keep_raw: bool) -> None:
    with pytest.raises(ProviderRefused, match="boom"):
        parsed(chat(keep_raw=keep_raw), SseSplitter(), body)


def test_a_stream_that_repeats_the_message_so_far_is_not_whole_at_once() -> None:
    """Perplexity"""
    parser = chat()
    choice = {"index": 0, "message": {"content": "a"}, "delta": {"content": "a"}}
    (text,) = parser.feed(b'{"choices": [%s]}' % _json(choice))
    assert (text, parser.complete) == (TextDelta("a"), False)


@pytest.mark.parametrize(
    ("chunk", "is_silent"),
    [
        (delta({"role": "assistant"}), True),
        (delta({"role": "assistant", "content": ""}), True),
        (delta({}, "stop"), True),
        ({"choices": [], "usage": USAGE}, True),
        (delta({"content": "a"}), False),
        (delta({"reasoning": "a"}), False),
        (delta({"refusal": "a"}), False),
        (calls(call("1", "f", "")), False),
        ({"agent_status": "thinking"}, False),
        ({"choices": [], "message_metadata": {"agent": 1}}, False),
        ({"detail": "Model is overloaded", "code": 503}, True),
    ],
)
def test_raw_chunks_say_when_they_say_nothing(chunk: dict[str, Any], is_silent: bool) -> None:
    raw = chat_events(chunk, said("a", "stop"), keep_raw=True)[0]
    assert isinstance(raw, RawChunk)
    assert raw.is_silent is is_silent


async def test_a_server_that_cannot_count_is_asked_without_counts(
    wire: StartWire, opened: Opened
) -> None:
    """Mistral"""
    detail = b'{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}'
    refused = head("422 Unprocessable Entity", "application/json", "Connection: close")
    refusal = refused + b'{"message": {"detail": [%s]}}' % detail
    answer = head() + sse(said("a", "stop"), "[DONE]")
    server = await wire([refusal], [answer], [answer])
    provider = opened(compatible(server.url))
    assert await events_of(provider) == [TextDelta("a"), DONE]
    assert await events_of(provider) == [TextDelta("a"), DONE]
    assert ["stream_options" in heard.json for heard in server.heard] == [True, False, False]


async def test_a_callers_own_field_that_is_refused_is_held_against_nobody(
    wire: StartWire, opened: Opened
) -> None:
    """Else one odd request would turn everybody's counts off."""
    refusal = head("400 Bad Request", "application/json", "Connection: close")
    refusal += b'{"error": "unknown field stream_options_x"}'
    server = await wire(*[[refusal]] * 5)
    provider = opened(compatible(server.url))
    sent = question(as_sent=({"role": "user", "content": "Hello"},))
    for request in (sent, question(options={"stream_options_x": 1}), question()):
        with pytest.raises(ProviderRefused):
            await events_of(provider, request)
    assert ["stream_options" in heard.json for heard in server.heard[-2:]] == [True, False]


async def test_counts_that_the_caller_wants_stay_refused(wire: StartWire, opened: Opened) -> None:
    server = await wire([sized(b'{"error": "no stream_options here"}', "400 Bad Request")])
    request = question(options={"stream_options": {"include_usage": True}})
    with pytest.raises(ProviderRefused):
        await events_of(opened(compatible(server.url)), request)
    assert len(server.heard) == 1


def _json(value: Any) -> bytes:
    return sse(value)[len(b"data: ") :].strip()
