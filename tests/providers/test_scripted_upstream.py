"""Anthropic and Gemini as the scripted upstream plays them."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

import pytest

from providers.backends.anthropic import Anthropic
from providers.backends.gemini import Gemini
from providers.base import Provider
from providers.errors import AnswerUnreadable, ProviderFault, ProviderRefused, ProviderUnavailable
from providers.events import Finished, ReasoningDelta, TextDelta
from tests.providers.asking import KEY, PATIENT, events_of, events_until_fault, question
from tests.providers.conftest import Opened
from tests.upstream import Upstream
from tests.upstream_wires import Json

USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
SAID: list[Json] = [{"reasoning": "hm"}, {"text": "a"}, {"text": "b"}, {"finish": "length"}]
SAID += [{"usage": USAGE}]


@pytest.fixture
async def world() -> AsyncIterator[tuple[Upstream, str]]:
    """The world, and its address."""
    scripted = Upstream()
    server = await asyncio.start_server(scripted.serve, "127.0.0.1", 0)
    yield scripted, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


def anthropic(url: str) -> Provider:
    return Anthropic(
        name="anthropic", base_url=f"{url}/anthropic", api_key=KEY, model="x", limits=PATIENT
    )


def gemini(url: str) -> Provider:
    base = f"{url}/gemini/v1beta/openai"
    return Gemini(name="gemini", base_url=base, api_key=KEY, model="x", limits=PATIENT)


@pytest.fixture(params=[anthropic, gemini])
def provider(
    request: pytest.FixtureRequest, world: tuple[Upstream, str], opened: Opened
) -> Provider:
    built: Provider = request.param(world[1])
    return opened(built)


@pytest.mark.parametrize("stream", [True, False])
async def test_it_answers(world: tuple[Upstream, str], provider: Provider, stream: bool) -> None:
    world[0].scripts["Hello"] = deque([SAID])
    events = await events_of(provider, question(options={"stream": stream}))
    texts = [TextDelta("a"), TextDelta("b")] if stream else [TextDelta("ab")]
    assert events[:-1] == [ReasoningDelta("hm"), *texts]
    assert isinstance(events[-1], Finished)
    assert (events[-1].finish_reason, events[-1].usage) == ("length", USAGE)


@pytest.mark.parametrize(
    ("steps", "fault"),
    [
        ([{"text": "a"}, {"error": "boom"}], ProviderRefused),
        ([{"status": 529}], ProviderRefused),
        ([{"text": "a"}, {"close": True}], ProviderUnavailable),
        ([{"empty": True}], AnswerUnreadable),
        ([{"rubbish": "x"}], AnswerUnreadable),
    ],
)
async def test_it_fails(
    world: tuple[Upstream, str],
    provider: Provider,
    steps: list[Json],
    fault: type[ProviderFault],
) -> None:
    world[0].scripts["Hello"] = deque([steps])
    _, raised = await events_until_fault(provider)
    assert type(raised) is fault


async def test_it_has_models(provider: Provider) -> None:
    assert [model.id.partition("-")[2] for model in await provider.models()] == ["scripted"]
