"""The pool: shared, without a limit, and clean."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from providers.errors import ProviderTimeout, ProviderUnavailable
from providers.events import TextDelta
from providers.http import HttpClient
from tests.providers.asking import PATIENT, QUICK, compatible, events_of, question
from tests.providers.conftest import Opened, StartWire
from tests.providers.wire import Break, chunked, head, said, sized, sse

STREAMED = head("200 OK", "text/event-stream", "Transfer-Encoding: chunked")
WHOLE = chunked(sse(said("all", "stop"), "[DONE]"))
END = b"0\r\n\r\n"


async def test_120_streams_run_at_once(wire: StartWire, opened: Opened) -> None:
    server = await wire([head() + sse(said("first")), Break.HOLD])
    provider = opened(compatible(server.url))
    streams: list[Any] = [provider.stream(question()) for _ in range(120)]
    async with asyncio.timeout(10):
        firsts = await asyncio.gather(*(anext(stream) for stream in streams))
    assert firsts == [TextDelta("first")] * 120
    await asyncio.gather(*(stream.aclose() for stream in streams))


@pytest.mark.parametrize("pause", [0.0, 0.01])
async def test_a_connection_is_used_again(wire: StartWire, opened: Opened, pause: float) -> None:
    server = await wire([STREAMED + WHOLE, pause, END, Break.KEEP])
    provider = opened(compatible(server.url))
    for _ in range(3):
        await events_of(provider)
    assert (len(server.heard), server.connections) == (3, 1)


async def test_a_server_that_lingers_after_the_end_holds_nobody_up(
    wire: StartWire, opened: Opened
) -> None:
    server = await wire([STREAMED + WHOLE, Break.HOLD])
    async with asyncio.timeout(1.0):
        events = await events_of(opened(compatible(server.url)))
    assert len(events) == 2
    await asyncio.wait_for(server.left.wait(), 1.0)


async def test_cookies_are_not_kept(wire: StartWire, opened: Opened) -> None:
    answer = sse(said("all", "stop"), "[DONE]")
    server = await wire([head("200 OK", "text/event-stream", "Set-Cookie: a=b") + answer])
    provider = opened(compatible(server.url))
    for _ in range(2):
        await events_of(provider)
    assert [heard.header("Cookie") for heard in server.heard] == [None, None]


async def test_the_request_says_what_it_is(wire: StartWire, opened: Opened) -> None:
    server = await wire([head() + sse(said("all", "stop"))])
    await events_of(opened(compatible(server.url + "/v1/")), question("Schön"))
    heard = server.heard[0]
    assert heard.path == "/v1/chat/completions"
    assert heard.header("Authorization") == "Bearer sk-very-secret-0123456789"
    assert heard.header("Content-Type") == "application/json"
    assert heard.header("Accept-Encoding") == "identity"
    assert "Schön".encode() in heard.body


async def test_a_slow_list_ends_at_its_timeout(wire: StartWire) -> None:
    server = await wire([head(), b"[", 0.05, b" ", 0.05, b" ", 0.05, b" ", Break.HOLD])
    client = HttpClient("local", server.url, {}, PATIENT)
    with pytest.raises(ProviderTimeout):
        await client.get_json("/models", 0.12)
    await client.aclose()


async def test_a_control_character_in_a_header_does_no_harm(wire: StartWire) -> None:
    server = await wire([sized(b"{}")])
    client = HttpClient("local", server.url, {"X-Title": " a\r\nX-Evil: 1 "}, QUICK)
    await client.get_json("/models", 1.0)
    assert server.heard[0].header("X-Title") == "a X-Evil: 1"
    assert server.heard[0].header("X-Evil") is None
    await client.aclose()


def test_one_client_serves_several_event_loops() -> None:
    client = HttpClient("local", "http://127.0.0.1:9", {}, QUICK)

    async def call() -> str:
        try:
            await client.get_json("/", 1.0)
        except Exception as fault:
            return type(fault).__name__
        finally:
            await client.aclose()
        return "answered"

    assert [asyncio.run(call()), asyncio.run(call())] == ["ProviderUnavailable"] * 2


def test_a_loop_that_ended_without_closing_is_let_go_quietly(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = HttpClient("local", "http://127.0.0.1:9", {}, QUICK)

    async def call() -> None:
        with pytest.raises(ProviderUnavailable):
            await client.get_json("/", 1.0)

    asyncio.run(call())
    asyncio.run(call())
    asyncio.run(client_closed_after(call, client))
    gc.collect()
    assert "Unclosed" not in caplog.text


async def client_closed_after(call: Callable[[], Awaitable[None]], client: HttpClient) -> None:
    await call()
    await client.aclose()
