"""What a test talks through: the scripted upstream, real Parley servers, and their databases."""

import atexit
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import httpx

from tests.forks import Zygote
from tests.services import PostgresServer, Process, ProcessFailed, free_port

ROOT = Path(__file__).resolve().parent.parent
INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
QUICK_SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.quick_settings"}
MANAGE_SECONDS = 120.0
REQUEST_SECONDS = 30.0


def clean_environment(folder: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the developer's own settings; HOME is the folder too, and no model is fetched."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    python = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "HF_HUB_OFFLINE": "1"}
    # A script of one fault is enough, and a test's faults are not held against the next one's.
    once = {"PROVIDER_RETRIES": "0", "PROVIDER_FAILURES": "0"}
    return {**kept, **once, **python, "HOME": str(folder), **given}


@cache
def zygote() -> Zygote:
    """One for all servers of these tests, started with the first of them."""
    folder = Path(tempfile.mkdtemp(prefix="parley-zygote-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    started = Zygote(folder=folder, env=clean_environment(folder, {}))
    atexit.register(started.stop)
    return started


def run_manage(
    *arguments: str, folder: Path, env: Mapping[str, str], seconds: float = MANAGE_SECONDS
) -> subprocess.CompletedProcess[str]:
    """`manage.py ARGUMENTS…` in that folder."""
    command = [str(ROOT / "manage.py"), *arguments]
    return zygote().run(command, folder=folder, env=clean_environment(folder, env), seconds=seconds)


_migrated: set[str] = set()


def migrate(database_url: str) -> None:
    """Once per database; copies of a migrated one need none."""
    if database_url in _migrated:
        return
    with tempfile.TemporaryDirectory(prefix="parley-migrate-") as folder:
        env = {"DATABASE_URL": database_url}
        done = run_manage("migrate", "--verbosity=0", folder=Path(folder), env=env)
    if done.returncode:
        raise ProcessFailed(f"manage.py migrate failed:\n{done.stdout}{done.stderr}")
    _migrated.add(database_url)


class Databases:
    """Migrated databases, each a fresh copy of one that was migrated once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._postgres: PostgresServer | None = None
        self._template = f"parley_template_{uuid4().hex[:12]}"
        self._made: list[str] = []

    @property
    def postgres(self) -> PostgresServer:
        """Raises `ServiceMissing` where there is none."""
        if self._postgres is None:
            self._postgres = PostgresServer.found_or_started()
        return self._postgres

    def new(self, kind: str) -> str:
        """The URL of an empty, migrated database of the kind `sqlite` or `postgresql`."""
        url = self._new_postgresql() if kind == "postgresql" else self._new_sqlite()
        _migrated.add(url)
        return url

    def close(self) -> None:
        if self._postgres is not None:
            for name in reversed(self._made):
                self._postgres.drop_database(name)
            self._postgres.stop()

    def _new_sqlite(self) -> str:
        template, copy = self._folder / "template.sqlite3", self._folder / f"{uuid4().hex}.sqlite3"
        migrate(f"sqlite:///{template}")
        # A plain copy of the file could miss what is still in its write-ahead log.
        with closing(sqlite3.connect(template)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        return f"sqlite:///{copy}"

    def _new_postgresql(self) -> str:
        if not self._made:
            url = self.postgres.create_database(self._template)
            self._made.append(self._template)
            migrate(url)
        name = f"parley_{uuid4().hex}"
        self._made.append(name)
        return self.postgres.create_database(name, template=self._template)


class Upstream:
    """The scripted upstream in a process of its own; see `tests.upstream` for the steps."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="parley-upstream-"))
        command = [sys.executable, "-m", "tests.upstream", "--port", "0"]
        env = clean_environment(self._folder, {})
        self._process = Process(command, folder=self._folder, env=env)
        self._process.wait_until(lambda: self._process.log().endswith("\n"))
        self.url = f"http://127.0.0.1:{int(self._process.log().splitlines()[0])}"
        self._http = httpx.Client(base_url=self.url, trust_env=False, timeout=REQUEST_SECONDS)

    def script(self, *steps: Mapping[str, Any], match: str | None = None) -> None:
        """What to play for prompts that contain `match`, or for the next call of any kind."""
        # Escaped, so that a lone surrogate can stand for a byte that is not UTF-8.
        body = json.dumps({"match": match, "steps": steps})
        answer = self._http.post("/_control/script", content=body)
        if answer.is_error:
            raise ValueError(answer.text)

    def requests(self, path: str = "") -> list[dict[str, Any]]:
        """Every request so far whose path ends with `path`, health probes and catalogues too."""
        seen: list[dict[str, Any]] = self._http.get("/_control/requests").json()
        return [request for request in seen if request["path"].endswith(path)]

    def reset(self) -> None:
        """Forgets the scripts, the requests, and the answers that could be continued."""
        self._http.post("/_control/reset").raise_for_status()

    def log(self) -> str:
        return self._process.log()

    def stop(self) -> None:
        self._http.close()
        self._process.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


class Server:
    """A real Parley process on a loopback port, with a working directory of its own."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = Path(tempfile.mkdtemp(prefix="parley-server-"))
        self._env = clean_environment(self._folder, env)
        self._http = httpx.Client(base_url=self.url, trust_env=False, timeout=REQUEST_SECONDS)
        self._process = self._launched()

    @classmethod
    def start(
        cls,
        database_url: str,
        env: Mapping[str, str] | None = None,
        upstream: Upstream | None = None,
    ) -> Self:
        """Answers `GET /health` when this returns; migrates a database that `Databases` has not.

        With an `upstream` it is the default provider, and Ollama too; passwords cost no time.
        `env` wins over all of that.
        """
        migrate(database_url)
        settings = {**QUICK_SETTINGS, "DATABASE_URL": database_url, **_pointing_to(upstream)}
        server = cls({**settings, **(env or {})})
        try:
            server._process.wait_until(server._healthy)
        except BaseException:
            server.stop()
            raise
        return server

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.running

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._http.request(method, path, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self._http.get(path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self._http.post(path, **options)

    def put(self, path: str, **options: Any) -> httpx.Response:
        return self._http.put(path, **options)

    def patch(self, path: str, **options: Any) -> httpx.Response:
        return self._http.patch(path, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self._http.delete(path, **options)

    def log(self) -> str:
        """All that it wrote to stdout and stderr, over restarts."""
        return self._process.log()

    def kill(self) -> None:
        """SIGKILL: what a crash looks like."""
        self._process.stop(signal.SIGKILL)

    def terminate(self, *, seconds: float = 30.0) -> int:
        """SIGTERM, and the exit status once it is over."""
        return self._process.stop(seconds=seconds)

    def restart(self) -> None:
        """The same port, folder and database; terminates it first when it still runs."""
        if self.running:
            self.terminate()
        self._process = self._launched()
        self._process.wait_until(self._healthy)

    def stop(self) -> None:
        self._http.close()
        self._process.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _launched(self) -> Process:
        arguments = ["-m", "chatproject", "--port", str(self.port)]
        return zygote().start(arguments, folder=self._folder, env=self._env)

    def _healthy(self) -> bool:
        try:
            return self._http.get("/health", timeout=5.0).is_success
        except httpx.TransportError:
            return False


class FromScratch(Server):
    """Started as people start it, with nothing imported yet."""

    def _launched(self) -> Process:
        command = [sys.executable, "-m", "chatproject", "--port", str(self.port)]
        return Process(command, folder=self._folder, env=self._env)


def _pointing_to(upstream: Upstream | None) -> dict[str, str]:
    if upstream is None:
        return {}
    return {
        "CHAT_LLM_API_BASE": f"{upstream.url}/v1",
        "OLLAMA_URL": upstream.url,
        "DEFAULT_PROVIDER": "openai-compatible",
    }
