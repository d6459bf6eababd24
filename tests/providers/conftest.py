"""Loopback servers and providers, closed when the test is over."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

import pytest

from providers.base import Provider
from tests.mcp_server import McpWorld, served
from tests.providers.wire import Step, Wire

StartWire = Callable[..., Awaitable[Wire]]
Opened = Callable[[Provider], Provider]


@pytest.fixture
async def wire() -> AsyncIterator[StartWire]:
    """`await wire(script)` starts a server; with several scripts, each answers one request."""
    started: list[Wire] = []

    async def start(*scripts: Sequence[Step]) -> Wire:
        server = Wire(scripts)
        await server.start()
        started.append(server)
        return server

    yield start
    for server in started:
        await server.stop()


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    """`opened(provider)` gives it back, and closes it afterwards."""
    providers: list[Provider] = []

    def remember(provider: Provider) -> Provider:
        providers.append(provider)
        return provider

    yield remember
    for provider in providers:
        await provider.aclose()


@pytest.fixture(scope="module")
def mcp_world() -> Iterator[McpWorld]:
    """A server of the official SDK, with every tool there is."""
    with served("chat", "answer", "slow", "stuck", "broken") as world:
        yield world
