"""Which provider a message of a session is for (S-4.2)."""

from collections.abc import Iterator

import pytest

from tests.api.talking import (
    OLLAMA_WIRE,
    OPENAI_WIRE,
    asked_of,
    new_session,
    problem_in,
    reply_to,
    said,
)
from tests.client import Databases, Server, Upstream
from tests.conftest import UNLIMITED


@pytest.fixture(scope="module")
def database(databases: Databases) -> str:
    return databases.new("sqlite")


@pytest.fixture(scope="module")
def ready(database: str, upstream: Upstream) -> Iterator[Server]:
    server = Server.start(database, {**UNLIMITED, "OLLAMA_MODEL": "own-default"}, upstream)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def unready(database: str) -> Iterator[Server]:
    """Has the same rows; of the providers only the demo is configured."""
    env = {**UNLIMITED, "DEFAULT_PROVIDER": "openai-compatible", "DEMO_DELAY_SECONDS": "0"}
    server = Server.start(database, env)
    yield server
    server.stop()


@pytest.mark.parametrize(
    ("in_session", "in_body", "expected"),
    [
        (None, None, ("openai-compatible", "default", OPENAI_WIRE, "scripted-small")),
        ("ollama", None, ("ollama", "session_default", OLLAMA_WIRE, "own-default")),
        (None, " OLLAMA ", ("ollama", "request", OLLAMA_WIRE, "own-default")),
        (
            "ollama",
            "openai-compatible",
            ("openai-compatible", "request", OPENAI_WIRE, "scripted-small"),
        ),
    ],
)
def test_the_body_names_the_provider_before_the_session_does(
    ready: Server,
    upstream: Upstream,
    in_session: str | None,
    in_body: str | None,
    expected: tuple[str, str, str, str],
) -> None:
    """S-4.2"""
    reply = reply_to(ready, new_session(ready, provider=in_session), provider=in_body)
    provider, source, wire, model = expected
    assert (reply["provider"], reply["provider_source"]) == (provider, source)
    assert asked_of(upstream, wire)["model"] == model


@pytest.mark.parametrize(
    ("model", "provider", "asked"),
    [
        ("scripted-large", "openai-compatible", "scripted-large"),
        ("gpt-oss:20b", "ollama", "gpt-oss:20b"),
        ("ollama/anything", "ollama", "anything"),
        ("unheard/of", "openai-compatible", "unheard/of"),
    ],
)
def test_without_a_named_provider_the_model_finds_one(
    server: Server, upstream: Upstream, model: str, provider: str, asked: str
) -> None:
    """S-4.2, C-9.2"""
    reply = reply_to(server, new_session(server), options={"model": model})
    assert (reply["provider"], reply["provider_source"]) == (provider, "default")
    wire = OLLAMA_WIRE if provider == "ollama" else OPENAI_WIRE
    assert asked_of(upstream, wire)["model"] == asked


def test_a_named_provider_gets_the_model_as_it_is(server: Server, upstream: Upstream) -> None:
    """C-9.2"""
    reply_to(
        server, new_session(server), provider="openai-compatible", options={"model": "ollama/x"}
    )
    assert asked_of(upstream, OPENAI_WIRE)["model"] == "ollama/x"


@pytest.mark.parametrize("provider", ["nobody", "openai", "x" * 5000])
def test_a_provider_that_is_not_there_is_refused(server: Server, provider: str) -> None:
    """S-4.2, S-4.6"""
    session = new_session(server)
    problem_in(said(server, session, provider=provider), 400, "provider_not_found")
    assert server.get(session).json()["history"] == []


def test_without_a_usable_provider_there_is_no_answer(ready: Server, unready: Server) -> None:
    """S-4.2, C-9.4"""
    unnamed, named = new_session(ready), new_session(ready, provider="ollama")
    for session in (unnamed, named):
        problem_in(said(unready, session), 503, "provider_not_available")
        assert reply_to(unready, session, provider="demo")["provider"] == "demo"
