"""Answers of conversations: stored before they are told, kept when nobody listens, resumed."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.client import Server, Upstream
from tests.conftest import UNLIMITED, StartServer
from tests.sse import parse

SLOW = [step for n in range(20) for step in ({"text": f"w{n} "}, {"sleep": 0.05})]
SLOW_TEXT = "".join(f"w{n} " for n in range(20))


def asked(server: Server, message: str, **fields: Any) -> str:
    """The path of a conversation with one question."""
    made = server.post("/conversations", json=fields).json()["id"]
    path = f"/conversations/{made}"
    server.post(f"{path}/messages", json={"message": message}).raise_for_status()
    return path


def said(server: Server, path: str) -> list[tuple[str, str]]:
    messages = server.get(f"{path}/messages").json()["messages"]
    return [(message["role"], message["content"]) for message in messages]


def until(reached: Callable[[], bool], *, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def left_in_the_middle(server: Server, path: str) -> tuple[str, str]:
    """Turn id and last event id of a client that has gone after the first text."""
    with httpx.stream("GET", f"{server.url}{path}/stream", trust_env=False) as answer:
        turn_id, seen = answer.headers["X-Turn-ID"], b""
        for piece in answer.iter_bytes():
            seen += piece
            if b"content" in seen:
                break
    return turn_id, parse(seen)[-1].id


def test_a_stream_says_what_it_is(server: Server) -> None:
    """V-3, C-10.1, C-10.2"""
    answer = server.get(f"{asked(server, 'Hello')}/stream")
    assert answer.headers["Content-Type"].split(";")[0] == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["X-Accel-Buffering"] == "no"
    lines = [line for line in answer.text.split("\n") if line and not line.startswith(":")]
    assert {line.split(": ")[0] for line in lines} == {"id", "data"}


def test_every_event_of_a_browser_is_json_on_one_line(server: Server, upstream: Upstream) -> None:
    """V-3.1"""
    upstream.script({"text": "a\n\nb\r\n"}, {"text": ""}, {"text": '"}\u2028\x01'})
    *pieces, done = parse(server.get(f"{asked(server, 'Hi')}/stream").content)
    assert {event.event for event in (*pieces, done)} == {"message"}
    contents = [json.loads(event.data)["content"] for event in pieces]
    assert all(contents)
    assert "".join(contents) == 'a\n\nb\r\n"}\u2028\x01'
    assert json.loads(done.data)["done"] is True


def test_the_reply_is_stored_before_done_is_sent(server: Server, upstream: Upstream) -> None:
    """V-3.3"""
    path = asked(server, "Hello")
    seen = b""
    with httpx.stream("GET", f"{server.url}{path}/stream", trust_env=False) as answer:
        for piece in answer.iter_bytes():
            seen += piece
            if b'"done"' in seen:
                stored = server.get(f"{path}/messages").json()["messages"][-1]
                break
    assert stored["id"] == json.loads(parse(seen)[-1].data)["message_id"]
    assert (stored["role"], stored["content"]) == ("assistant", "Echo: Hello")


def test_the_provider_gets_the_roles_too(server: Server, upstream: Upstream) -> None:
    """V-3.2, and every stream asks again."""
    path = asked(server, "One", default_model="m")
    server.get(f"{path}/stream")
    server.get(f"{path}/stream")
    told = upstream.requests("/chat/completions")[-1]["body"]["messages"]
    assert told == [
        {"role": "user", "content": "One"},
        {"role": "assistant", "content": "Echo: One"},
    ]


@pytest.mark.parametrize("model", ["", "?model="])
def test_the_replys_model_is_told_as_it_was_asked_for(server: Server, model: str) -> None:
    """V-2.3: with its prefix, though the provider was asked without it."""
    path = asked(server, "One", default_model="ollama/any")
    server.get(f"{path}/stream{model}")
    assert server.get(f"{path}/messages").json()["messages"][-1]["model"] == "ollama/any"


def test_a_fault_is_told_on_the_stream_and_stores_nothing(
    server: Server, upstream: Upstream
) -> None:
    """V-3.4"""
    path = asked(server, "Hi")
    upstream.script({"status": 429, "body": {"error": {"message": "slow down"}}})
    events = parse(server.get(f"{path}/stream").content)
    assert [set(json.loads(event.data)) for event in events] == [{"error"}]
    assert "429" in events[0].data or "slow down" in events[0].data
    assert said(server, path) == [("user", "Hi")]


def test_a_client_that_leaves_does_not_stop_the_answer(server: Server, upstream: Upstream) -> None:
    """C-10"""
    upstream.script(*SLOW, match="leaving")
    path = asked(server, "leaving")
    turn_id, _ = left_in_the_middle(server, path)
    until(lambda: server.get(f"/api/turns/{turn_id}").json()["finished_at"] is not None)
    turn = server.get(f"/api/turns/{turn_id}").json()
    assert (turn["status"], turn["text"]) == ("completed", SLOW_TEXT)
    assert said(server, path) == [("user", "leaving"), ("assistant", SLOW_TEXT)]


def test_a_client_that_comes_back_gets_the_rest_and_asks_nobody(
    server: Server, upstream: Upstream
) -> None:
    """C-10.5, while the turn still runs and once it is over."""
    upstream.script(*SLOW, match="leaving")
    path = asked(server, "leaving")
    turn_id, last_id = left_in_the_middle(server, path)
    for _ in ("running", "over"):
        answer = server.get(f"{path}/stream", headers={"Last-Event-ID": last_id})
        *pieces, done = [json.loads(event.data) for event in parse(answer.content)]
        rest = "".join(piece["content"] for piece in pieces)
        assert answer.headers["X-Turn-ID"] == turn_id
        assert rest and SLOW_TEXT.endswith(rest) and rest != SLOW_TEXT
        assert done["message_id"]
    assert len(upstream.requests("/chat/completions")) == 1
    assert len(said(server, path)) == 2


def test_a_fault_can_be_followed_again(server: Server, upstream: Upstream) -> None:
    """C-10.5: a browser that reconnects after an error is told the error, and asks nobody."""
    upstream.script({"text": "half "}, {"error": "overloaded"})
    path = asked(server, "Hi")
    events = parse(server.get(f"{path}/stream").content)
    for seen in events:
        again = server.get(f"{path}/stream", headers={"Last-Event-ID": seen.id})
        assert "overloaded" in json.loads(parse(again.content)[-1].data)["error"]
    assert len(upstream.requests("/chat/completions")) == 1


def test_a_session_that_nobody_waits_for_is_answered(server: Server, upstream: Upstream) -> None:
    """C-10, S-4: the same for the dialect that does not stream."""
    upstream.script({"text": "half "}, {"sleep": 1.0}, {"text": "whole"}, match="leaving")
    path = f"/sessions/{server.post('/sessions', json={}).json()['id']}"
    with pytest.raises(httpx.ReadTimeout):
        server.post(f"{path}/messages", json={"content": "leaving"}, timeout=0.5)
    until(lambda: len(server.get(path).json()["history"]) == 2)
    contents = [message["content"] for message in server.get(path).json()["history"]]
    assert contents == ["leaving", "half whole"]


def test_a_conversation_that_is_deleted_in_the_middle_does_no_harm(
    server: Server, upstream: Upstream
) -> None:
    """The stream ends, the turn and the conversation are gone, and the others go on."""
    upstream.script(*SLOW, match="deleted")
    path = asked(server, "deleted")
    with httpx.stream("GET", f"{server.url}{path}/stream", trust_env=False) as answer:
        pieces = answer.iter_bytes()
        seen = next(pieces)
        assert server.delete(path).status_code == 200
        seen += b"".join(pieces)
    assert set(json.loads(parse(seen)[-1].data)) == {"error"}
    assert server.get(path).status_code == 404
    turn = server.get(f"/api/turns/{answer.headers['X-Turn-ID']}")
    assert (turn.status_code, turn.json()["error"]["code"]) == (404, "turn_not_found")
    other = asked(server, "Hello")
    assert b'"done":true' in server.get(f"{other}/stream").content


def test_a_conversation_left_and_deleted_does_no_harm(server: Server, upstream: Upstream) -> None:
    upstream.script(*SLOW, match="deleted")
    path = asked(server, "deleted")
    turn_id, last_id = left_in_the_middle(server, path)
    assert server.delete(path).status_code == 200
    again = server.get(f"{path}/stream", headers={"Last-Event-ID": last_id})
    assert (again.status_code, again.json()["error"]["code"]) in {
        (404, "conversation_not_found"),
        (404, "turn_not_found"),
    }
    assert server.get(f"/api/turns/{turn_id}/events").status_code == 404
    assert server.get("/health").json()["checks"]["database"] == "ok"


def test_a_session_deleted_in_the_middle_is_not_found(server: Server, upstream: Upstream) -> None:
    upstream.script(*SLOW, match="deleted")
    path = f"/sessions/{server.post('/sessions', json={}).json()['id']}"
    timer = threading.Timer(0.3, lambda: httpx.delete(f"{server.url}{path}", trust_env=False))
    timer.start()
    answer = server.post(f"{path}/messages", json={"content": "deleted"})
    timer.join()
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "session_not_found")


def test_two_streams_of_one_conversation_are_two_answers(
    server: Server, upstream: Upstream
) -> None:
    """Neither blocks or spoils the other."""
    path = asked(server, "tokens 10 every 20")
    answers: list[httpx.Response] = []
    threads = [
        threading.Thread(target=lambda: answers.append(httpx.get(f"{server.url}{path}/stream")))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [b'"done":true' in answer.content for answer in answers] == [True, True]
    assert [role for role, _ in said(server, path)] == ["user", "assistant", "assistant"]


def test_models_are_passed_on_with_all_their_fields(
    start_server: StartServer, upstream: Upstream
) -> None:
    """V-4.1, V-6"""
    env = {"OPENROUTER_API_KEY": "k", "OPENROUTER_BASE_URL": f"{upstream.url}/api/v1"}
    server = start_server({**UNLIMITED, **env})
    listed = server.get("/models").json()["models"]
    assert listed == [
        {
            "id": "maker/scripted",
            "name": "Scripted",
            "pricing": {"prompt": "0.000001", "completion": "0.000002"},
            "context_length": 8192,
        }
    ]


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("text/html", "text/html"),
        ("application/json;q=0.5,text/html", "text/html"),
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("application/json,text/html;q=0.5", "application/json"),
        ("text/html;q=0", "application/json"),
        ("nonsense", "application/json"),
        (None, "application/json"),
    ],
)
def test_only_a_browser_gets_the_page(server: Server, accept: str | None, media: str) -> None:
    """V-5"""
    # A request that is made by hand has no header that it was not given.
    request = httpx.Request("GET", server.url, headers={"Accept": accept} if accept else {})
    with httpx.Client(trust_env=False) as client:
        answer = client.send(request)
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, media)


async def test_a_silent_stream_shows_that_it_lives(
    start_server: StartServer, upstream: Upstream
) -> None:
    """C-10.2: a comment at least every 15 s, in each dialect that streams."""
    upstream.script({"sleep": 15.5}, {"text": "at last"}, match="silence")
    server = start_server(UNLIMITED, upstream=upstream)
    path = asked(server, "silence")
    async with httpx.AsyncClient(base_url=server.url, timeout=30, trust_env=False) as client:
        chat = client.post("/api/chat/stream", json={"message": "silence"})
        answers = await asyncio.gather(chat, client.get(f"{path}/stream"))
    for answer in answers:
        assert any(line.startswith(":") for line in answer.text.split("\n"))
        assert "at last" in answer.text
        assert parse(answer.content)[-1].event in {"done", "message"}
