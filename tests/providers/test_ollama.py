"""What Ollama is asked, what it says back, and whether it is there."""

import json
import logging

import pytest

from providers.backends.ollama import Ollama, request_body
from providers.checks import probe
from providers.errors import AnswerUnreadable, ProviderRefused
from providers.events import Finished, TextDelta
from tests.providers import recordings
from tests.providers.asking import events_of, events_until_fault, question
from tests.providers.conftest import Opened, StartWire
from tests.providers.wire import Break, head, sized

STREAM = head(media="application/x-ndjson")


def ollama(url: str, *, debug: bool = False) -> Ollama:
    return Ollama(name="ollama", base_url=url, model="gpt-oss:20b", debug=debug)


async def test_an_answer_comes_line_by_line(wire: StartWire, opened: Opened) -> None:
    server = await wire([STREAM + recordings.OLLAMA])
    assert await events_of(opened(ollama(server.url))) == recordings.OLLAMA_EVENTS
    assert server.heard[0].path == "/api/chat"
    asked = [{"role": "user", "content": "Hello"}]
    assert server.heard[0].json == {"stream": True, "model": "small", "messages": asked}


def test_fields_of_the_call_stay_on_top_and_parameters_go_below() -> None:
    options = {"temperature": 0.2, "think": True, "keep_alive": "5m", "format": "json"}
    options |= {"options": {"seed": 1}, "stop": ["x"], "model": "no", "messages": []}
    body = request_body(question(options=options))
    assert body["options"] == {"temperature": 0.2, "stop": ["x"], "seed": 1}
    assert (body["think"], body["keep_alive"], body["format"]) == (True, "5m", "json")
    assert (body["model"], len(body["messages"])) == ("small", 1)


def test_a_limit_of_tokens_has_another_name() -> None:
    """O-3.4"""
    body = request_body(question(options={"max_tokens": 7}))
    assert body["options"]["num_predict"] == 7


async def test_an_answer_that_is_not_streamed_is_read_alike(
    wire: StartWire, opened: Opened
) -> None:
    answer = {"message": {"role": "assistant", "content": "Hi!"}, "done": True, "eval_count": 2}
    server = await wire([sized(json.dumps(answer, indent=1).encode())])
    events = await events_of(opened(ollama(server.url)), question(options={"stream": False}))
    usage = {"prompt_tokens": 0, "completion_tokens": 2, "total_tokens": 2}
    assert events == [TextDelta("Hi!"), Finished("stop", usage)]


async def test_a_missing_model_is_a_refusal_in_its_words(wire: StartWire, opened: Opened) -> None:
    server = await wire([sized(b'{"error": "model \'x\' not found"}', "404 Not Found")])
    _, fault = await events_until_fault(opened(ollama(server.url)))
    assert str(fault) == "ollama answered 404: model 'x' not found"


async def test_an_error_line_in_the_middle_keeps_what_came_before(
    wire: StartWire, opened: Opened
) -> None:
    line = b'{"message": {"content": "half "}, "done": false}\n{"error": "runner crashed"}\n'
    server = await wire([STREAM + line])
    events, fault = await events_until_fault(opened(ollama(server.url)))
    assert events == [TextDelta("half ")]
    assert (type(fault), "runner crashed" in str(fault)) == (ProviderRefused, True)


async def test_its_models_are_its_tags(wire: StartWire, opened: Opened) -> None:
    server = await wire([sized(b'{"models": [{"name": "gpt-oss:20b", "size": 1}, {}]}')])
    models = await opened(ollama(server.url)).models()
    assert [(model.id, model.fields["size"]) for model in models] == [("gpt-oss:20b", 1)]
    assert server.heard[0].path == "/api/tags"


async def test_tags_that_cannot_be_read_are_a_fault(wire: StartWire, opened: Opened) -> None:
    server = await wire([sized(b"[]")])
    with pytest.raises(AnswerUnreadable):
        await opened(ollama(server.url)).models()


@pytest.mark.parametrize("debug", [True, False])
async def test_raw_lines_are_logged_only_when_asked_for(
    wire: StartWire, opened: Opened, caplog: pytest.LogCaptureFixture, debug: bool
) -> None:
    server = await wire([STREAM + recordings.OLLAMA])
    with caplog.at_level(logging.DEBUG, logger="providers.backends.ollama"):
        await events_of(opened(ollama(server.url, debug=debug)))
    logged = [record for record in caplog.records if record.name == "providers.backends.ollama"]
    assert len(logged) == (5 if debug else 0)


@pytest.mark.parametrize(
    ("status", "health"), [("200 OK", "connected"), ("500 No", "error"), ("201 Odd", "error")]
)
async def test_a_server_that_answers_is_connected_or_in_error(
    wire: StartWire, status: str, health: str
) -> None:
    """C-6.3"""
    server = await wire([sized(b'{"models": []}', status)])
    assert await probe(server.url) == health
    assert server.heard[0].path == "/api/tags"


async def test_a_server_that_is_silent_or_gone_is_disconnected(wire: StartWire) -> None:
    server = await wire([Break.HOLD])
    assert await probe(server.url, timeout=0.1) == "disconnected"
    await server.stop()
    assert await probe(server.url) == "disconnected"
