"""Every way a server can fail, over real sockets: one tree, and no raw exception (C-9.9)."""

import asyncio
import socket
from contextlib import aclosing
from typing import Any

import pytest

from providers import http
from providers.errors import (
    AnswerCut,
    AnswerUnreadable,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnavailable,
)
from providers.events import Finished, TextDelta
from tests.providers.asking import KEY, QUICK, compatible, events_of, events_until_fault, question
from tests.providers.conftest import Opened, StartWire
from tests.providers.wire import Break, Step, chunked, head, said, sized, sse

HALF = sse(said("half "))
WHOLE = sse(said("all", "stop"), "[DONE]")


async def test_a_server_that_is_not_there_is_unavailable(opened: Opened) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        events, fault = await events_until_fault(opened(compatible(url)))
    assert (events, type(fault)) == ([], ProviderUnavailable)
    assert "could not be reached" in str(fault)


@pytest.mark.parametrize("url", ["http://", "nowhere", "ftp://127.0.0.1/"])
async def test_an_address_that_is_none_is_unavailable(opened: Opened, url: str) -> None:
    _, fault = await events_until_fault(opened(compatible(url)))
    assert type(fault) is ProviderUnavailable


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"error": {"message": "No such model", "type": "x"}}', "No such model"),
        (b'{"error": "model not found"}', "model not found"),
        (b'{"message": "Slow down"}', "Slow down"),
        (b'{"detail": "Not Found"}', "Not Found"),
        (b'[{"error": {"code": 400, "message": "Bad key"}}]', "Bad key"),
        (b'{"detail": [{"msg": "odd"}]}', '{"detail": [{"msg": "odd"}]}'),
        (b"<h1>Bad gateway</h1>\n", "<h1>Bad gateway</h1>"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"", "As It Is"),
    ],
)
@pytest.mark.parametrize("status", [400, 404, 429, 500])
async def test_an_error_status_is_a_refusal_with_the_servers_words(
    wire: StartWire, opened: Opened, body: bytes, text: str, status: int
) -> None:
    server = await wire([sized(body, f"{status} As It Is")])
    _, fault = await events_until_fault(opened(compatible(server.url)))
    assert (type(fault), fault.status) == (ProviderRefused, status)
    assert str(fault) == f"local answered {status}: {text}"


async def test_a_key_that_is_echoed_does_not_get_out(wire: StartWire, opened: Opened) -> None:
    body = b'{"error": {"message": "Incorrect key: %s", "code": "invalid_api_key"}}' % KEY.encode()
    server = await wire([sized(body, "401 Unauthorized")])
    _, fault = await events_until_fault(opened(compatible(server.url)))
    assert str(fault) == "local answered 401: Incorrect key: ***"
    assert fault.code == "invalid_api_key"


async def test_a_key_in_an_error_inside_the_answer_does_not_get_out(
    wire: StartWire, opened: Opened
) -> None:
    error = {"error": {"message": f"{KEY} has no credit", "code": 402}}
    server = await wire([head() + sse(said("half "), error)])
    events, fault = await events_until_fault(opened(compatible(server.url)))
    assert events == [TextDelta("half ")]
    assert type(fault) is ProviderRefused
    assert (str(fault), fault.status) == ("local answered with an error: *** has no credit", None)


async def test_a_key_is_not_cut_in_two_by_the_limit_of_the_text(
    wire: StartWire, opened: Opened
) -> None:
    server = await wire([sized(b"x" * 490 + KEY.encode() + b"y" * 70_000, "500 No")])
    _, fault = await events_until_fault(opened(compatible(server.url)))
    assert "sk-" not in str(fault)
    assert len(str(fault)) < 600


async def test_an_error_body_that_never_ends_does_not_hide_the_status(
    wire: StartWire, opened: Opened
) -> None:
    server = await wire([head("503 Busy", "text/plain"), b"over capacity", Break.HOLD])
    _, fault = await events_until_fault(opened(compatible(server.url, limits=QUICK)))
    assert str(fault) == "local answered 503: over capacity"


async def test_a_redirect_is_not_followed(wire: StartWire, opened: Opened) -> None:
    elsewhere = await wire([head() + WHOLE])
    moved = head("307 Moved", "text/html", f"Location: {elsewhere.url}", "Content-Length: 0")
    server = await wire([moved])
    _, fault = await events_until_fault(opened(compatible(server.url)))
    assert (type(fault), fault.status) == (ProviderRefused, 307)
    assert elsewhere.heard == []


@pytest.mark.parametrize(
    "script",
    [
        [Break.HOLD],
        [b"HTTP/1.1 200 OK\r\n", Break.HOLD],
        [head(), Break.HOLD],
        [head() + b": waiting\n\n", Break.HOLD],
    ],
)
async def test_silence_is_a_timeout(wire: StartWire, opened: Opened, script: list[Step]) -> None:
    server = await wire(script)
    events, fault = await events_until_fault(opened(compatible(server.url, limits=QUICK)))
    assert (events, type(fault)) == ([], ProviderTimeout)


async def test_silence_after_the_first_words_is_a_timeout_that_keeps_them(
    wire: StartWire, opened: Opened
) -> None:
    server = await wire([head() + HALF, Break.HOLD])
    events, fault = await events_until_fault(opened(compatible(server.url, limits=QUICK)))
    assert (events, type(fault)) == ([TextDelta("half ")], ProviderTimeout)


async def test_slow_words_are_no_silence(wire: StartWire, opened: Opened) -> None:
    slow: list[Step] = []
    for _ in range(4):
        slow += [HALF, 0.1]
    server = await wire([head(), *slow, WHOLE])
    events = await events_of(opened(compatible(server.url, limits=QUICK)))
    assert len(events) == 6


@pytest.mark.parametrize("broken", [[Break.RESET], []], ids=["reset", "closed"])
@pytest.mark.parametrize(
    "start", [[], [b"HTTP/1.1 200 OK\r\nContent-"], [head("200 OK", "text/event-stream", "X: y")]]
)
async def test_a_connection_lost_before_the_first_word_is_a_fault(
    wire: StartWire, opened: Opened, start: list[Step], broken: list[Step]
) -> None:
    server = await wire([*start, 0.02, *broken])
    events, fault = await events_until_fault(opened(compatible(server.url)))
    assert events == []
    assert isinstance(fault, ProviderUnavailable | AnswerUnreadable)


async def test_a_connection_reset_after_some_words_keeps_them(
    wire: StartWire, opened: Opened
) -> None:
    announced = head("200 OK", "text/event-stream", "Transfer-Encoding: chunked")
    server = await wire([announced + chunked(HALF), 0.05, Break.RESET])
    events, fault = await events_until_fault(opened(compatible(server.url)))
    assert (events, type(fault)) == ([TextDelta("half ")], ProviderUnavailable)


async def test_a_reset_of_a_body_that_ends_with_its_connection_is_a_cut(
    wire: StartWire, opened: Opened
) -> None:
    server = await wire([head() + HALF, 0.05, Break.RESET])
    events, fault = await events_until_fault(opened(compatible(server.url)))
    assert (events, type(fault)) == ([TextDelta("half ")], AnswerCut)


@pytest.mark.parametrize("field", ["Transfer-Encoding: chunked", "Content-Length: 5000"])
async def test_a_body_shorter_than_announced_keeps_its_words(
    wire: StartWire, opened: Opened, field: str
) -> None:
    body = chunked(HALF) if "chunked" in field else HALF
    server = await wire([head("200 OK", "text/event-stream", field) + body])
    events, fault = await events_until_fault(opened(compatible(server.url)))
    assert (events, type(fault)) == ([TextDelta("half ")], ProviderUnavailable)


async def test_words_that_came_before_a_loss_reach_a_reader_that_was_busy(
    wire: StartWire, opened: Opened
) -> None:
    announced = head("200 OK", "text/event-stream", "Transfer-Encoding: chunked")
    server = await wire([announced + chunked(HALF), 0.05, chunked(sse(said("more")))])
    events: Any = opened(compatible(server.url)).stream(question())
    assert await anext(events) == TextDelta("half ")
    await asyncio.sleep(0.2)
    assert await anext(events) == TextDelta("more")
    with pytest.raises(ProviderUnavailable):
        await anext(events)


async def test_a_stream_that_ends_early_is_cut(wire: StartWire, opened: Opened) -> None:
    server = await wire([head() + HALF])
    events, fault = await events_until_fault(opened(compatible(server.url)))
    assert (events, type(fault)) == ([TextDelta("half ")], AnswerCut)


@pytest.mark.parametrize("end", [[Break.RESET], [Break.HOLD]], ids=["reset", "silence"])
async def test_a_loss_after_the_finish_reason_loses_nothing(
    wire: StartWire, opened: Opened, end: list[Step]
) -> None:
    server = await wire([head() + sse(said("all", "stop")), 0.05, *end])
    events = await events_of(opened(compatible(server.url, limits=QUICK)))
    assert events == [TextDelta("all"), Finished("stop", None, "chatcmpl-1")]


@pytest.mark.parametrize(
    "answer",
    [
        b"rubbish",
        b"\x00\x01\x02\r\n\r\n",
        sized(b"", media="text/event-stream"),
        sized(b"", media="application/json"),
        sized(b"<html>Welcome!</html>", media="text/html"),
        sized(b'{"cho', media="application/json"),
        sized(b"{}", media="application/json; charset=utf-8"),
        head() + b"data: {rubbish\n\n",
        head() + b"data: [DONE]\n\n",
    ],
)
async def test_rubbish_and_nothing_at_all_are_unreadable(
    wire: StartWire, opened: Opened, answer: bytes
) -> None:
    server = await wire([answer])
    events, fault = await events_until_fault(opened(compatible(server.url)))
    assert (events, type(fault)) == ([], AnswerUnreadable)


async def test_an_answer_that_is_too_large_is_unreadable(
    wire: StartWire, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MAX_ANSWER", 1000)
    server = await wire([head(), *[HALF] * 50])
    _, fault = await events_until_fault(opened(compatible(server.url)))
    assert (type(fault), "larger" in str(fault)) == (AnswerUnreadable, True)


async def test_an_error_object_in_a_whole_answer_is_a_refusal(
    wire: StartWire, opened: Opened
) -> None:
    server = await wire([sized(b'{"error": {"message": "no credit"}}')])
    _, fault = await events_until_fault(opened(compatible(server.url)))
    assert (type(fault), "no credit" in str(fault)) == (ProviderRefused, True)


async def test_a_character_cut_between_two_packets_arrives_whole(
    wire: StartWire, opened: Opened
) -> None:
    body = b"\xef\xbb\xbf" + sse(said("日本🦆", "stop"), "[DONE]").replace(b"\n", b"\r\n")
    pieces: list[Step] = [part for at in range(len(body)) for part in (body[at : at + 1], 0.0)]
    server = await wire([head(), *pieces])
    assert (await events_of(opened(compatible(server.url))))[0] == TextDelta("日本🦆")


async def test_an_answer_that_is_left_is_closed_at_once(wire: StartWire, opened: Opened) -> None:
    server = await wire([head() + HALF, Break.HOLD])
    events: Any = opened(compatible(server.url)).stream(question())
    async with aclosing(events):
        await anext(events)
        assert not server.left.is_set()
    await asyncio.wait_for(server.left.wait(), 1.0)


async def test_a_reader_that_is_cancelled_gives_up_the_call(
    wire: StartWire, opened: Opened
) -> None:
    server = await wire([head(), Break.HOLD])
    reading = asyncio.create_task(events_of(opened(compatible(server.url))))
    while not server.heard:
        await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await asyncio.wait_for(server.left.wait(), 1.0)
