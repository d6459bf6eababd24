"""`regenerate` over the socket: another reply to the latest prompt, in its turn (W-4.6)."""

from typing import Any

from tests.api.accounts import signed_up
from tests.api.drivers import Chat, text_of
from tests.api.threads import new_thread
from tests.client import Server, Upstream


def _told(upstream: Upstream) -> list[str]:
    messages = upstream.requests("/chat/completions")[-1]["body"]["messages"]
    return [message["content"] for message in messages]


def _again(chat: Chat, **fields: Any) -> list[dict[str, Any]]:
    chat.send(type="regenerate", **fields)
    return chat.reply()


def test_another_reply_takes_the_place_of_the_first(server: Server, upstream: Upstream) -> None:
    for text in ("One", "Two"):
        upstream.script({"text": text}, match="Say a number")
    with Chat(server) as chat:
        chat.ask("Before")
        assert text_of(chat.ask("Say a number")) == "One"
        assert text_of(_again(chat)) == "Two"
        assert _told(upstream) == ["Before", "Echo: Before", "Say a number"]
        chat.ask("After")
    assert _told(upstream) == ["Before", "Echo: Before", "Say a number", "Two", "After"]


def test_it_waits_for_the_reply_that_runs(server: Server, upstream: Upstream) -> None:
    with Chat(server) as chat:
        chat.begin("tokens 10 every 20")
        chat.send(type="regenerate")
        chat.send(messages=[{"role": "user", "content": "Next"}])
        first, second = text_of(chat.reply()), text_of(chat.reply())
        assert first == second
        assert text_of(chat.reply()) == "Echo: Next"
    assert _told(upstream) == ["tokens 10 every 20", first, "Next"]


def test_in_a_thread_both_replies_are_kept_and_one_is_listed(
    server: Server, upstream: Upstream
) -> None:
    for text in ("One", "Two"):
        upstream.script({"text": text}, match="Say a number")
    account = signed_up(server)
    thread_id = new_thread(account, metadata={"model": "scripted-small"}).id
    with Chat(server, headers=account.headers) as chat:
        chat.ask("Say a number", thread_id=thread_id)
    with Chat(server, headers=account.headers) as chat:
        attached, *reply = _again(chat, thread_id=thread_id, events=True)
        assert attached == {"type": "thread", "thread_id": thread_id}
        assert text_of(reply) == "Two"
    page = server.get(f"/api/threads/{thread_id}/messages", headers=account.headers).json()
    said = [(item["text"], item["status"]) for item in page["items"]]
    assert said == [("Two", "ready"), ("Say a number", "ready")]
    assert page["pagination"]["total"] == 2
    exported = server.get("/api/export", headers=account.headers).text
    assert '"content":"One"' in exported


def test_a_failure_leaves_the_reply_that_there_is(server: Server, upstream: Upstream) -> None:
    with Chat(server) as chat:
        chat.ask("One")
        upstream.script({"status": 400, "body": "boom"})
        assert _again(chat)[-1]["type"] == "error"
        chat.ask("Two")
    assert _told(upstream) == ["One", "Echo: One", "Two"]


def test_a_prompt_that_failed_is_answered_at_last(server: Server, upstream: Upstream) -> None:
    with Chat(server) as chat:
        chat.ask("One")
        upstream.script({"status": 400, "body": "boom"})
        assert chat.ask("Two")[-1]["type"] == "error"
        assert text_of(_again(chat)) == "Echo: Two"
    assert _told(upstream) == ["One", "Echo: One", "Two"]


def test_the_same_key_asks_once(server: Server, upstream: Upstream) -> None:
    with Chat(server) as chat:
        chat.ask("One")
        for _ in range(2):
            assert text_of(_again(chat, events=True, id="again-1")) == "Echo: One"
    assert len(upstream.requests("/chat/completions")) == 2


def test_where_nothing_was_said_there_is_nothing_to_answer(server: Server) -> None:
    with Chat(server) as chat:
        assert _again(chat) == [{"type": "error", "error": "No messages in conversation"}]
        assert text_of(chat.ask("One")) == "Echo: One"
