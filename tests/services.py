"""PostgreSQL and Redis for the tests: those that are given, else ones of our own on loopback.

HarnessError
├── ServiceMissing    neither given nor installed here
└── ProcessFailed     it did not start, or was not ready in time; the message holds its log
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis
from psycopg import sql

# On a machine that is busy.
START_SECONDS = 60.0
STOP_SECONDS = 10.0
LOG_CHARACTERS = 6000


class HarnessError(Exception):
    """Root of the tree."""


class ServiceMissing(HarnessError):
    """The message says what to install or which variable to set."""


class ProcessFailed(HarnessError):
    """The message ends with what the process had printed."""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Child(Protocol):
    """As much of a `subprocess.Popen` as a `Process` needs."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int) -> None: ...
    def kill(self) -> None: ...


class Process:
    """A child process with its output in `<folder>/log`, stopped by its own pid."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> None:
        self.name = Path(command[0]).name
        self._log = folder / "log"
        with self._log.open("ab") as log:
            self._child: Child = subprocess.Popen(
                [*_tied(), *command],
                cwd=folder,
                env=env,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child.poll() is None

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait_until(self, ready: Callable[[], bool], *, seconds: float = START_SECONDS) -> None:
        """Raises `ProcessFailed`, with the process stopped, when it ends first or takes longer."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running or time.monotonic() > deadline:
                fate = "took too long to start" if self.running else "ended while starting"
                self.stop(signal.SIGKILL)
                raise ProcessFailed(f"{self.name} {fate}:\n{self.log()[-LOG_CHARACTERS:]}")
            time.sleep(0.02)

    def stop(self, with_signal: int = signal.SIGTERM, *, seconds: float = STOP_SECONDS) -> int:
        """The exit status; a process that outlives its time is killed."""
        self._child.send_signal(with_signal)
        try:
            return self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            self._child.kill()
            return self._child.wait()


def _tied() -> list[str]:
    """Ends a child with the tests, even when those are killed, where the system can do so."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []


class Service:
    """A server at `url`; `stop` ends one that was started here and leaves a given one alone."""

    def __init__(self, url: str, folder: Path | None = None) -> None:
        self.url = url
        self._folder = folder
        self._process: Process | None = None
        self._launch: Callable[[], Process]

    def stop(self, with_signal: int = signal.SIGTERM) -> None:
        if self._process:
            self._process.stop(with_signal)
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def halt(self) -> None:
        """Down, with its data kept for `resume`."""
        if self._process:
            self._process.stop(signal.SIGINT)

    def kill(self) -> None:
        """SIGKILL, with what it keeps on disk left for `resume`."""
        if self._process:
            self._process.stop(signal.SIGKILL)

    def resume(self) -> None:
        """Up again, on the same port and data; `halt` came before."""
        self._process = self._launch()
        self._process.wait_until(self._answers)

    def _start(self, command: Sequence[str], folder: Path, user: str | None = None) -> None:
        self._launch = lambda: Process(command, folder=folder, user=user)
        self.resume()

    def _answers(self) -> bool:
        raise NotImplementedError


class PostgresServer(Service):
    """A server that may create and drop databases."""

    @classmethod
    def found_or_started(cls) -> Self:
        given = os.environ.get("TEST_DATABASE_URL", "").strip()
        return cls(given.replace("+psycopg", "", 1)) if given else cls.started()

    @classmethod
    def started(cls) -> Self:
        initdb, postgres = _postgres_binary("initdb"), _postgres_binary("postgres")
        port, folder = free_port(), Path(tempfile.mkdtemp(prefix="parley-postgres-"))
        server = cls(f"postgresql://postgres@127.0.0.1:{port}/postgres", folder)
        # PostgreSQL refuses to run as root.
        user = "postgres" if os.geteuid() == 0 else None
        options = ["listen_addresses=127.0.0.1", f"unix_socket_directories={folder}"]
        options += ["fsync=off", "full_page_writes=off", "max_connections=300"]
        settings = [part for option in options for part in ("-c", option)]
        try:
            _initialise(initdb, folder, user)
            command = [postgres, "-D", str(folder / "data"), "-p", str(port), *settings]
            server._start(command, folder, user)
        except BaseException:
            server.stop()
            raise
        return server

    def database_url(self, database: str) -> str:
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{database}"))

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """The new database's URL. Nobody may be connected to the template."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return self.database_url(name)

    def drop_database(self, name: str) -> None:
        """Throws out whoever is still connected."""
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self._execute(statement.format(sql.Identifier(name)))

    def stop(self, with_signal: int = signal.SIGINT) -> None:
        """Fast: PostgreSQL takes SIGTERM as a wish to wait for every client."""
        super().stop(with_signal)

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as connection:
            connection.execute(statement)

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url, connect_timeout=5):
                return True
        except psycopg.OperationalError:
            return False


class RedisServer(Service):
    """A server that keeps nothing."""

    @classmethod
    def found_or_started(cls) -> Self:
        given = os.environ.get("TEST_REDIS_URL", "").strip()
        return cls(given) if given else cls.started()

    @classmethod
    def started(cls) -> Self:
        binary = shutil.which("redis-server")
        if binary is None:
            raise ServiceMissing("Redis is missing: install redis-server or set TEST_REDIS_URL.")
        port, folder = free_port(), Path(tempfile.mkdtemp(prefix="parley-redis-"))
        server = cls(f"redis://127.0.0.1:{port}/0", folder)
        command = [binary, "--bind", "127.0.0.1", "--port", str(port)]
        try:
            server._start([*command, "--save", "", "--appendonly", "no"], folder)
        except BaseException:
            server.stop()
            raise
        return server

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=5) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def _postgres_binary(name: str) -> str:
    """Debian keeps the server's binaries out of PATH, one folder per version."""
    if found := shutil.which(name):
        return found
    versions = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    newest = max(versions, key=lambda path: float(path.parts[-3]), default=None)
    if newest is None:
        message = "PostgreSQL is missing: install postgresql or set TEST_DATABASE_URL."
        raise ServiceMissing(message)
    return str(newest)


def _initialise(initdb: str, folder: Path, user: str | None) -> None:
    if user:
        shutil.chown(folder, user, user)
    options = ["--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8"]
    done = subprocess.run(
        [initdb, "-D", str(folder / "data"), *options, "--locale=C.UTF-8"],
        capture_output=True,
        text=True,
        cwd=folder,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    if done.returncode:
        raise ProcessFailed(f"initdb failed:\n{done.stdout}{done.stderr}")
