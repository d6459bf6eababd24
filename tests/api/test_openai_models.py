"""`/v1/models`: what can be asked for, and what the paths around it answer (O-1, O-2)."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.accounts import Account, bearer, by_key, signed_up
from tests.api.openai import CHAT, chat, openai_error_in, v1_server
from tests.client import Databases, Server, Upstream

OPENAI = {"OPENROUTER_API_KEY": "sk-router", "DEFAULT_PROVIDER": "ollama"}


@pytest.fixture(scope="module")
def v1(databases: Databases, upstream: Upstream) -> Iterator[Server]:
    """Ollama is the default one here; OpenRouter's ids have a slash."""
    env = {**OPENAI, "OPENROUTER_BASE_URL": f"{upstream.url}/api/v1"}
    with v1_server(databases, upstream, env) as server:
        yield server


@pytest.fixture(scope="module")
def ann(guarded_v1: Server) -> Account:
    return signed_up(guarded_v1)


def test_the_models_of_all_providers_are_listed_and_those_of_the_default_one_first(
    v1: Server,
) -> None:
    body = v1.get("/v1/models").json()
    owners = [("ollama", "scripted:latest"), ("ollama", "gpt-oss:20b")]
    owners += [("openrouter", "maker/scripted")]
    owners += [("openai-compatible", f"scripted-{size}") for size in ("small", "large")]
    assert body == {"object": "list", "data": [model(*names) for names in owners]}


def test_demo_is_listed_where_it_is_the_default(databases: Databases) -> None:
    with v1_server(databases, None) as server:
        body = server.get("/v1/models").json()
        assert body["data"] == [model("demo", "demo")]


def test_one_model_is_found_by_its_id_whatever_that_holds(v1: Server) -> None:
    assert v1.get("/v1/models/maker/scripted").json() == model("openrouter", "maker/scripted")
    assert v1.get("/v1/models/gpt-oss:20b").json() == model("ollama", "gpt-oss:20b")


@pytest.mark.parametrize("name", ["unknown", "demo", "gpt-oss:20b/", "ollama"])
def test_what_is_not_listed_is_not_found(v1: Server, name: str) -> None:
    error = openai_error_in(v1.get(f"/v1/models/{name}"), 404, "invalid_request_error")
    assert error["code"] == "model_not_found"


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nothing", "/v1/models/", f"{CHAT}/"])
def test_unknown_paths_are_not_found_in_openais_form(v1: Server, path: str) -> None:
    openai_error_in(v1.get(path), 404, "invalid_request_error")
    openai_error_in(v1.get(path, headers={"Accept": "text/html"}), 404, "invalid_request_error")


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/models"), ("GET", CHAT), ("PUT", "/v1/responses"), ("POST", "/v1/responses/x")],
)
def test_a_wrong_method_is_refused_in_openais_form(v1: Server, method: str, path: str) -> None:
    answer = v1.request(method, path)
    openai_error_in(answer, 405, "invalid_request_error")
    assert answer.headers["Allow"]


@pytest.mark.parametrize("headers", [{}, bearer("wrong"), bearer("a.b.c"), {"X-API-Key": "wrong"}])
@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/x", "/v1/responses/x"])
def test_a_guarded_server_wants_a_credential(
    guarded_v1: Server, headers: dict[str, str], path: str
) -> None:
    """O-1"""
    error = openai_error_in(guarded_v1.get(path, headers=headers), 401, "invalid_request_error")
    assert error["code"] == "invalid_api_key"


def test_any_credential_is_taken_as_a_bearer_value(guarded_v1: Server, ann: Account) -> None:
    key = ann.new_key()
    credentials = [bearer("shared"), bearer(key["key"]), ann.headers]
    credentials += [{"X-API-Key": "shared"}, by_key(key)]
    answers = [guarded_v1.get("/v1/models", headers=headers) for headers in credentials]
    assert [answer.status_code for answer in answers] == [200] * len(answers)


def test_where_anybody_may_ask_the_bearer_value_may_be_anything(v1: Server) -> None:
    for value in ("none", "sk-123", "a.b.c", "Ωμέγα"):
        headers = {"Authorization": f"Bearer {value}".encode()}
        assert v1.request("GET", "/v1/models", headers=headers).status_code == 200


def test_a_revoked_key_is_refused_even_there(v1: Server) -> None:
    """What its user says must not be said as anybody."""
    bob = signed_up(v1)
    key = bob.new_key()
    v1.delete(f"/api/keys/{key['id']}", headers=bob.headers).raise_for_status()
    answer = v1.get("/v1/models", headers=bearer(key["key"]))
    openai_error_in(answer, 401, "invalid_request_error")


def test_a_key_for_some_models_sees_and_asks_only_these(guarded_v1: Server, ann: Account) -> None:
    headers = bearer(ann.new_key(allowed_models=["scripted-small"])["key"])
    listed = guarded_v1.get("/v1/models", headers=headers).json()["data"]
    assert [entry["id"] for entry in listed] == ["scripted-small"]
    body = {"messages": [{"role": "user", "content": "Hello"}], "model": "scripted-large"}
    for path, asked in ((CHAT, body), ("/v1/responses", {**body, "input": "Hello"})):
        answer = guarded_v1.post(path, json=asked, headers=headers)
        error = openai_error_in(answer, 403, "invalid_request_error")
        assert "scripted-large" in error["message"]
    assert guarded_v1.post(CHAT, json={**body, "model": ""}, headers=headers).status_code == 200


def test_who_asks_too_often_is_refused_in_openais_form(databases: Databases) -> None:
    env = {"RATE_RPS": "0.001", "RATE_BURST": "3"}
    with v1_server(databases, None, env) as server:
        for _ in range(3):
            assert chat(server).status_code == 200
        answer = chat(server)
        error = openai_error_in(answer, 429, "rate_limit_error")
        assert error["code"] == "rate_limited"
        assert int(answer.headers["Retry-After"]) >= 1


def model(provider: str, name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": provider}
