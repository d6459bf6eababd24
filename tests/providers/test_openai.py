"""What OpenAI and its like are asked, and what they say back."""

from typing import Any

import pytest

from providers.backends.chat_request import request_body
from providers.backends.openai import OpenAI
from providers.backends.openrouter import OpenRouter
from providers.errors import AnswerUnreadable, PreviousAnswerUnknown, ProviderRefused
from providers.events import Finished, TextDelta
from providers.types import ChatMessage, ProviderRequest
from tests.providers import recordings
from tests.providers.asking import (
    KEY,
    chained,
    compatible,
    events_of,
    events_until_fault,
    question,
)
from tests.providers.conftest import Opened, StartWire
from tests.providers.wire import head, said, sized, sse

HELLO = [{"role": "user", "content": "Hello"}]


def openai(url: str) -> OpenAI:
    return OpenAI(name="openai", base_url=url, api_key=KEY, model="gpt-4o-mini")


def test_the_messages_go_out_oldest_first() -> None:
    messages = (ChatMessage("system", "s"), ChatMessage("user", "u"), ChatMessage("assistant", "a"))
    assert request_body(ProviderRequest("m", messages)) == {
        "stream": True,
        "stream_options": {"include_usage": True},
        "model": "m",
        "messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": "u"},
            {"role": "assistant", "content": "a"},
        ],
    }


def test_options_go_out_as_they_are() -> None:
    """S-4.3"""
    options = {"temperature": 0.2, "unknown": {"a": [None]}, "stream_options": {"x": 1}}
    body = request_body(question(options=options))
    assert {key: body[key] for key in options} == options


def test_options_do_not_replace_the_question() -> None:
    body = request_body(question(options={"model": "other", "messages": []}))
    assert (body["model"], body["messages"]) == ("small", HELLO)


def test_an_answer_that_is_not_streamed_has_no_stream_options() -> None:
    body = request_body(question(options={"stream": False}))
    assert body == {"stream": False, "model": "small", "messages": HELLO}


async def test_a_whole_answer_is_read_like_a_stream(wire: StartWire, opened: Opened) -> None:
    body = b'{"id": "c", "choices": [{"message": {"content": "Hi!"}, "finish_reason": "stop"}]}'
    server = await wire([sized(body, media="application/json; charset=utf-8")])
    events = await events_of(opened(compatible(server.url)), question(options={"stream": False}))
    assert events == [TextDelta("Hi!"), Finished("stop", None, "c")]


async def test_without_a_key_none_is_sent(wire: StartWire, opened: Opened) -> None:
    server = await wire([head() + recordings.OPENAI_CHAT])
    provider = OpenAI(name="local", base_url=server.url)
    await events_of(opened(provider))
    assert server.heard[0].header("Authorization") is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"object": "list", "data": [{"id": "a", "owned_by": "x"}, {"id": "b", "name": "Bee"}]}',
        b'[{"id": "a", "owned_by": "x"}, {"id": "b", "name": "Bee"}, {"no": "id"}, 5]',
        b'{"models": [{"id": "a", "owned_by": "x", "name": null}, {"id": "b", "name": "Bee"}]}',
    ],
)
async def test_a_model_list_may_have_any_usual_shape(
    wire: StartWire, opened: Opened, body: bytes
) -> None:
    server = await wire([sized(body)])
    models = await opened(compatible(server.url)).models()
    assert [(model.id, model.name) for model in models] == [("a", "a"), ("b", "Bee")]
    assert models[0].fields["owned_by"] == "x"
    assert server.heard[0].path == "/models"


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"data": "none"}', b"5"])
async def test_a_model_list_that_is_none_is_a_fault(
    wire: StartWire, opened: Opened, body: bytes
) -> None:
    server = await wire([sized(body)])
    with pytest.raises(AnswerUnreadable, match="model list"):
        await opened(compatible(server.url)).models()


async def test_the_first_model_is_the_default_and_is_looked_up_once(
    wire: StartWire, opened: Opened
) -> None:
    server = await wire([sized(b'{"data": [{"id": "first"}, {"id": "second"}]}')])
    provider = opened(compatible(server.url))
    assert [await provider.default_model() for _ in range(3)] == ["first"] * 3
    assert len(server.heard) == 1


async def test_a_server_without_a_list_has_a_default_model_all_the_same(
    wire: StartWire, opened: Opened
) -> None:
    server = await wire([sized(b"{}", "404 Not Found")])
    assert await opened(compatible(server.url)).default_model() == "default"


async def test_a_given_model_is_the_default(opened: Opened) -> None:
    provider = opened(compatible("http://127.0.0.1:9", model="mine"))
    assert await provider.default_model() == "mine"


async def test_openrouter_hears_who_asks(wire: StartWire, opened: Opened) -> None:
    """C-9.7, V-6"""
    server = await wire([head() + recordings.OPENROUTER])
    provider = OpenRouter(
        name="openrouter",
        base_url=f"{server.url}/api/v1",
        api_key=KEY,
        model="openrouter/auto",
        app_url="http://localhost:8001",
        app_title="گفتگو Chat",
    )
    assert await events_of(opened(provider)) == recordings.OPENROUTER_EVENTS
    heard = server.heard[0]
    assert heard.path == "/api/v1/chat/completions"
    assert heard.header("Authorization") == f"Bearer {KEY}"
    assert heard.header("HTTP-Referer") == "http://localhost:8001"
    assert heard.header("X-Title") == "گفتگو Chat"
    assert heard.json["stream"] is True


async def test_an_error_in_the_middle_keeps_what_came_before(
    wire: StartWire, opened: Opened
) -> None:
    choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
    fault = {"code": 502, "message": "Provider disconnected"}
    error = {"id": "gen", "error": fault, "choices": [choice]}
    server = await wire([head() + b": OPENROUTER PROCESSING\n\n" + sse(said("half "), error)])
    events, raised = await events_until_fault(opened(compatible(server.url)))
    assert events == [TextDelta("half ")]
    assert (type(raised), raised.code) == (ProviderRefused, "502")
    assert "Provider disconnected" in str(raised)


async def test_a_question_without_a_chain_goes_to_chat_completions(
    wire: StartWire, opened: Opened
) -> None:
    server = await wire([head() + recordings.OPENAI_CHAT])
    await events_of(opened(openai(server.url)))
    assert server.heard[0].path == "/chat/completions"


async def test_a_chain_begins_with_all_that_was_said(wire: StartWire, opened: Opened) -> None:
    server = await wire([head() + recordings.RESPONSES])
    events = await events_of(opened(openai(server.url)), chained(None))
    asked = [{"role": "user", "content": "the whole story"}]
    assert server.heard[0].json == {"stream": True, "model": "small", "input": asked}
    assert events[-1].answer_id == "resp_67c"


async def test_a_chain_goes_on_with_only_what_is_new(wire: StartWire, opened: Opened) -> None:
    """B-4.2"""
    server = await wire([head() + recordings.RESPONSES])
    await events_of(opened(openai(server.url)), chained("resp_1", "and then?"))
    asked = [{"role": "user", "content": "and then?"}]
    body = {"stream": True, "model": "small", "input": asked, "previous_response_id": "resp_1"}
    assert server.heard[0].json == body


UNKNOWN: dict[str, Any] = {
    "message": "Previous response with id 'resp_1' not found.",
    "type": "invalid_request_error",
    "param": "previous_response_id",
    "code": "previous_response_not_found",
}


@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize(
    "error",
    [
        UNKNOWN,
        UNKNOWN | {"code": None},
        {"message": "No.", "code": "previous_response_not_found"},
        {"message": "Invalid `previous_response_id`.", "code": "invalid_request_error"},
    ],
)
async def test_a_refused_chain_says_that_the_previous_answer_is_unknown(
    wire: StartWire, opened: Opened, error: dict[str, Any], status: int
) -> None:
    body = sse({"error": error}).removeprefix(b"data: ")
    server = await wire([sized(body, f"{status} No")])
    _, fault = await events_until_fault(opened(openai(server.url)), chained("resp_1", "so?"))
    assert (type(fault), fault.status) == (PreviousAnswerUnknown, status)


async def test_an_error_event_may_say_so_too(wire: StartWire, opened: Opened) -> None:
    server = await wire([head() + sse(UNKNOWN | {"type": "error", "sequence_number": 0})])
    _, fault = await events_until_fault(opened(openai(server.url)), chained("resp_1", "so?"))
    assert (type(fault), fault.code) == (PreviousAnswerUnknown, UNKNOWN["code"])


async def test_another_refusal_of_a_chain_stays_a_refusal(wire: StartWire, opened: Opened) -> None:
    server = await wire([sized(b'{"error": {"message": "Model not found"}}', "404 Not Found")])
    _, fault = await events_until_fault(opened(openai(server.url)), chained("resp_1", "so?"))
    assert type(fault) is ProviderRefused


async def test_a_whole_answer_of_a_chain_is_read_like_a_stream(
    wire: StartWire, opened: Opened
) -> None:
    body = b'{"id": "r", "status": "completed", "error": null, "output": [{"type": "message",'
    body += b'"content": [{"type": "output_text", "text": "Hi!"}]}], "usage": {"input_tokens": 1}}'
    server = await wire([sized(body)])
    events = await events_of(opened(openai(server.url)), chained(None, "so?"))
    assert events == [TextDelta("Hi!"), Finished("stop", {"prompt_tokens": 1}, "r")]
