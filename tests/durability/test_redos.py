"""Expressions made to take for ever: everybody else is answered as quickly as before."""

import statistics
import threading
import time
from collections.abc import Callable

import pytest

from tests.api.accounts import execute
from tests.client import Server
from tests.conftest import StartServer
from tests.search.redos import PATTERNS, TEXTS

MESSAGES = 100_000
# What is promised is 1 s and twice the usual time; the rest is for a machine that is busy itself.
LONGEST_SECONDS = 3.0
MOST_TIMES = 4


@pytest.fixture
def crowded(start_server: StartServer) -> Server:
    """With so many messages of one caller, of the kind that such expressions like least."""
    server = start_server({"CHAT_SEARCH_ENABLED": "true"})
    conversation = server.post("/conversations", json={}).json()["id"].replace("-", "")
    texts = " UNION ALL ".join(f"SELECT {number}, ?" for number in range(len(TEXTS)))
    statement = f"""
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?),
        texts(k, content) AS ({texts})
        INSERT INTO conversations_message
            (id, conversation_id, role, content, status, sender_id, metadata, created_at,
             updated_at)
        SELECT printf('01a1f000%024x', n), ?, 'user', content || n, 'ready', '', '{{}}',
            '2026-01-01 00:00:00', '2026-01-01 00:00:00'
        FROM numbers JOIN texts ON k = n % ?"""
    execute(server, statement, MESSAGES, *TEXTS, conversation, len(TEXTS))
    return server


def test_no_expression_takes_long_or_slows_the_others(
    crowded: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = statistics.median(_times(crowded, until=_after(2.0)))
    done = threading.Event()
    meanwhile: list[float] = []
    watching = threading.Thread(target=lambda: meanwhile.extend(_times(crowded, until=done.is_set)))
    watching.start()
    took = {pattern: _search(crowded, pattern) for pattern in PATTERNS}
    done.set()
    watching.join()
    usual = max(usual, statistics.median(_times(crowded, until=_after(1.0))))
    busy = statistics.median(meanwhile)
    with capsys.disabled():
        print(
            f"\n{len(took)} expressions over {MESSAGES} messages: longest"
            f" {max(took.values()):.2f} s;"
            f" /health {usual * 1000:.1f} ms, meanwhile {busy * 1000:.1f} ms ({busy / usual:.1f}x)"
        )
    assert [pattern for pattern, seconds in took.items() if seconds >= LONGEST_SECONDS] == []
    assert busy <= MOST_TIMES * usual


def _search(server: Server, pattern: str) -> float:
    began = time.monotonic()
    answer = server.get("/api/search/messages", params={"q": pattern, "mode": "regex"})
    assert answer.status_code in {200, 400}, answer.text
    return time.monotonic() - began


def _times(server: Server, *, until: Callable[[], bool]) -> list[float]:
    times = []
    while not until():
        began = time.monotonic()
        assert server.get("/health").status_code == 200
        times.append(time.monotonic() - began)
        time.sleep(0.01)
    return times


def _after(seconds: float) -> Callable[[], bool]:
    deadline = time.monotonic() + seconds
    return lambda: time.monotonic() >= deadline
