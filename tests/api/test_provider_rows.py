"""Rows of providers act on a running server within five seconds, whoever writes them."""

import json
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.api.accounts import execute
from tests.client import Databases, Server, Upstream
from tests.conftest import UNLIMITED

ENOUGH = 5.0
LOOPBACK = {"PROVIDER_PRIVATE_NETWORKS": "127.0.0.0/8", "DEFAULT_PROVIDER": "demo"}
COLUMNS = 'name, backend, base_url, is_enabled, "order", sealed_key, sealed_headers, default_model'


def add(server: Server, name: str, url: str) -> None:
    """What another worker stores."""
    execute(
        server,
        f"INSERT INTO providers_providerconfig ({COLUMNS}, fallbacks, created_at, updated_at)"
        " VALUES (?, 'openai-compatible', ?, ?, 5, '', '', 'm', '[]', ?, ?)",
        *(name, url, True, *("2026-01-01 00:00:00+00:00",) * 2),
    )


def providers(server: Server) -> list[str]:
    known = server.get("/ui/models").json()["providers"]
    return [each["provider"] for each in known]


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + ENOUGH
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def asked(server: Server, model: str, prompt: str) -> httpx.Response:
    body = {"model": model, "messages": [{"role": "user", "content": prompt}]}
    return server.post("/v1/chat/completions", json=body)


@pytest.fixture(scope="module")
def server(databases: Databases) -> Iterator[Server]:
    """Overrides the shared one: here the providers change."""
    started = Server.start(databases.new("sqlite"), {**UNLIMITED, **LOOPBACK})
    yield started
    started.stop()


def test_a_row_comes_and_goes_and_a_running_answer_keeps_its_provider(
    server: Server, upstream: Upstream
) -> None:
    assert providers(server) == ["demo"]
    add(server, "mine", f"{upstream.url}/v1")
    until(lambda: "mine" in providers(server))
    assert asked(server, "mine/m", "hello").json()["choices"][0]["message"]["content"]
    body = {"model": "mine/m", "stream": True}
    body["messages"] = [{"role": "user", "content": "tokens 120 every 30"}]
    with server._http.stream("POST", "/v1/chat/completions", json=body) as answer:
        lines = answer.iter_lines()
        next(lines)
        execute(server, "DELETE FROM providers_providerconfig")
        until(lambda: providers(server) == ["demo"])
        chunks = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    said = "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks if c["choices"])
    assert said.endswith("w119")
    assert "Echo" not in asked(server, "mine/m", "hello").text


def test_the_server_goes_on_while_the_rows_cannot_be_read(
    server: Server, upstream: Upstream
) -> None:
    add(server, "mine", f"{upstream.url}/v1")
    until(lambda: "mine" in providers(server))
    execute(server, "ALTER TABLE providers_providerconfig RENAME TO gone")
    until(lambda: "provider_rows_not_read" in server.log())
    assert asked(server, "mine/m", "hello").status_code == 200
    server.restart()
    assert providers(server) == ["demo"]
    execute(server, "ALTER TABLE gone RENAME TO providers_providerconfig")
    until(lambda: "mine" in providers(server))
    execute(server, "DELETE FROM providers_providerconfig")
    until(lambda: providers(server) == ["demo"])
