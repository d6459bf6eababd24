"""Metrics over several worker processes."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatproject.metrics_workers import VARIABLE, WorkerFiles, shared_files
from tests.client import Databases, clean_environment
from tests.services import Process, free_port

WORKERS = 3


class Workers:
    """Several workers behind one port."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self.scratch = folder / "scratch"
        self.scratch.mkdir()
        env = {"DATABASE_URL": database_url, "RATE_RPS": "10000", "RATE_BURST": "100000"}
        env |= {"TMPDIR": str(self.scratch), "LOG_LEVEL": "WARNING"}
        command = [sys.executable, "-m", "chatproject", "--port", self.url.rpartition(":")[2]]
        command += ["--workers", str(WORKERS)]
        self.process = Process(command, folder=folder, env=clean_environment(folder, env))
        self.process.wait_until(self._all_answer, seconds=60)

    def call(self, method: str, path: str) -> httpx.Response:
        """On a connection of its own, which any worker may take."""
        return httpx.request(method, f"{self.url}{path}", trust_env=False, timeout=30)

    def totals(self) -> dict[str, Any]:
        totals: dict[str, Any] = self.call("GET", "/metrics").json()
        return totals

    def pids(self) -> set[int]:
        """Those that have a live gauge: the workers, as the metrics know them."""
        return {int(file.stem.rpartition("_")[2]) for file in self._files("gauge_livesum_*")}

    def _files(self, pattern: str) -> list[Path]:
        return list(self.scratch.glob(f"parley-metrics-*/{pattern}.db"))

    def _all_answer(self) -> bool:
        try:
            return self.call("GET", "/health").is_success and len(self.pids()) == WORKERS
        except httpx.TransportError:
            return False


@pytest.fixture
def workers(databases: Databases) -> Iterator[Workers]:
    folder = Path(tempfile.mkdtemp(prefix="parley-workers-"))
    started = Workers(folder, databases.new("sqlite"))
    yield started
    started.process.stop()
    shutil.rmtree(folder)


def eventually(holds: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_every_worker_shows_the_totals_of_all(workers: Workers) -> None:
    """C-6.5, also of one that has died and was replaced."""
    for _ in range(12):
        assert workers.call("GET", "/conversations").status_code == 200
    expected = {"GET": 12}
    assert all(workers.totals()["requests_by_method"] == expected for _ in range(10))
    before, victim = workers.pids(), max(workers.pids())
    os.kill(victim, signal.SIGKILL)
    # Its live gauges go with the next look, and its counts stay.
    eventually(lambda: workers.totals() is not None and victim not in workers.pids())
    eventually(lambda: len(workers.pids()) == WORKERS)
    assert workers.pids() != before
    assert all(workers.totals()["requests_by_method"] == expected for _ in range(10))
    health = workers.call("GET", "/health").json()
    assert (health["requests_total"], health["responses_total"]) == (12, 12)
    text = workers.call("GET", "/metrics?format=prometheus").text
    assert 'parley_http_requests_total{method="GET"} 12.0\n' in text
    assert "parley_turns_running 0.0\n" in text


def test_the_folder_goes_with_the_server(workers: Workers) -> None:
    assert workers.pids()
    workers.process.stop()
    assert list(workers.scratch.iterdir()) == []


def test_a_single_worker_has_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with shared_files(workers=1):
        assert VARIABLE not in os.environ


def test_the_operators_folder_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with shared_files(workers=4):
        assert os.environ[VARIABLE] == str(tmp_path)
    assert tmp_path.is_dir()


COUNTING = """
from prometheus_client import Counter, Gauge
Counter("things_total", "Things.").inc(3)
Gauge("alive", "Now.", multiprocess_mode="livesum").set(5)
"""


def test_the_dead_keep_their_counts_and_lose_their_gauges(tmp_path: Path) -> None:
    for _ in range(2):
        environment = {**os.environ, VARIABLE: str(tmp_path)}
        subprocess.run([sys.executable, "-c", COUNTING], env=environment, check=True, timeout=30)
    # What a worker that is just starting has.
    (tmp_path / f"counter_{os.getpid()}.db").touch()
    found = {metric.name: metric.samples for metric in WorkerFiles(tmp_path).collect()}
    assert found.keys() == {"things"}
    assert [sample.value for sample in found["things"]] == [6.0]
    assert list(tmp_path.glob("gauge_*")) == []
