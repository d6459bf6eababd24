"""P1, P5: a server that is killed loses nothing that its pages hold, and nothing stays running."""

import random
import threading
import time
from dataclasses import dataclass, field

import httpx
import pytest

from tests.client import Server, Upstream
from tests.conftest import StartServer
from tests.durability.streams import is_prefix_of_words, new_conversation
from tests.sse import read

KILLS = 50
STREAMS = 2
TOKENS = 400


@dataclass
class Watched:
    """What a client saw of a turn before its server was killed."""

    turn_id: str = ""
    text: str = ""
    errors: list[str] = field(default_factory=list)


def _watch(url: str, path: str, seen: Watched) -> None:
    try:
        with httpx.stream("GET", f"{url}{path}", timeout=10, trust_env=False) as response:
            seen.turn_id = response.headers["X-Turn-ID"]
            for event in read(response):
                seen.text += httpx.Response(200, text=event.data).json().get("content", "")
    except httpx.HTTPError as error:
        seen.errors.append(type(error).__name__)


def _killed_once(server: Server, seconds: float) -> list[Watched]:
    """Start streams, kill the server after so long, start it again."""
    watched = [Watched() for _ in range(STREAMS)]
    paths = [
        f"/conversations/{new_conversation(server, f'tokens {TOKENS} every 10')}/stream"
        for _ in watched
    ]
    threads = [
        threading.Thread(target=_watch, args=(server.url, path, seen))
        for path, seen in zip(paths, watched, strict=True)
    ]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    server.kill()
    for thread in threads:
        thread.join()
    server.restart()
    return watched


def _ended(server: Server, turn_id: str, deadline: float) -> dict[str, object]:
    while True:
        turn: dict[str, object] = server.get(f"/api/turns/{turn_id}").json()
        if turn["status"] not in ("queued", "running") or time.monotonic() > deadline:
            return turn
        time.sleep(0.2)


@pytest.mark.timeout(420)
def test_a_killed_server_keeps_every_answer_as_far_as_its_pages_went(
    start_server: StartServer, upstream: Upstream, capsys: pytest.CaptureFixture[str]
) -> None:
    server = start_server(upstream=upstream)
    chance = random.Random()
    watched = [seen for _ in range(KILLS) for seen in _killed_once(server, chance.random() * 1.2)]
    restarted = time.monotonic()
    accepted = [seen for seen in watched if seen.turn_id]
    turns = [_ended(server, seen.turn_id, restarted + 20) for seen in accepted]
    waited = time.monotonic() - restarted

    assert {turn["status"] for turn in turns} == {"interrupted"}
    assert len({turn["id"] for turn in turns}) == len(accepted)
    assert all(is_prefix_of_words(str(turn["text"]), TOKENS) for turn in turns)
    lost = [
        len(seen.text.split()) - len(str(turn["text"]).split())
        for seen, turn in zip(accepted, turns, strict=True)
    ]
    with capsys.disabled():
        print(
            f"\nkill -9: {KILLS} kills, {len(accepted)} answers accepted, {len(turns)} there, "
            f"all interrupted {waited:.1f} s after the last restart; "
            f"words seen {sum(len(seen.text.split()) for seen in accepted)}, beyond the pages: "
            f"median {sorted(lost)[len(lost) // 2]}, most {max(lost)} (10 ms each)"
        )
    # A flush every 150 ms, and as much again for a machine that is busy.
    assert sorted(lost)[len(lost) // 2] <= 30
