"""Turns behind a connection: stopping, leaving, taking up again, watching (W-5, C-10)."""

import os
import signal
import time
from typing import Any
from uuid import uuid4

import pytest

from tests.api.accounts import execute, signed_up
from tests.api.drivers import Chat, text_of
from tests.api.talking import NOBODY
from tests.api.threads import new_thread
from tests.client import Server, Upstream
from tests.conftest import StartServer

PIECES = ["Zwölf ", "Boxkämpfer\n\n", "جاگن ", "🦆🦆", "\r\n", " x ", "漢字かな"] * 3


def _turn(server: Server, turn_id: str) -> dict[str, Any]:
    turn: dict[str, Any] = server.get(f"/api/turns/{turn_id}").json()
    return turn


def _ended(server: Server, turn_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 10
    while (turn := _turn(server, turn_id))["finished_at"] is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return turn


def _told(upstream: Upstream) -> list[str]:
    messages = upstream.requests("/chat/completions")[-1]["body"]["messages"]
    return [message["content"] for message in messages]


def test_a_stop_ends_the_reply_within_a_second(server: Server, upstream: Upstream) -> None:
    """W-5: what was sent joins the history, the call is given up."""
    with Chat(server) as chat:
        chat.begin("tokens 100 every 50")
        first = chat.receive()
        chat.send(type="stop")
        asked = time.monotonic()
        rest = chat.reply()
        assert time.monotonic() - asked < 1.0
        assert rest[-1] == {"type": "done", "stopped": True}
        said = text_of([first, *rest])
        chat.ask("Two")
        assert _told(upstream) == ["tokens 100 every 50", said, "Two"]
    # The upstream notices when it next has something to say.
    deadline = time.monotonic() + 5
    while _given_up(upstream) != [True, False]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _given_up(upstream: Upstream) -> list[bool]:
    return [call["disconnected"] for call in upstream.requests("/chat/completions")]


def test_a_stop_right_behind_a_prompt_is_meant_for_it(server: Server, upstream: Upstream) -> None:
    upstream.script({"hang": True}, match="hang")
    with Chat(server) as chat:
        chat.ask("One")
        chat.begin("hang")
        chat.send(type="stop")
        assert chat.reply() == [{"type": "done", "stopped": True}]
        chat.ask("Two")
        assert _told(upstream) == ["One", "Echo: One", "Two"]


def test_a_stop_is_for_the_reply_that_runs_only(server: Server) -> None:
    with Chat(server) as chat:
        chat.send(type="stop")
        chat.begin("tokens 100 every 50")
        chat.begin("Two")
        chat.receive()
        chat.send(type="stop")
        assert chat.reply()[-1] == {"type": "done", "stopped": True}
        assert text_of(chat.reply()) == "Echo: Two"
        chat.send(type="stop")
        assert text_of(chat.ask("Three")) == "Echo: Three"


def test_a_turn_goes_on_when_the_client_leaves(server: Server) -> None:
    """C-10"""
    with Chat(server) as chat:
        chat.begin("tokens 10 every 50", events=True)
        turn_id = chat.receive()["turn_id"]
    turn = _ended(server, turn_id)
    assert (turn["status"], turn["text"].split()[-1]) == ("completed", "w9")


def test_a_prompt_whose_client_leaves_at_once_is_asked(server: Server, upstream: Upstream) -> None:
    prompt = f"asked {uuid4()}"
    with Chat(server) as chat:
        chat.begin(prompt)
    deadline = time.monotonic() + 5
    while not upstream.requests("/chat/completions"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert _told(upstream) == [prompt]


def test_what_is_said_is_stored_and_has_a_title(server: Server) -> None:
    """As a conversation of its own, so that search finds it."""
    with Chat(server) as chat:
        began, *_ = chat.ask("A question of some length, longer than a title", events=True)
        chat.ask("Two")
    its_turn = "SELECT conversation_id FROM conversations_turn WHERE "
    # SQLite keeps a UUID without its hyphens.
    its_turn += f"REPLACE(CAST(id AS TEXT), '-', '') = '{began['turn_id'].replace('-', '')}'"
    columns = "title, message_count, surface, workspace"
    statement = f"SELECT {columns} FROM conversations_conversation WHERE id IN ({its_turn})"
    rows = execute(server, statement)
    assert rows == [("A question of some length, longe", 4, "ws", "anonymous")]
    assert began["type"] == "turn"


@pytest.mark.parametrize("lost_after", [1, 4, 9])
def test_a_reply_is_taken_up_again_where_it_was_lost(
    server: Server, upstream: Upstream, lost_after: int
) -> None:
    steps = [step for piece in PIECES for step in ({"text": piece}, {"sleep": 0.01})]
    upstream.script(*steps, {"finish": "stop"})
    with Chat(server) as chat:
        chat.begin("resume", events=True)
        seen = [chat.receive() for _ in range(lost_after)]
    time.sleep(0.1)
    after = {"turn_id": seen[0]["turn_id"], "after": seen[-1]["cursor"]}
    with Chat(server) as again:
        again.send(type="resume", **after)
        rest = again.reply()
        again.send(type="resume", **after)
        assert text_of([*seen, *again.reply()]) == "".join(PIECES)
    assert text_of([*seen, *rest]) == "".join(PIECES)
    assert {frame["turn_id"] for frame in (*seen, *rest)} == {seen[0]["turn_id"]}
    assert rest[-1]["type"] == "done"


def test_a_cursor_that_is_none_gets_all_of_the_text(server: Server) -> None:
    with Chat(server) as chat:
        began, *_ = chat.ask("Hello", events=True)
        chat.send(type="resume", turn_id=began["turn_id"], after="rubbish")
        reset, done = chat.reply()
    assert (reset["type"], reset["text"], done["type"]) == ("reset", "Echo: Hello", "done")


def test_a_turn_is_followed_and_stopped_from_another_tab(server: Server) -> None:
    with Chat(server) as first, Chat(server) as second:
        first.begin("tokens 60 every 50", events=True)
        turn_id = first.receive()["turn_id"]
        second.send(type="resume", turn_id=turn_id)
        seen = [second.receive() for _ in range(2)]
        second.send(type="stop")
        ours, theirs = first.reply(), [*seen, *second.reply()]
    assert (ours[-1]["stopped"], theirs[-1]["stopped"]) == (True, True)
    assert text_of(ours) == text_of(theirs) == _turn(server, turn_id)["text"]


def test_turns_of_others_are_unknown(server: Server) -> None:
    owner, other = signed_up(server), signed_up(server)
    with Chat(server, headers=owner.headers) as chat:
        began, *_ = chat.ask("Hello", events=True)
    with Chat(server, headers=other.headers) as chat:
        for turn_id in (began["turn_id"], NOBODY):
            chat.send(type="resume", turn_id=turn_id)
            error = chat.receive()
            assert error == {"type": "error", "error": f"Turn {turn_id} was not found"}
        for row_id in (began["conversation_id"], NOBODY):
            for frame in ({"type": "watch"}, {}):
                chat.send({**frame, "conversation_id": row_id})
                assert chat.receive()["error"] == "Conversation not found"


def test_a_message_that_is_sent_again_is_asked_once(server: Server, upstream: Upstream) -> None:
    """C-10.7, by the client's id of the message; on a new connection too."""
    prompt = {"id": str(uuid4()), "events": True}
    with Chat(server) as chat:
        chat.begin("tokens 10 every 20", **prompt)
        began = chat.receive()
    with Chat(server) as chat:
        frames = chat.ask("tokens 10 every 20", **prompt)
        assert frames[0] == began
        assert text_of(frames) == " ".join(f"w{number}" for number in range(10))
        assert chat.ask("something else", **prompt)[-1]["error"].startswith("This Idempotency-Key")
        assert len(upstream.requests("/chat/completions")) == 1
        chat.ask("Two")
        assert _told(upstream)[0] == "tokens 10 every 20"


def test_an_id_of_a_client_that_asks_for_no_events_means_nothing(server: Server) -> None:
    with Chat(server) as chat:
        assert [text_of(chat.ask(word, id="1")) for word in "ab"] == ["Echo: a", "Echo: b"]


def test_a_change_in_another_tab_is_told(server: Server) -> None:
    """And one's own is not."""
    with Chat(server) as first, Chat(server) as second:
        began, *_ = first.ask("One", events=True)
        row_id = began["conversation_id"]
        for chat in (first, second):
            chat.send(type="watch", conversation_id=row_id)
            assert chat.receive() == {"type": "watching", "conversation_id": row_id}
        mine, *_ = first.ask("tokens 20 every 50", events=True)
        assert second.receive(seconds=2) == {
            "type": "changed",
            "conversation_id": row_id,
            "turn_id": mine["turn_id"],
        }
        time.sleep(0.8)
        first.send(type="ping")
        assert first.receive() == {"type": "pong"}


def test_a_change_through_another_api_is_told(server: Server) -> None:
    account = signed_up(server)
    thread = new_thread(account)
    with Chat(server, headers=account.headers) as chat:
        chat.send(type="watch", conversation_id=thread.id)
        chat.receive()
        thread.ask()
        assert chat.receive(seconds=2)["type"] == "changed"
        server.delete(f"/api/threads/{thread.id}", headers=account.headers)
        frame = chat.receive(seconds=2)
        while "turn_id" in frame:
            frame = chat.receive(seconds=2)
        assert frame == {"type": "changed", "conversation_id": thread.id}


def test_the_reply_that_runs_ends_before_the_server_does(
    start_server: StartServer, upstream: Upstream
) -> None:
    """1012 after the drain; what waits is not begun, and idle connections do not wait."""
    server = start_server({"TURN_DRAIN_SECONDS": "5"}, upstream=upstream)
    with Chat(server) as busy, Chat(server) as idle:
        busy.begin("tokens 20 every 50")
        busy.begin("Two")
        first = busy.receive()
        os.kill(server.pid, signal.SIGTERM)
        assert idle.closed(seconds=1) == 1012
        assert text_of([first, *busy.reply()]).split()[-1] == "w19"
        assert busy.closed(seconds=2) == 1012
    assert len(upstream.requests("/chat/completions")) == 1


def test_a_reply_that_takes_too_long_is_interrupted_at_the_servers_end(
    start_server: StartServer, upstream: Upstream
) -> None:
    server = start_server({"TURN_DRAIN_SECONDS": "0.3"}, upstream=upstream)
    with Chat(server) as chat:
        chat.begin("tokens 200 every 50")
        chat.receive()
        os.kill(server.pid, signal.SIGTERM)
        assert "stopped before" in chat.reply()[-1]["error"]
        assert chat.closed(seconds=2) == 1012
