"""The vector index loses nothing and keeps nothing too much, however its indexers die."""

import hashlib
import os
import random
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.api.accounts import Account, signed_up
from tests.client import ROOT, Databases, Server, clean_environment
from tests.conftest import UNLIMITED, found
from tests.search.chroma import ChromaServer
from tests.search.endpoint import Answer, Endpoint, endpoint

KILLS = 25
CAUGHT_UP_SECONDS = 60.0


def by_text(question: dict[str, Any]) -> Answer:
    """A vector of 8 numbers for each text, always the same one."""
    rows = [
        {"index": index, "embedding": struct.unpack("8b", _digest(text))}
        for index, text in enumerate(question["input"])
    ]
    return 200, {"data": rows}


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


@dataclass
class Talk:
    """Someone who says, edits, deletes and takes back until told to stop."""

    account: Account
    seed: random.Random

    def go_on(self, until: threading.Event) -> None:
        threads = [self._thread() for _ in range(3)]
        while not until.is_set():
            acts = [*[self._say] * 6, self._edit, self._edit, self._put_away, *[self._back] * 3]
            self.seed.choice(acts)(self.seed.choice(threads))
            time.sleep(0.02)

    def _thread(self) -> str:
        body = {"title": "A talk", "metadata": {"model": "m"}}
        made: str = self._call("post", "/api/threads", json=body)["id"]
        return made

    def _say(self, thread: str) -> None:
        path = f"/api/threads/{thread}/messages"
        self._call("post", path, json={"text": f"About {self.seed.random()}"})

    def _edit(self, thread: str) -> None:
        page = self._call("get", f"/api/threads/{thread}/messages?limit=5")
        for message in page.get("items", [])[:1]:
            path = f"/api/threads/{thread}/messages/{message['id']}"
            self._call("patch", path, json={"text": f"Rather about {self.seed.random()}"})

    def _put_away(self, thread: str) -> None:
        self._call("delete", f"/api/threads/{thread}")

    def _back(self, thread: str) -> None:
        self._call("patch", f"/api/threads/{thread}", json={"is_deleted": False})

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        answer = self.account.server.request(
            method, path, headers=self.account.headers, timeout=30, **options
        )
        assert answer.status_code in {200, 201, 204, 404}, answer.text
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found


class Indexers:
    """`manage.py run_indexer`, as many as there are to be, each a process to be killed."""

    def __init__(self, number: int, folder: Path, env: Mapping[str, str]) -> None:
        self.number = number
        self._folder = folder
        self._env = {**env, "DJANGO_SETTINGS_MODULE": "chatproject.settings"}
        self._zygotes = [self._zygote() for _ in range(number)]
        for zygote in self._zygotes:
            assert _line(zygote) == "ready"

    def started(self) -> list[int]:
        """Their pids, once they are at work."""
        pids = []
        for zygote in self._zygotes:
            assert zygote.stdin
            zygote.stdin.write("\n")
            zygote.stdin.flush()
            pids.append(int(_line(zygote)))
        for zygote in self._zygotes:
            assert "Indexing" in _line(zygote)
        return pids

    def stop(self) -> None:
        for zygote in self._zygotes:
            zygote.kill()
            zygote.communicate()

    def _zygote(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.durability.zygote"],
            cwd=self._folder,
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def check(self) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "manage.py"), "reindex", "--check"]
        return subprocess.run(
            command, cwd=self._folder, env=self._env, capture_output=True, text=True, timeout=60
        )


@pytest.fixture
def embedding() -> Iterator[Endpoint]:
    with endpoint() as fake:
        fake.answer = by_text
        yield fake


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def setting(
    request: pytest.FixtureRequest, databases: Databases, embedding: Endpoint, tmp_path: Path
) -> Iterator[tuple[Server, Indexers]]:
    """SQLite, a folder and one indexer, or PostgreSQL, a Chroma server and two of them."""
    is_large = request.param == "postgresql"
    url = found(lambda: databases.new(request.param))
    env = {
        "DATABASE_URL": url,
        "CHAT_EMBEDDING_MODEL_NAME": "by-text",
        "CHAT_EMBEDDING_API_BASE": embedding.url,
        "CHAT_CHROMA_PERSIST_DIRECTORY": str(tmp_path / "vectors"),
        "CHAT_LLM_ENABLED": "false",
        # The server's own indexers leave the vectors alone, as those of several workers do.
        **UNLIMITED,
    }
    chroma = ChromaServer(tmp_path) if is_large else None
    if chroma:
        env["CHROMA_URL"] = chroma.url
    indexers = Indexers(2 if is_large else 1, tmp_path, clean_environment(tmp_path, env))
    server = Server.start(url, {**env, "PARLEY_WORKERS": "2"})
    yield server, indexers
    indexers.stop()
    server.stop()
    if chroma:
        chroma.stop()


@pytest.mark.timeout(400)
def test_nothing_is_missing_or_orphaned_after_many_kills(
    setting: tuple[Server, Indexers], capsys: pytest.CaptureFixture[str]
) -> None:
    server, indexers = setting
    chance, ended = random.Random(), threading.Event()
    talk = Talk(signed_up(server), chance)
    talking = threading.Thread(target=talk.go_on, args=[ended])
    talking.start()
    try:
        for _ in range(KILLS):
            pids = indexers.started()
            time.sleep(chance.random() * 0.5)
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
    finally:
        ended.set()
        talking.join()
    last = indexers.started()
    _wait(lambda: sum(server.get("/health").json()["search"]["pending"].values()) == 0)
    for pid in last:
        os.kill(pid, signal.SIGTERM)
    done = indexers.check()
    with capsys.disabled():
        print(f"\n{KILLS} kills of {indexers.number}: {done.stdout}{done.stderr}")
    assert done.returncode == 0, done.stdout + done.stderr


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def _wait(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + CAUGHT_UP_SECONDS
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.2)
