"""The official `openai` SDK, unmodified, against a real server."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.openai import CALL, CALLING, CALLING_WHOLE, TRANSLATED, WEATHER
from tests.client import Server, Upstream

openai = pytest.importorskip("openai")


@pytest.fixture(scope="module")
def client(guarded_v1: Server) -> Iterator[Any]:
    with _client(guarded_v1, "shared") as made:
        yield made


@pytest.mark.parametrize("model", ["scripted-small", TRANSLATED])
def test_chat_completions(client: Any, model: str) -> None:
    answer = client.chat.completions.create(model=model, messages=_asked("Hello"))
    assert answer.choices[0].message.content == "Echo: Hello"
    assert answer.usage.total_tokens > 1


@pytest.mark.parametrize("model", ["scripted-small", TRANSLATED])
def test_streamed_chat_completions(client: Any, model: str) -> None:
    with client.chat.completions.stream(model=model, messages=_asked("Hello")) as stream:
        answer = stream.get_final_completion()
    assert answer.choices[0].message.content == "Echo: Hello"
    assert answer.choices[0].finish_reason == "stop"


def test_tools(client: Any, upstream: Upstream) -> None:
    tools = [{"type": "function", "function": WEATHER}]
    asked = {"model": "scripted-small", "messages": _asked("Weather?"), "tools": tools}
    upstream.script(CALLING_WHOLE)
    (call,) = client.chat.completions.create(**asked).choices[0].message.tool_calls
    assert (call.id, call.function.model_dump()) == ("call_1", CALL)
    upstream.script(*CALLING)
    with client.chat.completions.stream(**asked) as stream:
        (call,) = stream.get_final_completion().choices[0].message.tool_calls
    assert (call.function.name, call.function.arguments) == tuple(CALL.values())


def test_responses_and_what_continues_them(client: Any, upstream: Upstream) -> None:
    first = client.responses.create(model="scripted-small", input="One")
    assert first.output_text == "Echo: One"
    with client.responses.stream(
        model="scripted-small", input="Two", previous_response_id=first.id
    ) as stream:
        kinds = [event.type for event in stream]
        second = stream.get_final_response()
    assert second.output_text == "Echo: Two"
    assert kinds.count("response.completed") == 1
    asked = upstream.requests("/chat/completions")[-1]["body"]["messages"]
    assert [message["content"] for message in asked] == ["One", "Echo: One", "Two"]
    assert client.responses.retrieve(second.id).output_text == "Echo: Two"
    client.responses.delete(second.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(second.id)


def test_responses_with_tools(client: Any, upstream: Upstream) -> None:
    upstream.script(*CALLING)
    tools = [{"type": "function", **WEATHER}]
    asked = {"model": "scripted-small", "input": "Weather?", "tools": tools}
    with client.responses.stream(**asked) as stream:
        first = stream.get_final_response()
    (call,) = first.output
    assert (call.call_id, call.name, call.arguments) == ("call_1", *CALL.values())
    output = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
    second = client.responses.create(input=[output], previous_response_id=first.id, model="")
    assert second.status == "completed"


def test_models(client: Any) -> None:
    names = [model.id for model in client.models.list()]
    assert {"scripted-small", "scripted:latest"} <= set(names)
    assert client.models.retrieve("scripted-small").owned_by == "openai-compatible"


def test_embeddings(client: Any) -> None:
    for model in ("scripted-small", TRANSLATED):
        made = client.embeddings.create(model=model, input=["a b", "c"])
        assert [entry.embedding for entry in made.data] == [[3.0, 2.0], [1.0, 1.0]]


def test_each_kind_of_error_is_raised_as_what_it_is(
    client: Any, guarded_v1: Server, upstream: Upstream
) -> None:
    with pytest.raises(openai.BadRequestError) as bad:
        client.chat.completions.create(model="scripted-small", messages=[])
    assert (bad.value.param, bad.value.type) == ("messages", "invalid_request_error")
    with pytest.raises(openai.NotFoundError) as unknown:
        client.models.retrieve("unknown")
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError) as previous:
        client.responses.create(model="", input="Hello", previous_response_id="resp_1")
    assert previous.value.code == "previous_response_not_found"
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model="demo/demo", input="Hello")
    upstream.script({"status": 429}, match="Often")
    with pytest.raises(openai.RateLimitError):
        client.chat.completions.create(model="scripted-small", messages=_asked("Often"))
    upstream.script({"text": "half "}, {"error": "overloaded"}, match="Fault")
    with pytest.raises(openai.APIError, match="overloaded"):
        for _ in client.chat.completions.create(
            model="scripted-small", messages=_asked("Fault"), stream=True
        ):
            pass
    with _client(guarded_v1, "wrong") as stranger, pytest.raises(openai.AuthenticationError):
        stranger.models.list()


def _asked(prompt: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": prompt}]


def _client(server: Server, key: str) -> Any:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=key, max_retries=0)
