"""contracts/chat-stream.md, rule by rule; texts and faults are in the scenario table."""

import re
from typing import Any

import httpx
import pytest

from tests.client import Server, Upstream
from tests.conftest import QUICK, UNLIMITED, StartServer
from tests.sse import Event, parse


def ask(server: Server, message: str, after: str | None = None) -> httpx.Response:
    body = {"message": message, "previous_response_id": after}
    return server.post("/api/chat/stream", json=body)


def end_of(answer: httpx.Response) -> Event:
    assert answer.status_code == 200, answer.text
    return parse(answer.content)[-1]


def id_of(answer: httpx.Response) -> str:
    end = end_of(answer)
    assert end.event == "done"
    return end.data


def told(upstream: Upstream) -> list[str]:
    messages = upstream.requests("/chat/completions")[-1]["body"]["messages"]
    return [message["content"] for message in messages]


@pytest.fixture(scope="module")
def openai(databases: Any, upstream: Upstream) -> Any:
    """A server whose default provider is `openai`, on the scripted upstream."""
    env = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": f"{upstream.url}/v1"}
    settings = {**UNLIMITED, **QUICK, **env}
    server = Server.start(databases.new("sqlite"), settings)
    yield server
    server.stop()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"message": ""},
        {"message": " \n"},
        {"message": 5},
        {"message": None},
        {"message": "x", "previous_response_id": 5},
        {"message": "x", "previous_response_id": []},
    ],
)
def test_a_request_of_the_wrong_form_is_422(server: Server, body: dict[str, Any]) -> None:
    """B-1"""
    answer = server.post("/api/chat/stream", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_error")


@pytest.mark.parametrize("after", ["resp_nobody", "resp_" + "0" * 32, "x" * 5000])
def test_an_unknown_previous_id_is_404(server: Server, after: str) -> None:
    answer = ask(server, "Hello", after)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "previous_response_not_found"


def test_a_default_provider_that_is_not_configured_is_503(start_server: StartServer) -> None:
    answer = ask(start_server({"LLM_PROVIDER": "openai"}), "Hello")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "provider_not_available")


def test_the_wire_is_to_the_letter(server: Server, upstream: Upstream) -> None:
    """B-2.1 to B-2.4"""
    upstream.script({"text": "Hello"}, {"text": " a\n\nb"}, {"text": ""}, {"text": "🦆"})
    answer = ask(server, "Hi")
    plain = re.sub(r"(?m)^(id: .*|: .*)\n", "", answer.text)
    done = id_of(answer)
    assert plain == (
        "event: delta\ndata: Hello\n\n"
        "event: delta\ndata:  a\n\n"
        "event: delta\ndata: \ndata: \n\n"
        "event: delta\ndata: \ndata: \n\n"
        "event: delta\ndata: b\n\n"
        "event: delta\ndata: 🦆\n\n"
        f"event: done\ndata: {done}\n\n"
    )
    assert answer.text.count("id: ") == 7


def test_an_error_is_one_line(server: Server, upstream: Upstream) -> None:
    upstream.script({"status": 500, "body": {"error": {"message": "line one\nline two"}}})
    end = end_of(ask(server, "Hi"))
    assert end.event == "error"
    assert end.data.startswith("Stream error: ")
    assert "line one line two" in end.data


def test_events_leave_as_they_come(server: Server, upstream: Upstream) -> None:
    """B-2"""
    upstream.script({"text": "now"}, {"sleep": 1.0}, {"text": "later"})
    body = {"message": "Hi"}
    with server._http.stream("POST", "/api/chat/stream", json=body) as answer:
        first = next(answer.iter_bytes())
    assert b"now" in first and b"later" not in first


def test_each_use_of_an_id_is_a_branch(server: Server, upstream: Upstream) -> None:
    """B-4.4"""
    first = id_of(ask(server, "One"))
    left, right = id_of(ask(server, "Left", first)), id_of(ask(server, "Right", first))
    ask(server, "Then", left)
    assert told(upstream) == ["One", "Echo: One", "Left", "Echo: Left", "Then"]
    ask(server, "Then", right)
    assert told(upstream) == ["One", "Echo: One", "Right", "Echo: Right", "Then"]


@pytest.mark.parametrize("after", [None, ""])
def test_without_an_id_a_conversation_begins(
    server: Server, upstream: Upstream, after: str | None
) -> None:
    ask(server, "One")
    ask(server, "Alone", after)
    assert told(upstream) == ["Alone"]


def test_openai_continues_its_own_answers(openai: Server, upstream: Upstream) -> None:
    """B-4.2: nothing is said twice."""
    first = id_of(ask(openai, "One"))
    second = id_of(ask(openai, "Two", first))
    asked = [call["body"] for call in upstream.requests("/responses")]
    assert [[m["content"] for m in body["input"]] for body in asked] == [["One"], ["Two"]]
    assert asked[0]["model"] == "gpt-4o-mini"
    assert asked[0]["stream"] is True
    assert "previous_response_id" not in asked[0]
    assert asked[1]["previous_response_id"] == first
    assert second != first


def test_an_id_that_openai_has_forgotten_is_404(openai: Server, upstream: Upstream) -> None:
    """B-2.7: no stream is opened."""
    first = id_of(ask(openai, "One"))
    upstream.reset()
    answer = ask(openai, "Two", first)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "previous_response_not_found"


def test_the_model_is_llm_model(start_server: StartServer, upstream: Upstream) -> None:
    """B-3"""
    server = start_server({"LLM_MODEL": "my-model"}, upstream=upstream)
    ask(server, "Hi")
    assert upstream.requests("/chat/completions")[-1]["body"]["model"] == "my-model"


def test_ids_of_another_workspace_are_unknown(
    start_server: StartServer, upstream: Upstream, databases: Any
) -> None:
    """C-4.7"""
    url = databases.new("sqlite")
    anonymous = start_server(upstream=upstream, database_url=url)
    guarded = start_server({"API_KEY": "key"}, upstream=upstream, database_url=url)
    first = id_of(ask(anonymous, "One"))
    body, headers = {"message": "Two", "previous_response_id": first}, {"X-API-Key": "key"}
    answer = guarded.post("/api/chat/stream", json=body, headers=headers)
    assert answer.status_code == 404
    assert ask(guarded, "Hi").json()["error"]["code"] == "missing_api_key"
    wrong = guarded.post("/api/chat/stream", json=body, headers={"X-API-Key": "kez"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "invalid_api_key")
