"""Recorded answers mean the same events wherever the network cuts them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from providers.backends.anthropic_answer import MessagesParser
from providers.backends.chat_completions import ChatCompletionsParser
from providers.backends.ollama import OllamaParser
from providers.backends.responses import ResponsesParser
from providers.errors import AnswerCut, AnswerUnreadable, ProviderRefused
from providers.events import Finished, ProviderEvent, RawChunk, ReasoningDelta, TextDelta
from providers.framing import AnswerParser, LineSplitter, Splitter, SseSplitter, WholeSplitter
from tests.providers import anthropic_recordings, recordings
from tests.providers.wire import said, sse


def refuse(error: Any) -> ProviderRefused:
    return ProviderRefused(json.dumps(error))


def chat(**fields: Any) -> ChatCompletionsParser:
    return ChatCompletionsParser(name="local", refuse=refuse, **fields)


def responses() -> ResponsesParser:
    return ResponsesParser(name="openai", refuse=refuse)


def ollama() -> OllamaParser:
    return OllamaParser(name="ollama", refuse=refuse)


def anthropic() -> MessagesParser:
    return MessagesParser(name="anthropic", refuse=refuse)


def parsed(parser: AnswerParser, splitter: Splitter, *pieces: bytes) -> list[ProviderEvent]:
    payloads = [payload for piece in pieces for payload in splitter.feed(piece)]
    events: list[ProviderEvent] = []
    for payload in [*payloads, *splitter.finish()]:
        if not parser.ended:
            events.extend(parser.feed(payload))
    return [*events, parser.finish()]


def chat_events(*payloads: Any, **fields: Any) -> list[ProviderEvent]:
    return parsed(chat(**fields), SseSplitter(), sse(*payloads))


@pytest.mark.parametrize(
    ("body", "expected", "parser", "splitter"),
    [
        (recordings.OPENAI_CHAT, recordings.OPENAI_CHAT_EVENTS, chat, SseSplitter),
        (recordings.OPENROUTER, recordings.OPENROUTER_EVENTS, chat, SseSplitter),
        (recordings.RESPONSES, recordings.RESPONSES_EVENTS, responses, SseSplitter),
        (recordings.OLLAMA, recordings.OLLAMA_EVENTS, ollama, LineSplitter),
        (anthropic_recordings.STREAM, anthropic_recordings.EVENTS, anthropic, SseSplitter),
    ],
    ids=["openai", "openrouter", "responses", "ollama", "anthropic"],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_recording_cut_at_any_offset_gives_the_same_events(
    body: bytes,
    expected: list[ProviderEvent],
    parser: Callable[[], AnswerParser],
    splitter: Callable[[], Splitter],
    end: bytes,
) -> None:
    body = body.replace(b"\n", end)
    for at in range(len(body) + 1):
        assert parsed(parser(), splitter(), body[:at], body[at:]) == expected


@pytest.mark.parametrize("at", [0, 200, 600])
def test_every_byte_of_a_recording_may_come_alone(at: int) -> None:
    body = recordings.OPENAI_CHAT
    pieces = [body[:at], *[body[n : n + 1] for n in range(at, len(body))]]
    assert parsed(chat(), SseSplitter(), *pieces) == recordings.OPENAI_CHAT_EVENTS


def test_an_unreadable_chunk_is_passed_over() -> None:
    """C-9.9"""
    events = chat_events(said("a"), "{rubbish", "[1]", {"choices": 5}, said("b", "stop"), "[DONE]")
    assert events == [TextDelta("a"), TextDelta("b"), Finished("stop", None, "chatcmpl-1")]


@pytest.mark.parametrize(
    "payloads", [[], ["[DONE]"], ["rubbish", "[DONE]"], [{"foo": 1}], [{"choices": []}, "[DONE]"]]
)
def test_a_body_with_nothing_readable_is_a_fault(payloads: list[Any]) -> None:
    with pytest.raises(AnswerUnreadable, match="local"):
        chat_events(*payloads)


def test_an_answer_without_its_end_is_cut() -> None:
    with pytest.raises(AnswerCut, match="cut"):
        chat_events(said("half "))


def test_a_finish_reason_is_an_end() -> None:
    assert chat_events(said("all", "length"))[-1] == Finished("length", None, "chatcmpl-1")


def test_the_done_mark_is_an_end_without_a_finish_reason() -> None:
    assert chat_events(said("all"), "[DONE]")[-1] == Finished(None, None, "chatcmpl-1")


def test_usage_after_the_finish_reason_is_part_of_the_one_last_event() -> None:
    usage = {"id": "z", "choices": [], "usage": {"total_tokens": 3}}
    events = chat_events(said("a", "stop"), usage, "[DONE]")
    assert events == [TextDelta("a"), Finished("stop", {"total_tokens": 3}, "z")]


def test_an_answer_may_be_empty_when_the_provider_says_that_it_is_one() -> None:
    assert chat_events(said("", "stop"), "[DONE]") == [Finished("stop", None, "chatcmpl-1")]


def test_an_error_chunk_is_a_refusal() -> None:
    with pytest.raises(ProviderRefused, match="overloaded"):
        chat_events(said("half "), {"error": {"message": "overloaded"}, "choices": []})


def test_only_the_first_choice_is_the_answer() -> None:
    second = {"choices": [{"index": 1, "delta": {"content": "no"}, "finish_reason": "stop"}]}
    assert chat_events(said("yes"), second, "[DONE]")[0] == TextDelta("yes")


def test_content_may_be_a_list_of_parts() -> None:
    delta = {"content": [{"type": "text", "text": "a"}, {"type": "image"}, {"text": "b"}]}
    chunk = {"choices": [{"delta": delta, "finish_reason": "stop"}]}
    assert chat_events(chunk)[0] == TextDelta("ab")


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_reasoning_has_two_names(field: str) -> None:
    chunk = {"choices": [{"delta": {field: "hm"}, "finish_reason": "stop"}]}
    assert chat_events(chunk)[0] == ReasoningDelta("hm")


def test_raw_chunks_are_the_bytes_that_came() -> None:
    odd = '{"agent_status": "thinking",   "unknown": 1}'
    mistyped = '{"choices": "later"}'
    events = chat_events(said("a", "stop"), odd, "rubbish", mistyped, "[DONE]", keep_raw=True)
    assert events == [
        RawChunk(json.dumps(said("a", "stop")).encode(), "a"),
        RawChunk(odd.encode()),
        RawChunk(mistyped.encode()),
        Finished("stop", None, "chatcmpl-1"),
    ]


def test_a_raw_chunk_is_on_one_line() -> None:
    body = b'data: {"choices":\ndata: [{"delta": {"content": "a"}, "finish_reason": "stop"}]}\n\n'
    chunk = parsed(chat(keep_raw=True), SseSplitter(), body)[0]
    assert isinstance(chunk, RawChunk)
    assert b"\n" not in chunk.data
    assert chunk.text == "a"


def test_a_whole_chat_answer_gives_the_same_events_as_a_stream() -> None:
    message = {"role": "assistant", "content": "Hi!", "reasoning_content": "hm"}
    answer = {"id": "c1", "choices": [{"message": message, "finish_reason": "stop"}], "usage": {}}
    events = parsed(chat(), WholeSplitter(), json.dumps(answer, indent=1).encode())
    assert events == [ReasoningDelta("hm"), TextDelta("Hi!"), Finished("stop", {}, "c1")]


def test_a_whole_responses_answer_gives_the_same_events_as_a_stream() -> None:
    content = [{"type": "output_text", "text": "Hi!"}, {"type": "refusal", "refusal": " No."}]
    output = [{"type": "reasoning"}, {"type": "message", "content": content}]
    answer = {"id": "r1", "output": output}
    events = parsed(responses(), WholeSplitter(), json.dumps(answer).encode())
    assert events == [TextDelta("Hi! No."), Finished("stop", None, "r1")]


def test_an_incomplete_response_says_why() -> None:
    last = {"id": "r1", "incomplete_details": {"reason": "max_output_tokens"}}
    delta = {"type": "response.refusal.delta", "delta": "No."}
    body = sse(delta, {"type": "response.incomplete", "response": last})
    events = parsed(responses(), SseSplitter(), body)
    assert events == [TextDelta("No."), Finished("max_output_tokens", None, "r1")]


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "code": "server_error", "message": "boom", "param": None},
        {"type": "error", "error": {"code": "server_error", "message": "boom"}},
        {"type": "response.failed", "response": {"id": "r", "error": {"message": "boom"}}},
        {"id": "r", "status": "failed", "error": {"message": "boom"}, "output": []},
    ],
)
def test_a_failed_response_is_a_refusal(event: dict[str, Any]) -> None:
    with pytest.raises(ProviderRefused, match="boom"):
        parsed(responses(), SseSplitter(), sse(event))


def test_a_response_without_its_completion_is_cut() -> None:
    with pytest.raises(AnswerCut):
        parsed(responses(), SseSplitter(), recordings.RESPONSES[:1500])


def test_a_response_of_rubbish_is_unreadable() -> None:
    with pytest.raises(AnswerUnreadable):
        parsed(responses(), SseSplitter(), sse("rubbish", "[DONE]"))


def test_an_ollama_error_line_is_a_refusal() -> None:
    with pytest.raises(ProviderRefused, match="out of memory"):
        parsed(ollama(), LineSplitter(), b'{"error": "out of memory"}\n')


def test_an_ollama_answer_without_its_done_line_is_cut() -> None:
    with pytest.raises(AnswerCut):
        parsed(ollama(), LineSplitter(), recordings.OLLAMA[:250])


def test_an_ollama_answer_of_rubbish_is_unreadable() -> None:
    with pytest.raises(AnswerUnreadable):
        parsed(ollama(), LineSplitter(), b"{rubbish\n\n[]\n")
