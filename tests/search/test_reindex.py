"""`manage.py reindex` and `run_indexer`: what operators do beside a server that goes on."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.client import ROOT, Databases, Server, clean_environment, run_manage, zygote
from tests.conftest import UNLIMITED
from tests.durability.test_indexer_kill import by_text
from tests.search.endpoint import Answer, Endpoint, endpoint
from tests.services import Process


class Place:
    """A server, its database, and the folder of its vectors."""

    def __init__(self, url: str, folder: Path, fake: Endpoint) -> None:
        self._folder = folder
        self.fake = fake
        self.env = {
            "DATABASE_URL": url,
            "CHAT_EMBEDDING_MODEL_NAME": "first",
            "CHAT_EMBEDDING_API_BASE": fake.url,
            "CHAT_CHROMA_PERSIST_DIRECTORY": str(folder / "vectors"),
            **UNLIMITED,
        }
        self.server = Server.start(url, self.env)

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return run_manage(*arguments, folder=self._folder, env={**self.env, **env})

    def started(self, *arguments: str, **env: str) -> Process:
        command = [str(ROOT / "manage.py"), *arguments]
        full = clean_environment(self._folder, {**self.env, **env})
        return zygote().start(command, folder=self._folder, env=full)

    def say(self, *texts: str) -> str:
        made: str = self.server.post("/conversations", json={}).json()["id"]
        for text in texts:
            answer = self.server.post(f"/conversations/{made}/messages", json={"message": text})
            assert answer.is_success, answer.text
        return made

    def found(self, phrase: str) -> list[str]:
        """By meaning, which for this endpoint is the very same text."""
        query = {"q": phrase, "mode": "semantic"}
        answer = self.server.get("/api/search/messages", params=query).json()
        return [item["snippet"] for item in answer["items"] if item["similarity"] > 0.999]

    def settled(self) -> dict[str, Any]:
        """What `/health` says of search once there is nothing to do."""
        wait(lambda: not any(self.health().get("pending", {"": 1}).values()))
        return self.health()

    def health(self) -> dict[str, Any]:
        search: dict[str, Any] = self.server.get("/health").json()["search"]
        return search


def wait(reached: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextmanager
def place_with(databases: Databases, folder: Path) -> Iterator[Place]:
    with endpoint() as fake:
        fake.answer = by_text
        place = Place(databases.new("sqlite"), folder, fake)
        try:
            yield place
        finally:
            place.server.stop()


@pytest.fixture
def place(databases: Databases, tmp_path: Path) -> Iterator[Place]:
    with place_with(databases, tmp_path) as made:
        yield made


def test_a_server_indexes_what_is_said_and_another_process_checks_it(place: Place) -> None:
    place.say("One", "Two")
    assert place.settled()["status"] == "ok"
    assert place.found("One") == ["One"]
    checked = place.run("reindex", "--check")
    assert checked.returncode == 0, checked.stderr
    assert "Vectors: 2 checked, 0 missing, 0 outdated, 0 orphaned." in checked.stdout
    refused = place.run("run_indexer")
    assert refused.returncode == 1
    assert "is open in another process" in refused.stderr


def test_a_check_says_what_is_missing_outdated_and_orphaned(place: Place) -> None:
    conversation = place.say("One", "Two", "Three")
    place.settled()
    place.server.terminate()
    change = (
        "from conversations.models import Message; rows = Message.objects.order_by('id');"
        " rows.filter(content='One').update(content='1'); rows.filter(content='Two').delete();"
        f" Message.objects.create(conversation_id={conversation!r}, role='user', content='4')"
    )
    place.run("shell", "--no-imports", "-c", change)
    checked = place.run("reindex", "--check")
    assert checked.returncode == 1
    for index in ("Words", "Vectors"):
        assert f"{index}: 3 checked, 1 missing, 1 outdated, 1 orphaned." in checked.stdout
    rebuilt = place.run("reindex")
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert "texts/s" in rebuilt.stderr
    assert place.run("reindex", "--check").returncode == 0


def test_a_new_model_is_built_beside_the_old_and_nothing_said_meanwhile_is_lost(
    place: Place,
) -> None:
    place.say(*(f"Text {number}" for number in range(150)))
    place.settled()

    def slowly(question: dict[str, Any]) -> Answer:
        if question["model"] == "second":
            time.sleep(0.4)
        return by_text(question)

    place.fake.answer = slowly
    building = place.started("reindex", "--vectors", CHAT_EMBEDDING_MODEL_NAME="second")
    wait(lambda: any(question["model"] == "second" for question in place.fake.seen))
    # The first conversation's own index is asked until the end, and goes on to be filled.
    place.say("Said meanwhile")
    wait(lambda: place.found("Said meanwhile"))
    assert place.found("Text 1") == ["Text 1"]
    wait(lambda: not building.running)
    assert "Done" in building.log()
    place.settled()
    place.fake.seen.clear()
    assert place.found("Text 1") == ["Text 1"]
    assert place.found("Said meanwhile") == ["Said meanwhile"]
    assert {question["model"] for question in place.fake.seen} == {"second"}
    assert place.run("reindex", "--check").returncode == 0


def test_a_rebuild_that_is_killed_goes_on_where_it_was(place: Place) -> None:
    for number in range(4):
        place.say(*(f"Text {number}.{line}" for line in range(3)))
    place.settled()
    place.server.terminate()
    place.fake.seen.clear()
    done: list[str] = []

    def counting(question: dict[str, Any]) -> Answer:
        done.extend(question["input"])
        time.sleep(0.3)
        return by_text(question)

    place.fake.answer = counting
    first = place.started("reindex", "--vectors", CHAT_EMBEDDING_MODEL_NAME="second")
    wait(lambda: len(done) > 6)
    first.stop(9)
    before = len(done)
    assert place.run("reindex", "--vectors", CHAT_EMBEDDING_MODEL_NAME="second").returncode == 0
    # What was being done when it was killed is done again, and no more.
    assert 12 <= len(done) <= 12 + 3, (before, done)
    assert place.run("reindex", "--check").returncode == 0


def test_several_workers_need_a_server_for_the_vectors(place: Place) -> None:
    refused = place.run("run_indexer", PARLEY_WORKERS="2")
    assert refused.returncode == 1
    assert "CHROMA_URL" in refused.stderr
    beside = Server.start(place.env["DATABASE_URL"], {**place.env, "PARLEY_WORKERS": "2"})
    try:
        health = beside.get("/health").json()
        assert health["status"] == "ok"
        assert health["search"]["status"] == "degraded"
        assert "CHROMA_URL" in health["search"]["reason"]
        answer = beside.get("/api/search/messages", params={"q": "One"}).json()
        assert answer["degraded"]
    finally:
        beside.stop()


def test_what_the_model_refuses_is_set_aside_and_shown(place: Place) -> None:
    def picky(question: dict[str, Any]) -> Answer:
        return (400, {"error": "no"}) if "Poison" in question["input"] else by_text(question)

    place.fake.answer = picky
    place.say("One", "Poison", "Two")
    wait(lambda: place.found("Two") and place.found("One"))
    assert place.health()["status"] == "ok"
    wait(lambda: 'parley_search_pending{lane="vectors"} 1.0' in _metrics(place))
    assert 'parley_search_lag_seconds{lane="vectors"} 0.0' not in _metrics(place)


def _metrics(place: Place) -> str:
    return place.server.get("/metrics", params={"format": "prometheus"}).text
