"""Tools that models may call, in the words of each provider."""

from typing import Any

import pytest

from providers.backends import chat_request, ollama, responses
from providers.backends.anthropic import Anthropic
from providers.backends.demo import Demo
from providers.backends.gemini import Gemini
from providers.backends.mcp import Mcp
from providers.backends.ollama import Ollama
from providers.backends.openai import OpenAI
from providers.backends.openai_compatible import OpenAICompatible
from providers.backends.openrouter import OpenRouter
from providers.base import Provider
from providers.types import ChatMessage, Continuation, ProviderRequest, ToolCall, ToolSpec

SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}}}
LOOK = ToolSpec("look", "Look.", SCHEMA)
FUNCTION = {"name": "look", "description": "Look.", "parameters": SCHEMA}
MESSAGES = (
    ChatMessage("user", "Look"),
    ChatMessage("assistant", "", tool_calls=(ToolCall("c1", "look", '{"q":"x"}'),)),
    ChatMessage("tool", "A tree", tool_call_id="c1"),
)
THEIRS = {"type": "web_search"}


def asked(**options: Any) -> ProviderRequest:
    return ProviderRequest("m", MESSAGES, options, tools=(LOOK,))


def test_chat_completions_get_functions_and_calls() -> None:
    body = chat_request.request_body(asked(tool_choice="auto"))
    assert body["tools"] == [{"type": "function", "function": FUNCTION}]
    assert body["tool_choice"] == "auto"
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"q":"x"}'}}
    assert body["messages"] == [
        {"role": "user", "content": "Look"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "A tree", "tool_call_id": "c1"},
    ]


def test_the_responses_api_gets_calls_as_items() -> None:
    body = responses.request_body(asked(), Continuation(None, ()))
    assert body["tools"] == [{"type": "function", **FUNCTION}]
    assert body["input"] == [
        {"role": "user", "content": "Look"},
        {"type": "function_call", "call_id": "c1", "name": "look", "arguments": '{"q":"x"}'},
        {"type": "function_call_output", "call_id": "c1", "output": "A tree"},
    ]


def test_ollama_gets_arguments_as_values_and_the_tools_name() -> None:
    body = ollama.request_body(asked())
    assert body["tools"] == [{"type": "function", "function": FUNCTION}]
    call = {"function": {"name": "look", "arguments": {"q": "x"}}}
    assert body["messages"][1:] == [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "A tree", "tool_name": "look"},
    ]


def test_tools_that_the_caller_brings_stay() -> None:
    request = asked(tools=[THEIRS])
    bodies = [
        chat_request.request_body(request),
        responses.request_body(request, Continuation(None, ())),
        ollama.request_body(request),
    ]
    assert [body["tools"][0] for body in bodies] == [THEIRS] * 3
    assert [len(body["tools"]) for body in bodies] == [2] * 3


def test_without_tools_there_is_no_field_for_them() -> None:
    request = ProviderRequest("m", MESSAGES[:1])
    assert "tools" not in chat_request.request_body(request)
    assert "tools" not in ollama.request_body(request)
    assert "tools" not in responses.request_body(request, Continuation(None, ()))


def test_messages_as_sent_stand_in_for_ours() -> None:
    sent = ({"role": "user", "content": [{"type": "new"}], "extra_content": {"a": 1}},)
    body = chat_request.request_body(ProviderRequest("m", MESSAGES, as_sent=sent))
    assert body["messages"] == [*sent]


@pytest.mark.parametrize(
    ("provider", "images", "files", "tools"),
    [
        (OpenAI, True, True, True),
        (OpenAICompatible, True, True, True),
        (OpenRouter, True, True, True),
        (Ollama, True, False, True),
        (Anthropic, True, True, True),
        (Gemini, True, False, True),
        (Mcp, False, False, False),
        (Demo, True, True, False),
    ],
)
def test_each_provider_says_what_it_takes(
    provider: type[Provider], images: bool, files: bool, tools: bool
) -> None:
    can = provider.capabilities
    assert (can.images, can.files, can.tools) == (images, files, tools)
