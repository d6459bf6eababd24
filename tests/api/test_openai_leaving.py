"""Readers of a stream that leave, are slow, or have to wait; nobody else wants the answer."""

import asyncio
import socket
import time
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from api.openai.chunks import ChunkEncoder
from api.openai.relay import Relay
from api.sse import COMMENT
from providers.errors import ProviderUnavailable
from providers.events import TextDelta
from providers.resilience.steps import Step
from tests.api.openai import CHAT, call_chunk
from tests.api.talking import OPENAI_WIRE
from tests.client import Server, Upstream


@pytest.mark.parametrize("stream", ["true", "false"])
def test_a_client_that_leaves_gives_up_the_call(
    v1: Server, upstream: Upstream, stream: str
) -> None:
    upstream.script({"text": "half "}, {"hang": True}, match="Leaving")
    body = f'{{"stream":{stream},"messages":[{{"role":"user","content":"Leaving"}}]}}'.encode()
    head = f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", v1.port)) as line:
        line.sendall(head + body)
        if stream == "true":
            _read_until(line, b"half ")
        else:
            _until(lambda: bool(_leaving(upstream)))
    left_at = time.monotonic()
    _until(lambda: _leaving(upstream)[-1]["disconnected"])
    assert time.monotonic() - left_at < 1.0


def test_a_slow_reader_is_waited_for(v1: Server, upstream: Upstream) -> None:
    """What it has not read is not piled up here: the provider waits, too."""
    piece = call_chunk({"function": {"arguments": "x" * 100_000}})
    upstream.script(*[{"text": "go"}, *[piece] * 400], match="Slow")
    body = b'{"stream":true,"messages":[{"role":"user","content":"Slow"}]}'
    head = f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", v1.port))
        line.sendall(head + body)
        _read_until(line, b"go")
        before = _resident_kib(v1.pid)
        time.sleep(0.7)
        assert _resident_kib(v1.pid) - before < 20_000


async def _hesitating() -> AsyncGenerator[Step, None]:
    await asyncio.sleep(0.12)
    yield TextDelta("late")
    await asyncio.sleep(0.12)
    raise ProviderUnavailable("gone")


def test_in_a_silence_comments_keep_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """C-10.2, O-3.6"""
    monkeypatch.setattr("api.openai.relay.HEARTBEAT_SECONDS", 0.05)

    async def heard() -> list[bytes]:
        relay = Relay(_hesitating(), ChunkEncoder(wants_usage=False))
        await relay.begun(0.01)
        return [piece async for piece in relay]

    pieces = asyncio.run(heard())
    assert pieces[0] == COMMENT
    spoken = [piece for piece in pieces if piece != COMMENT]
    assert len(spoken) == 2
    assert b"late" in spoken[0]
    assert b'"message":"gone"' in spoken[1]
    assert pieces.index(spoken[1]) > pieces.index(spoken[0]) + 1


def _leaving(upstream: Upstream) -> list[dict[str, Any]]:
    calls = upstream.requests(OPENAI_WIRE)
    return [call for call in calls if call["body"]["messages"][-1]["content"] == "Leaving"]


def _read_until(line: socket.socket, wanted: bytes) -> None:
    seen = b""
    while wanted not in seen:
        seen += line.recv(4096)


def _until(reached: Any, *, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _resident_kib(pid: int) -> int:
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
