"""What every provider keeps to, whatever it speaks."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

import pytest

from providers.backends.anthropic import Anthropic
from providers.backends.demo import Demo
from providers.backends.gemini import Gemini
from providers.backends.mcp import Mcp
from providers.backends.ollama import Ollama
from providers.backends.openai import OpenAI
from providers.backends.openai_compatible import OpenAICompatible
from providers.backends.openrouter import OpenRouter
from providers.backends.scripted import Scripted
from providers.base import Provider
from providers.events import Finished, RawChunk, TextDelta
from providers.types import ProviderRequest
from tests.mcp_server import McpWorld
from tests.providers import anthropic_recordings, recordings
from tests.providers.asking import KEY, PATIENT, chained, events_of, question, text_of
from tests.providers.conftest import Opened, StartWire
from tests.providers.wire import head, sized

MODELS = sized(b'{"data": [{"id": "small", "name": "Small", "context_length": 8}]}')
TAGS = sized(b'{"models": [{"name": "small", "size": 1}]}')
Built = Callable[[StartWire, bytes | None], Awaitable[Provider]]


async def openai_compatible(wire: StartWire, answer: bytes | None) -> Provider:
    server = await wire([answer or head() + recordings.OPENAI_CHAT])
    return OpenAICompatible(name="local", base_url=server.url, api_key=KEY)


async def openai(wire: StartWire, answer: bytes | None) -> Provider:
    server = await wire([answer or head() + recordings.OPENAI_CHAT])
    return OpenAI(name="openai", base_url=server.url, api_key=KEY, model="small")


async def openrouter(wire: StartWire, answer: bytes | None) -> Provider:
    server = await wire([answer or head() + recordings.OPENROUTER])
    return OpenRouter(
        name="openrouter",
        base_url=server.url,
        api_key=KEY,
        model="small",
        app_url="http://localhost:8001",
        app_title="Parley",
    )


async def ollama(wire: StartWire, answer: bytes | None) -> Provider:
    if answer is not None:
        answer = TAGS
    server = await wire([answer or head(media="application/x-ndjson") + recordings.OLLAMA])
    return Ollama(name="ollama", base_url=server.url, model="small")


async def anthropic(wire: StartWire, answer: bytes | None) -> Provider:
    server = await wire([answer or head() + anthropic_recordings.STREAM])
    return Anthropic(name="anthropic", base_url=server.url, api_key=KEY, model="small")


async def gemini(wire: StartWire, answer: bytes | None) -> Provider:
    server = await wire([answer or head() + recordings.OPENAI_CHAT])
    return Gemini(name="gemini", base_url=server.url, api_key=KEY, model="small")


def mcp(world: McpWorld) -> Built:
    async def build(wire: StartWire, answer: bytes | None) -> Provider:
        return Mcp(name="mcp", url=world.url, limits=PATIENT)

    return build


async def demo(wire: StartWire, answer: bytes | None) -> Provider:
    return Demo(delay=0.0)


async def scripted(wire: StartWire, answer: bytes | None) -> Provider:
    return Scripted([[TextDelta("a"), TextDelta("b"), Finished("stop")]])


@pytest.fixture(
    params=[
        openai_compatible,
        openai,
        openrouter,
        ollama,
        anthropic,
        gemini,
        mcp,
        demo,
        scripted,
    ]
)
def built(request: Any) -> Built:
    builder: Built = request.param
    if request.param is mcp:
        builder = mcp(request.getfixturevalue("mcp_world"))
    return builder


async def test_an_answer_ends_with_its_one_finished_event(
    built: Built, wire: StartWire, opened: Opened
) -> None:
    events = await events_of(opened(await built(wire, None)))
    assert [isinstance(event, Finished) for event in events].count(True) == 1
    assert isinstance(events[-1], Finished)


async def test_text_deltas_are_never_empty(built: Built, wire: StartWire, opened: Opened) -> None:
    events = await events_of(opened(await built(wire, None)))
    assert text_of(events)
    assert all(event.text for event in events if isinstance(event, TextDelta))


async def test_an_answer_may_be_left_after_its_first_event(
    built: Built, wire: StartWire, opened: Opened
) -> None:
    events: Any = opened(await built(wire, None)).stream(question())
    async with aclosing(events):
        assert await anext(events)


async def test_raw_chunks_come_only_where_they_were_asked_for(
    built: Built, wire: StartWire, opened: Opened
) -> None:
    provider = opened(await built(wire, None))
    request: ProviderRequest = question(keep_raw=True)
    raw = [isinstance(event, RawChunk) for event in await events_of(provider, request)]
    assert any(raw) == provider.capabilities.raw


async def test_a_catalogue_has_models_with_a_name(
    built: Built, wire: StartWire, opened: Opened
) -> None:
    models = await opened(await built(wire, MODELS)).models()
    assert models
    assert all(model.id and model.name for model in models)


async def test_there_is_always_a_default_model(
    built: Built, wire: StartWire, opened: Opened
) -> None:
    assert await opened(await built(wire, MODELS)).default_model()


async def test_a_provider_can_be_closed_twice_and_used_again(
    built: Built, wire: StartWire, opened: Opened
) -> None:
    provider = opened(await built(wire, None))
    await provider.aclose()
    await provider.aclose()
    assert await events_of(provider)


async def test_chained_answers_come_from_the_responses_api(wire: StartWire, opened: Opened) -> None:
    """B-4.2"""
    server = await wire([head() + recordings.RESPONSES])
    provider = opened(OpenAI(name="openai", base_url=server.url, api_key=KEY))
    events = await events_of(provider, chained("resp_1", "and then?"))
    assert events == recordings.RESPONSES_EVENTS
    assert server.heard[0].path == "/responses"
