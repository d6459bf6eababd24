"""Fixtures for all tests: no network but loopback, databases, the upstream, and live servers."""

import os
import socket
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from ipaddress import ip_address
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from django.db import connections

from chatproject.database import database_settings
from tests.client import Databases, Server, Upstream
from tests.services import RedisServer, ServiceMissing

T = TypeVar("T")
StartServer = Callable[..., Server]

UNLIMITED = {"RATE_RPS": "10000", "RATE_BURST": "100000"}
QUICK = {"PROVIDER_TIMEOUT_SECONDS": "3", "CHAT_LLM_IDLE_SECONDS": "3"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="the database of the tests that run inside this process",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that take minutes begin first, or the other processes would wait for them."""
    items.sort(key=lambda item: "durability" not in item.path.parts)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """One line in the summary for all the tests that lack the same service."""
    report = yield
    cause = call.excinfo.value.__context__ if call.excinfo else None
    if report.skipped and isinstance(cause, ServiceMissing):
        report.longrepr = (__file__, 1, str(cause))
    return report


@pytest.fixture(scope="session", autouse=True)
def _only_loopback() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Overrides pytest-django's: where the tests inside this process keep their rows."""
    if request.config.getoption("--database") == "postgresql":
        made: Databases = request.getfixturevalue("databases")
        _use(found(lambda: made.postgres).url, test_name=f"parley_django_{uuid4().hex[:12]}")
    else:
        # A file, because in memory every thread would have a database of its own.
        file = tmp_path_factory.mktemp("django") / "test.sqlite3"
        _use(f"sqlite:///{file}", test_name=str(file))


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    made = Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.close()


@pytest.fixture(
    scope="session",
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)],
)
def database_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def database_url(database_kind: str, databases: Databases) -> str:
    """An empty, migrated database for one test, once for each kind."""
    return found(lambda: databases.new(database_kind))


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    server = found(RedisServer.found_or_started)
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    process = Upstream()
    yield process
    process.stop()


@pytest.fixture(autouse=True)
def _unscripted(request: pytest.FixtureRequest) -> None:
    """A script that a test has left over is not played to the next."""
    if "upstream" in request.fixturenames:
        request.getfixturevalue("upstream").reset()


@pytest.fixture(scope="session")
def _servers() -> Iterator[dict[str, Server]]:
    started: dict[str, Server] = {}
    yield started
    for server in started.values():
        server.stop()


@pytest.fixture(scope="session")
def server(
    database_kind: str, databases: Databases, upstream: Upstream, _servers: dict[str, Server]
) -> Server:
    """One live server for all tests of a database kind, in front of the scripted upstream."""
    if database_kind not in _servers:
        url = found(lambda: databases.new(database_kind))
        _servers[database_kind] = Server.start(url, {**UNLIMITED, **QUICK}, upstream)
    return _servers[database_kind]


@pytest.fixture
def start_server(databases: Databases) -> Iterator[StartServer]:
    """`start_server(env, upstream=…, database_url=…)`: a server of the test's own.

    Without a `database_url` it is on a fresh SQLite file; several servers may share one. It
    limits nobody unless `env` says so.
    """
    started: list[Server] = []

    def start(
        env: Mapping[str, str] | None = None,
        *,
        upstream: Upstream | None = None,
        database_url: str | None = None,
    ) -> Server:
        url = database_url or databases.new("sqlite")
        started.append(Server.start(url, {**UNLIMITED, **(env or {})}, upstream))
        return started[-1]

    yield start
    for server in started:
        server.stop()


def found(get: Callable[[], T]) -> T:
    """Skips where a laptop lacks the service; under CI that is a failure."""
    try:
        return get()
    except ServiceMissing as missing:
        if os.environ.get("CI", "").strip().lower() in {"1", "true", "yes", "on"}:
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))


def _use(url: str, *, test_name: str) -> None:
    """Puts a database in the place of the one that the environment names."""
    database = {**database_settings(url), "TEST": {"NAME": test_name}}
    connections.settings.update(connections.configure_settings({"default": database}))
    # Django raises this where no connection has been asked for yet.
    with suppress(AttributeError):
        del connections["default"]


def _guarded(connect: Callable[[socket.socket, Any], Any]) -> Callable[[socket.socket, Any], Any]:
    def guarded(sock: socket.socket, address: Any) -> Any:
        inet = sock.family in (socket.AF_INET, socket.AF_INET6)
        if inet and not _is_loopback(str(address[0])):
            # Not an OSError: the code under test would take it for a provider that is down.
            pytest.fail(f"A test tried to reach {address}: only loopback is allowed.")
        return connect(sock, address)

    return guarded


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
