"""contracts/conversations.md, rule by rule; texts and faults are in the scenario table."""

import json
import re
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.client import Server, Upstream
from tests.conftest import QUICK, UNLIMITED, StartServer
from tests.sse import parse


def begin(server: Server, **fields: Any) -> dict[str, Any]:
    answer = server.post("/conversations", json=fields)
    assert answer.status_code == 200, answer.text
    conversation: dict[str, Any] = answer.json()
    return conversation


def say(server: Server, conversation: str, message: str, **fields: Any) -> httpx.Response:
    body = {"message": message, **fields}
    return server.post(f"/conversations/{conversation}/messages", json=body)


def stream(server: Server, conversation: str, query: str = "", **headers: str) -> httpx.Response:
    return server.get(f"/conversations/{conversation}/stream{query}", headers=headers)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def data_of(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [json.loads(event.data) for event in parse(answer.content)]


def messages_of(server: Server, conversation: str) -> list[dict[str, Any]]:
    answer = server.get(f"/conversations/{conversation}/messages").json()
    assert answer["conversation_id"] == conversation
    messages: list[dict[str, Any]] = answer["messages"]
    return messages


@pytest.mark.parametrize("fields", [{}, {"default_model": None}, {"default_model": ""}])
def test_a_conversation_begins_with_the_default_model(
    server: Server, fields: dict[str, Any]
) -> None:
    """V-2.1"""
    conversation = begin(server, **fields)
    assert set(conversation) == {"id", "default_model", "created_at", "updated_at"}
    assert conversation["default_model"] == "openai/gpt-3.5-turbo"


def test_any_model_is_accepted(server: Server) -> None:
    assert begin(server, default_model="ns/my model")["default_model"] == "ns/my model"


def test_conversations_are_listed_oldest_first_with_counts(server: Server) -> None:
    made = [begin(server)["id"] for _ in range(3)]
    say(server, made[1], "One")
    say(server, made[1], "Two")
    listed = server.get("/conversations").json()["conversations"]
    mine = [(item["id"], item["message_count"]) for item in listed if item["id"] in made]
    assert mine == [(made[0], 0), (made[1], 2), (made[2], 0)]


def test_the_model_is_changed_and_the_time_moves_on(server: Server) -> None:
    before = begin(server)
    changed = server.patch(f"/conversations/{before['id']}", json={"default_model": "other"})
    assert changed.status_code == 200
    assert changed.json()["default_model"] == "other"
    assert changed.json()["updated_at"] > before["updated_at"]
    assert server.get(f"/conversations/{before['id']}").json() == changed.json()


def test_a_deleted_conversation_is_gone_with_its_messages(server: Server) -> None:
    conversation = begin(server)["id"]
    say(server, conversation, "One")
    gone = server.delete(f"/conversations/{conversation}")
    assert gone.status_code == 200
    assert gone.json() == {"status": "deleted", "conversation_id": conversation}
    assert code_of(server.get(f"/conversations/{conversation}")) == (404, "conversation_not_found")
    assert code_of(stream(server, conversation)) == (404, "conversation_not_found")


@pytest.mark.parametrize("conversation", ["0f2a1c34-5b6d-4e7f-8a90-123456789abc", "nonsense", "1"])
def test_any_unknown_id_is_404(server: Server, conversation: str) -> None:
    path = f"/conversations/{conversation}"
    answers = [
        server.get(path),
        server.delete(path),
        server.patch(path, json={"default_model": "x"}),
        server.get(f"{path}/messages"),
        say(server, conversation, "Hello"),
        stream(server, conversation),
    ]
    for answer in answers:
        assert code_of(answer) == (404, "conversation_not_found")
        assert answer.json()["detail"] == "Conversation not found"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", {"default_model": 5}),
        ("PATCH", "/nowhere", {}),
        ("PATCH", "/nowhere", {"default_model": ""}),
        ("PATCH", "/nowhere", {"default_model": None}),
        ("POST", "/nowhere/messages", {}),
        ("POST", "/nowhere/messages", {"message": ""}),
        ("POST", "/nowhere/messages", {"message": 5}),
        ("POST", "/nowhere/messages", {"message": "x", "model": 5}),
    ],
)
def test_faults_of_the_form_are_400_and_come_first(
    server: Server, method: str, path: str, body: dict[str, Any]
) -> None:
    """V-2.5"""
    answer = server.request(method, f"/conversations{path}", json=body)
    assert code_of(answer) == (400, "validation_error")


def test_sending_stores_and_asks_nobody(server: Server, upstream: Upstream) -> None:
    """V-2.2, V-2.4"""
    conversation = begin(server)
    message = say(server, conversation["id"], "Why do ducks float?", model="m").json()
    assert set(message) == {"id", "role", "content", "model", "timestamp"}
    shown = (message["role"], message["content"], message["model"])
    assert shown == ("user", "Why do ducks float?", None)
    assert messages_of(server, conversation["id"]) == [message]
    later = server.get(f"/conversations/{conversation['id']}").json()
    assert later["updated_at"] > conversation["updated_at"]
    assert upstream.requests("/chat/completions") == []


def test_the_wire_is_to_the_letter(server: Server, upstream: Upstream) -> None:
    """V-3.1, C-10.1, C-10.2"""
    upstream.script({"text": "Hello"}, {"text": "\n🦆"})
    conversation = begin(server)["id"]
    say(server, conversation, "Hi")
    answer = stream(server, conversation)
    plain = re.sub(r"(?m)^(id: .*|: .*)\n", "", answer.text).lstrip("\n")
    stored = messages_of(server, conversation)[-1]
    assert plain == (
        'data: {"content":"Hello"}\n\n'
        'data: {"content":"\\n🦆"}\n\n'
        f'data: {{"done":true,"message_id":"{stored["id"]}"}}\n\n'
    )
    assert stored["content"] == "Hello\n🦆"
    assert answer.headers["X-Turn-ID"]


def test_the_provider_is_told_all_messages(server: Server, upstream: Upstream) -> None:
    """V-3.2"""
    conversation = begin(server)["id"]
    say(server, conversation, "One")
    say(server, conversation, "Two")
    stream(server, conversation)
    say(server, conversation, "Three")
    stream(server, conversation)
    told = upstream.requests("/chat/completions")[-1]["body"]["messages"]
    assert [message["content"] for message in told] == ["One", "Two", "Echo: Two", "Three"]


def test_the_model_is_the_querys_or_the_messages_or_the_conversations(
    server: Server, upstream: Upstream
) -> None:
    """V-2.3"""
    conversation = begin(server, default_model="first")["id"]
    say(server, conversation, "One")
    stream(server, conversation)
    say(server, conversation, "Two", model="second")
    stream(server, conversation)
    stream(server, conversation, "?model=third")
    asked = [call["body"]["model"] for call in upstream.requests("/chat/completions")]
    assert asked == ["first", "second", "third"]
    models = [message["model"] for message in messages_of(server, conversation)]
    assert models == [None, "first", None, "second", "third"]


def test_a_conversation_without_messages_cannot_be_answered(server: Server) -> None:
    """V-3.5"""
    answer = stream(server, begin(server)["id"])
    assert code_of(answer) == (400, "no_messages")
    assert answer.json()["detail"] == "No messages in conversation"


def test_a_missing_key_is_500_and_named(start_server: StartServer) -> None:
    """404 comes before 500, and 500 before 400."""
    server = start_server({"DEFAULT_PROVIDER": "openrouter"})
    conversation = begin(server)["id"]
    assert code_of(stream(server, str(uuid4())))[0] == 404
    for answer in (stream(server, conversation), server.get("/models")):
        assert code_of(answer) == (500, "provider_not_configured")
        assert "OPENROUTER_API_KEY" in answer.json()["detail"]


def test_an_event_source_that_reconnects_goes_on_with_its_turn(
    server: Server, upstream: Upstream
) -> None:
    """C-10.5"""
    conversation = begin(server)["id"]
    say(server, conversation, "tokens 8 every 5")
    whole = stream(server, conversation)
    ids = [event.id for event in parse(whole.content)]
    texts = [data.get("content", "") for data in data_of(whole)]
    for position, last_id in enumerate(ids):
        again = stream(server, conversation, **{"Last-Event-ID": last_id})
        rest = data_of(again)
        assert again.headers["X-Turn-ID"] == whole.headers["X-Turn-ID"]
        assert "".join(d.get("content", "") for d in rest) == "".join(texts[position + 1 :])
        assert rest[-1] == data_of(whole)[-1]
    assert len(upstream.requests("/chat/completions")) == 1


def test_a_turn_of_another_conversation_is_not_continued(server: Server) -> None:
    mine, other = begin(server)["id"], begin(server)["id"]
    say(server, mine, "One")
    last_id = parse(stream(server, mine).content)[0].id
    say(server, other, "Two")
    assert stream(server, other, **{"Last-Event-ID": last_id}).status_code == 404


def test_models_are_listed_with_all_their_fields_and_kept(
    start_server: StartServer, upstream: Upstream
) -> None:
    """V-4.1, V-4.2, C-9.7, V-6"""
    env = {
        "OPENROUTER_KEY": "sk-or-secret",
        "OPENROUTER_BASE_URL": f"{upstream.url}/v1",
        "APP_TITLE": "Pärley",
        "DEFAULT_PROVIDER": "openrouter",
    }
    server = start_server({**UNLIMITED, **QUICK, **env})
    listed = server.get("/models").json()
    assert listed["cached"] is False
    assert all(model["id"] and model["name"] for model in listed["models"])
    assert server.get("/models").json() == {"models": listed["models"], "cached": True}
    conversation = begin(server)["id"]
    say(server, conversation, "Hi")
    stream(server, conversation)
    asked = upstream.requests("/v1/chat/completions")[-1]
    headers = {name.lower(): value for name, value in asked["headers"].items()}
    assert headers["authorization"] == "Bearer sk-or-secret"
    assert headers["http-referer"] == "http://localhost:8001"
    assert "x-title" in headers
    assert asked["body"]["stream"] is True
    assert len(upstream.requests("/models")) == 1


def test_a_list_that_cannot_be_had_is_502_and_not_kept(start_server: StartServer) -> None:
    """V-4.2, V-4.3"""
    env = {"CHAT_LLM_API_BASE": "http://127.0.0.1:9/v1"}
    server = start_server({**UNLIMITED, **env})
    for _ in range(2):
        assert code_of(server.get("/models")) == (502, "provider_error")


def test_the_status_counts_the_callers_workspace(start_server: StartServer) -> None:
    """V-5"""
    server = start_server({"APP_TITLE": "My Chat"})
    say(server, begin(server)["id"], "One")
    begin(server)
    for accept in ("*/*", "application/json"):
        status = server.get("/", headers={"Accept": accept}).json()
        assert status.pop("version")
        assert status == {
            "status": "online",
            "service": "My Chat",
            "conversations": 2,
            "total_messages": 1,
        }
