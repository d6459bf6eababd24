"""The largest body that is accepted (C-1.6)."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.api.talking import NOBODY, announced, is_refused, problem_in
from tests.client import Server

MOST = 20 * 1024 * 1024
PATHS = ["/sessions", f"/sessions/{NOBODY}/messages", "/nothing", "/health"]


def _filled(size: int) -> bytes:
    return b'{"content": 7, "other": "' + b"x" * (size - 27) + b'"}'


def _in_pieces(size: int) -> Iterator[bytes]:
    for start in range(0, size, 1 << 16):
        yield b" " * min(1 << 16, size - start)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("length", [MOST + 1, 10**15])
def test_a_body_that_is_announced_too_large_is_refused(
    server: Server, path: str, length: int
) -> None:
    problem_in(announced(server, path, length), 413, "payload_too_large")


@pytest.mark.parametrize("path", PATHS[:2])
def test_a_body_that_grows_too_large_is_refused(server: Server, path: str) -> None:
    answer = server.post(path, content=_in_pieces(MOST + 1))
    problem_in(answer, 413, "payload_too_large")


@pytest.mark.parametrize("path", PATHS[:2])
def test_a_body_of_the_largest_size_is_read(server: Server, path: str) -> None:
    assert len(_filled(MOST)) == MOST
    answer = server.post(path, content=_filled(MOST))
    assert answer.status_code == (201 if path == "/sessions" else 422)


@pytest.mark.parametrize(
    "body",
    [
        b'{"content":' + b"9" * 10_000 + b"}",
        b'{"content": 1e999999}',
        b'{"metadata": [' + b"[]," * 1_000_000 + b"[]]}",
        b'{"metadata": 1, "content": 1, "options": ' + b"-" * 1_000_000 + b"1}",
    ],
    ids=lambda body: repr(body[:20]),
)
@pytest.mark.parametrize("path", PATHS[:2])
def test_a_body_of_odd_giants_is_refused(server: Server, path: str, body: bytes) -> None:
    """C-3.7"""
    answer = server.post(path, content=body)
    assert answer.status_code == 201 or is_refused(answer)


def test_a_wide_body_does_not_keep_the_others_waiting(server: Server) -> None:
    """One caller's abuse (P7): a body of ten million numbers."""
    body = b'{"metadata": {"a": [' + b"1," * (MOST // 2 - 20) + b"1]}}"
    path = f"{server.url}/sessions/{NOBODY}/messages"
    with ThreadPoolExecutor() as pool:
        sent = pool.submit(httpx.post, path, content=body, timeout=60, trust_env=False)
        waits = []
        while not sent.done():
            began = time.monotonic()
            httpx.get(f"{server.url}/api/turns/{NOBODY}", timeout=60, trust_env=False)
            waits.append(time.monotonic() - began)
    assert is_refused(sent.result())
    assert max(waits) < 1
