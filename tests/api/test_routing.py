"""Which provider answers (C-9), over a server that has several, all in front of one upstream."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.client import Databases, Server, Upstream
from tests.conftest import QUICK, UNLIMITED, StartServer
from tests.sse import parse

PATHS = {
    "openai": "/v1/chat/completions",
    "openrouter": "/api/v1/chat/completions",
    "openai-compatible": "/compatible/v1/chat/completions",
    "ollama": "/api/chat",
}
AUTO = "openrouter/auto"


def several(upstream: Upstream, **env: str) -> dict[str, str]:
    """Four providers; the catalogue of `openai-compatible` cannot be fetched (C-9.3)."""
    return {
        **UNLIMITED,
        **QUICK,
        "OPENAI_API_KEY": "sk-openai-secret",
        "OPENAI_BASE_URL": f"{upstream.url}/v1",
        "OPENROUTER_API_KEY": "sk-router-secret",
        "OPENROUTER_BASE_URL": f"{upstream.url}/api/v1",
        "CHAT_LLM_API_BASE": f"{upstream.url}/compatible/v1",
        "CHAT_LLM_API_KEY": "sk-compatible-secret",
        "OLLAMA_URL": upstream.url,
        **env,
    }


@pytest.fixture(scope="module")
def many(databases: Databases, upstream: Upstream) -> Iterator[Server]:
    """Four providers, and no name for the default one."""
    server = Server.start(databases.new("sqlite"), several(upstream))
    yield server
    server.stop()


def answered(server: Server, query: str = "", model: str | None = None) -> dict[str, Any]:
    """The turn that answers a new conversation of this model."""
    made = server.post("/conversations", json={"default_model": model}).json()["id"]
    server.post(f"/conversations/{made}/messages", json={"message": "Hello"}).raise_for_status()
    answer = server.get(f"/conversations/{made}/stream{query}")
    assert answer.status_code == 200, answer.text
    turn: dict[str, Any] = server.get(f"/api/turns/{answer.headers['X-Turn-ID']}").json()
    assert turn["status"] == "completed", turn
    return turn


def chatted(server: Server) -> dict[str, Any]:
    answer = server.post("/api/chat/stream", json={"message": "Hello"})
    assert answer.status_code == 200, answer.text
    turn: dict[str, Any] = server.get(f"/api/turns/{answer.headers['X-Turn-ID']}").json()
    assert turn["status"] == "completed", turn
    return turn


def asked(upstream: Upstream) -> tuple[str, str]:
    """Path and model of the one call that asked for an answer."""
    calls = [call for call in upstream.requests() if call["method"] == "POST"]
    assert len(calls) == 1
    return calls[0]["path"], calls[0]["body"]["model"]


@pytest.mark.parametrize(
    ("model", "provider", "told"),
    [
        ("scripted-small", "openai", "scripted-small"),
        ("maker/scripted", "openrouter", "maker/scripted"),
        ("scripted:latest", "ollama", "scripted:latest"),
        ("openrouter/maker/other", "openrouter", "maker/other"),
        ("OpenRouter/Maker/Other", "openrouter", "Maker/Other"),
        ("ollama/scripted:latest", "ollama", "scripted:latest"),
        ("openai-compatible/any", "openai-compatible", "any"),
        ("openai/scripted-small", "openai", "scripted-small"),
        ("nobody-has-it", "openai", "nobody-has-it"),
        ("nobody/has-it", "openai", "nobody/has-it"),
        ("anthropic/claude", "openai", "anthropic/claude"),
        ("mcp/tool", "openai", "mcp/tool"),
        ("openrouter/", "openai", "openrouter/"),
        ("/maker/scripted", "openai", "/maker/scripted"),
        ("MAKER/scripted", "openai", "MAKER/scripted"),
    ],
)
def test_a_model_finds_its_provider(
    many: Server, upstream: Upstream, model: str, provider: str, told: str
) -> None:
    """C-9.2, C-9.3, C-9.5"""
    turn = answered(many, model=model)
    assert (turn["provider"], turn["model"]) == (provider, told)
    assert asked(upstream) == (PATHS[provider], told)


@pytest.mark.parametrize("model", ["demo", "demo/demo", "DEMO/anything"])
def test_demo_is_found_as_well(many: Server, upstream: Upstream, model: str) -> None:
    assert answered(many, model=model)["provider"] == "demo"
    assert [call for call in upstream.requests() if call["method"] == "POST"] == []


def test_a_model_in_the_query_is_routed_too(many: Server, upstream: Upstream) -> None:
    """V-2.3"""
    assert answered(many, "?model=ollama/x", model="scripted-small")["provider"] == "ollama"
    assert asked(upstream) == (PATHS["ollama"], "x")


def test_a_model_in_the_options_of_a_session_is_routed_too(many: Server) -> None:
    """S-4.2"""
    session = many.post("/sessions", json={}).json()["id"]
    body = {"content": "Hello", "options": {"model": "maker/scripted"}}
    reply = many.post(f"/sessions/{session}/messages", json=body).json()
    assert (reply["provider"], reply["provider_source"]) == ("openrouter", "default")


@pytest.mark.parametrize("provider", sorted(PATHS))
def test_a_named_provider_gets_the_id_as_it_is(
    many: Server, upstream: Upstream, provider: str
) -> None:
    """C-9.2: naming wins over every catalogue and prefix."""
    session = many.post("/sessions", json={"provider": provider}).json()["id"]
    body = {"content": "Hello", "options": {"model": "openrouter/maker/scripted"}}
    assert many.post(f"/sessions/{session}/messages", json=body).json()["provider"] == provider
    assert asked(upstream) == (PATHS[provider], "openrouter/maker/scripted")


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openai", "gpt-4o-mini"), ("openrouter", "openrouter/auto"), ("ollama", "gpt-oss:20b")],
)
def test_each_provider_has_a_default_model(
    many: Server, upstream: Upstream, provider: str, model: str
) -> None:
    session = many.post("/sessions", json={"provider": provider}).json()["id"]
    many.post(f"/sessions/{session}/messages", json={"content": "Hello"}).raise_for_status()
    assert asked(upstream) == (PATHS[provider], model)


@pytest.mark.parametrize(
    ("env", "provider", "model"),
    [
        ({}, "openai", "gpt-4o-mini"),
        ({"OPENAI_API_KEY": ""}, "openrouter", AUTO),
        ({"LLM_PROVIDER": "ollama"}, "ollama", "gpt-oss:20b"),
        ({"DEFAULT_PROVIDER": " OpenRouter ", "LLM_PROVIDER": "ollama"}, "openrouter", AUTO),
        ({"DEFAULT_PROVIDER": " ", "LLM_PROVIDER": "OLLAMA", "LLM_MODEL": "m"}, "ollama", "m"),
        ({"LLM_MODEL": "m", "OPENROUTER_MODEL": "n"}, "openai", "m"),
        ({"DEFAULT_PROVIDER": "openrouter", "OPENROUTER_MODEL": "n"}, "openrouter", "n"),
        ({"DEFAULT_PROVIDER": "ollama", "OLLAMA_MODEL": "n"}, "ollama", "n"),
    ],
)
def test_the_default_provider_is_the_named_or_the_first(
    start_server: StartServer, upstream: Upstream, env: dict[str, str], provider: str, model: str
) -> None:
    """C-9.1, C-9.5"""
    turn = chatted(start_server(several(upstream, **env)))
    assert turn["provider"] == provider
    # B-4.2: where answers are chained, `openai` is asked through its Responses API.
    path = "/v1/responses" if provider == "openai" else PATHS[provider]
    assert asked(upstream) == (path, model)


def test_the_first_of_its_catalogue_is_the_default_model_of_a_compatible_server(
    start_server: StartServer, upstream: Upstream
) -> None:
    server = start_server({**UNLIMITED}, upstream=upstream)
    assert chatted(server)["provider"] == "openai-compatible"
    assert asked(upstream) == ("/v1/chat/completions", "scripted-small")


def test_the_default_providers_catalogue_comes_first(
    start_server: StartServer, upstream: Upstream
) -> None:
    """C-9.2: `openai` lists the same models, and stands first in the table."""
    base = {"CHAT_LLM_API_BASE": f"{upstream.url}/v1", "DEFAULT_PROVIDER": "openai-compatible"}
    server = start_server(several(upstream, **base))
    assert answered(server, model="scripted-large")["provider"] == "openai-compatible"
    assert asked(upstream) == ("/v1/chat/completions", "scripted-large")


def test_demo_answers_where_nothing_is_configured(start_server: StartServer) -> None:
    """C-9.1, C-9.6: a pure function of the prompt, in several pieces, that quotes it."""
    server = start_server(UNLIMITED)
    answers = [server.post("/api/chat/stream", json={"message": "Why ducks?"}) for _ in range(2)]
    texts = [[e.data for e in parse(a.content) if e.event == "delta"] for a in answers]
    first, second = ("".join(text) for text in texts)
    assert first == second
    assert "Why ducks?" in first
    assert len(first.splitlines()) > 1
    assert len(texts[0]) >= 2


@pytest.mark.parametrize(
    ("name", "variable"),
    [("openai", "OPENAI_API_KEY"), ("mcp-agent", "MCP_SERVER_URL"), ("Gemini", "GEMINI_API_KEY")],
)
def test_a_default_provider_that_is_not_configured_refuses_what_needs_it(
    start_server: StartServer, upstream: Upstream, name: str, variable: str
) -> None:
    """C-9.4: the server starts, and other providers still answer for their own models."""
    env = {**UNLIMITED, "OLLAMA_URL": upstream.url, "DEFAULT_PROVIDER": name}
    server = start_server(env)
    refused = server.post("/api/chat/stream", json={"message": "Hello"})
    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "provider_not_available"
    models = server.get("/models")
    assert (models.status_code, variable in models.json()["detail"]) == (500, True)
    assert answered(server, model="ollama/x")["provider"] == "ollama"
    assert answered(server, model="scripted:latest")["provider"] == "ollama"


@pytest.mark.parametrize(
    ("provider", "key"),
    [
        ("openai", "sk-openai-secret"),
        ("openrouter", "sk-router-secret"),
        ("openai-compatible", "sk-compatible-secret"),
    ],
)
def test_a_key_goes_to_its_provider_and_to_nobody_else(
    many: Server, upstream: Upstream, provider: str, key: str
) -> None:
    """C-9.7, C-9.9: not even when the provider itself repeats it."""
    upstream.script({"status": 401, "body": {"error": {"message": f"Bad key {key}, sorry"}}})
    session = many.post("/sessions", json={"provider": provider}).json()["id"]
    body = {"content": "Hello", "options": {"model": "m"}}
    refused = many.post(f"/sessions/{session}/messages", json=body)
    assert "Bad key" in refused.json()["detail"]
    assert "sorry" in refused.json()["detail"]
    sent = next(call for call in upstream.requests() if call["method"] == "POST")["headers"]
    assert sent["authorization"] == f"Bearer {key}"
    assert key not in refused.text + many.log()


def test_openrouter_is_told_who_asks(many: Server, upstream: Upstream) -> None:
    """C-9.7, V-6"""
    answered(many, model="maker/scripted")
    sent = upstream.requests(PATHS["openrouter"])[-1]
    assert sent["headers"]["http-referer"] == "http://localhost:8001"
    assert sent["headers"]["x-title"] == "Open Chat API"
    assert sent["body"]["stream"] is True


def test_each_catalogue_is_fetched_once(many: Server, upstream: Upstream) -> None:
    """C-9.3: the server has routed before, and again."""
    answered(many, model="maker/scripted")
    upstream.reset()
    answered(many, model="scripted:latest")
    answered(many, model="maker/scripted")
    fetched = [call["path"] for call in upstream.requests() if call["method"] == "GET"]
    assert [path for path in fetched if path in {"/v1/models", "/api/v1/models"}] == []
