"""Connections that are attached to what is stored (W-6)."""

from typing import Any

from tests.api.accounts import by_key, signed_up
from tests.api.drivers import Chat, text_of
from tests.api.talking import NOBODY, new_session, reply_to
from tests.api.threads import new_thread
from tests.client import Server, Upstream

REFUSAL = {"type": "error", "error": "Thread not found"}


def _told(upstream: Upstream) -> list[str]:
    messages = upstream.requests("/chat/completions")[-1]["body"]["messages"]
    return [message["content"] for message in messages]


def _items(server: Server, thread_id: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    answer = server.get(f"/api/threads/{thread_id}/messages", headers=headers)
    items: list[dict[str, Any]] = answer.json()["items"]
    return items[::-1]


def test_a_threads_history_is_the_connections(server: Server, upstream: Upstream) -> None:
    """Each finished turn is stored in it, and the thread is listed."""
    account = signed_up(server)
    thread_id = new_thread(account, metadata={"model": "scripted-small"}).id
    with Chat(server, headers=account.headers) as chat:
        chat.send(thread_id=thread_id)
        assert chat.receive() == {"type": "thread", "thread_id": thread_id}
        assert text_of(chat.ask("One")) == "Echo: One"
        upstream.script({"status": 500, "body": "boom"})
        assert chat.ask("lost")[-1]["type"] == "error"
    with Chat(server, query=f"?token={account.access}") as chat:
        attached, *_ = chat.ask("Two", thread_id=thread_id.upper())
        assert attached == {"type": "thread", "thread_id": thread_id}
    assert _told(upstream) == ["One", "Echo: One", "Two"]
    items = _items(server, thread_id, account.headers)
    kept = [(item["sender_type"], item["text"]) for item in items if item["text"] != "lost"]
    said = [
        ("user", "One"),
        ("assistant", "Echo: One"),
        ("user", "Two"),
        ("assistant", "Echo: Two"),
    ]
    assert kept == said
    listed = server.get("/api/threads", headers=account.headers).json()["items"]
    assert [(row["id"], row["title"]) for row in listed] == [(thread_id, "scripted-small: One")]


def test_a_thread_of_the_keys_user_is_found(server: Server) -> None:
    account = signed_up(server)
    thread_id = new_thread(account).id
    with Chat(server, headers=by_key(account.new_key())) as chat:
        assert text_of(chat.ask("One", thread_id=thread_id)) == "Echo: One"


def test_what_is_no_thread_of_the_callers_is_not_found(server: Server, upstream: Upstream) -> None:
    account, other = signed_up(server), signed_up(server)
    thread_id = new_thread(account).id
    with Chat(server, headers=other.headers) as chat:
        chat.ask("One")
        wrong: Any
        for wrong in (thread_id, NOBODY, "rubbish", "", 7, {}):
            chat.send(thread_id=wrong)
            assert chat.receive() == REFUSAL
            assert chat.ask("Hello", thread_id=wrong) == [REFUSAL]
        chat.ask("Two")
    assert _told(upstream) == ["One", "Echo: One", "Two"]
    with Chat(server) as anonymous:
        anonymous.send(thread_id=thread_id)
        assert anonymous.receive() == REFUSAL
    assert _items(server, thread_id, account.headers) == []


def test_clearing_the_history_leaves_the_thread_alone(server: Server, upstream: Upstream) -> None:
    account = signed_up(server)
    thread_id = new_thread(account).id
    with Chat(server, headers=account.headers) as chat:
        chat.ask("One", thread_id=thread_id)
        chat.send(type="clear_history")
        assert chat.receive() == {"type": "history_cleared"}
        chat.ask("Two")
    assert _told(upstream) == ["Two"]
    assert _items(server, thread_id, account.headers)[0]["text"] == "One"


def test_a_thread_that_is_deleted_is_not_found_any_more(server: Server) -> None:
    account = signed_up(server)
    thread_id = new_thread(account).id
    with Chat(server, headers=account.headers) as chat:
        chat.ask("One", thread_id=thread_id)
        server.delete(f"/api/threads/{thread_id}", headers=account.headers)
        assert chat.ask("Two") == [REFUSAL]


def test_any_conversation_of_the_callers_can_be_gone_on_with(
    server: Server, upstream: Upstream
) -> None:
    session = new_session(server)
    reply_to(server, session, "One")
    session_id = session.rpartition("/")[2]
    with Chat(server) as chat:
        chat.send(conversation_id=session_id)
        assert chat.receive() == {"type": "conversation", "conversation_id": session_id}
        chat.ask("Two")
    assert _told(upstream) == ["One", "Echo: One", "Two"]
    history = server.get(session).json()["history"]
    assert [message["content"] for message in history][-2:] == ["Two", "Echo: Two"]
