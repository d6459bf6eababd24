"""The turns behind the streams of threads: left, followed, stopped, killed (T-5, C-10)."""

import json
import time

import httpx
import pytest

from tests import sse
from tests.api.accounts import Account, signed_up
from tests.api.talking import OPENAI_WIRE, problem_in
from tests.api.threads import (
    Thread,
    call,
    eventually,
    new_thread,
    state,
)
from tests.client import Server, Upstream
from tests.conftest import StartServer


@pytest.fixture(scope="module")
def owner(server: Server) -> Account:
    return signed_up(server)


@pytest.fixture
def thread(owner: Account) -> Thread:
    return new_thread(owner)


def test_done_comes_after_the_turn_is_stored(thread: Thread, upstream: Upstream) -> None:
    """T-5.3: what the client reads then is final."""
    for number in range(5):
        upstream.script({"text": f"answer {number}"})
        with thread.streaming(f"question {number}") as answer:
            last = next(event for event in sse.read(answer) if event.data == "[DONE]")
            rows = thread.messages()
        assert last.data == "[DONE]"
        assert [row["status"] for row in rows] == ["ready"] * 2 * (number + 1)
        assert rows[-1]["text"] == f"answer {number}"


@pytest.mark.timeout(60)
def test_a_silent_provider_is_waited_for_with_signs_of_life(
    start_server: StartServer, upstream: Upstream
) -> None:
    """T-5, T-5.7: `running` again about every 10 s, and no timeout cuts the wait."""
    short = {"CHAT_LLM_TIMEOUT_SECONDS": "1", "PROVIDER_TIMEOUT_SECONDS": "1"}
    thread = new_thread(signed_up(start_server(short, upstream=upstream)))
    upstream.script({"text": "a"}, {"sleep": 12}, {"text": "b"}, match="be silent")
    started, came = time.monotonic(), []
    with thread.streaming("be silent") as answer:
        for event in sse.read(answer):
            came.append((time.monotonic() - started, event.data))
    found = [json.loads(data) for _, data in came[:-1]]
    assert found.count(state(thread, "running")) == 2
    again = [at for (at, _), event in zip(came, found, strict=False) if event == found[1]][1]
    assert 8 < again < 12
    assert found[-1] == state(thread, "completed", "stop")
    assert thread.messages()[-1]["text"] == "ab"


def test_a_client_that_leaves_in_the_middle_keeps_its_answer(
    thread: Thread, upstream: Upstream
) -> None:
    """T-5, C-10: the turn is the caller's, not the connection's."""
    upstream.script({"text": "half "}, {"sleep": 0.5}, {"text": "whole"}, match="leaving")
    with thread.streaming("leaving") as answer:
        turn_id = answer.headers["X-Turn-ID"]
        next(event for event in sse.read(answer) if "half" in event.data)
    eventually(lambda: len(thread.messages()) == 2)
    assert thread.messages()[-1]["text"] == "half whole"
    assert [seen["disconnected"] for seen in upstream.requests(OPENAI_WIRE)] == [False]
    followed = call(thread.owner, "GET", f"/api/turns/{turn_id}/events")
    assert [event.event for event in sse.parse(followed.content)][-1] == "done"


@pytest.mark.parametrize("text", ["", "half "])
def test_a_turn_can_be_stopped(thread: Thread, upstream: Upstream, text: str) -> None:
    """C-10.6: what had come is kept."""
    upstream.script({"text": text}, {"sleep": 5}, {"text": "whole"}, match="stop me")
    with thread.streaming("stop me") as answer:
        path = f"/api/turns/{answer.headers['X-Turn-ID']}"
        reading = sse.read(answer)
        assert [json.loads(next(reading).data)["agent_status"] for _ in range(2)]
        if text:
            next(event for event in reading if text in event.data)
        assert call(thread.owner, "POST", f"{path}/stop").status_code == 202
        assert [event.data for event in reading][-1] == "[DONE]"
    assert call(thread.owner, "GET", path).json()["status"] == "stopped"
    assert [row["text"] for row in thread.messages()][1:] == ([text] if text else [])
    assert thread.question()["status"] in ("ready", "error")


def test_a_turn_is_followed_by_its_owner_alone(thread: Thread, server: Server) -> None:
    """C-4.7, C-10.3, C-10.4"""
    path = f"/api/turns/{thread.stream('Hi').headers['X-Turn-ID']}"
    assert call(thread.owner, "GET", path).json()["text"] == "Echo: Hi"
    followed = call(thread.owner, "GET", f"{path}/events")
    deltas = [json.loads(e.data) for e in sse.parse(followed.content) if e.event == "delta"]
    assert "".join(delta["text"] for delta in deltas) == "Echo: Hi"
    stranger = signed_up(server)
    for below in ("", "/events"):
        problem_in(call(stranger, "GET", f"{path}{below}"), 404, "turn_not_found")


@pytest.mark.timeout(90)
def test_a_killed_server_leaves_an_error_that_says_so(
    start_server: StartServer, upstream: Upstream
) -> None:
    """C-10.8, T-4.5: the turn is interrupted with its text, the question is no longer waiting."""
    server = start_server(upstream=upstream)
    thread = new_thread(signed_up(server))
    upstream.script({"text": "half "}, {"sleep": 30}, match="die now")
    with thread.streaming("die now") as answer:
        path = f"/api/turns/{answer.headers['X-Turn-ID']}"
        reading = sse.read(answer)
        next(event for event in reading if "half" in event.data)
        time.sleep(0.6)
        server.kill()
        with pytest.raises(httpx.HTTPError):
            list(reading)
    server.restart()
    turn = eventually(
        lambda: (found := call(thread.owner, "GET", path).json())["finished_at"] and found,
        seconds=25,
    )
    assert (turn["status"], turn["text"]) == ("interrupted", "half ")
    assert [row["status"] for row in thread.messages()] == ["error"]
    assert thread.question()["error_code"]
    assert thread.ask("And now?").status_code == 201
