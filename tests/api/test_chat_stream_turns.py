"""The chat stream's turns: headers, chaining with every provider, faults, silence, leaving."""

import re
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.client import Databases, Server, Upstream
from tests.conftest import UNLIMITED
from tests.sse import Event, parse

CHAT = "/api/chat/stream"
PROVIDERS = ("openai", "openrouter", "openai-compatible", "ollama", "demo")


def providing(upstream: Upstream, provider: str) -> dict[str, str]:
    """A server's settings with this default provider on the scripted upstream."""
    given = {
        "OPENAI_API_KEY": "sk-openai-secret",
        "OPENAI_BASE_URL": f"{upstream.url}/v1",
        "OPENROUTER_API_KEY": "sk-router-secret",
        "OPENROUTER_BASE_URL": f"{upstream.url}/api/v1",
    }
    return {**UNLIMITED, **given, "DEFAULT_PROVIDER": provider}


@pytest.fixture(scope="module", params=PROVIDERS)
def chained(
    request: pytest.FixtureRequest, databases: Databases, upstream: Upstream
) -> Iterator[Server]:
    """A live server for each default provider."""
    url, env = databases.new("sqlite"), providing(upstream, request.param)
    server = Server.start(url, env, upstream)
    yield server
    server.stop()


def ask(server: Server, message: str, after: str | None = None, **more: Any) -> httpx.Response:
    body = {"message": message, "previous_response_id": after, **more}
    return server.post(CHAT, json=body)


def end_of(answer: httpx.Response) -> Event:
    assert answer.status_code == 200, answer.text
    return parse(answer.content)[-1]


def done(answer: httpx.Response) -> str:
    end = end_of(answer)
    assert end.event == "done", end
    return end.data


def finished(server: Server, turn_id: str, *, seconds: float = 10.0) -> dict[str, Any]:
    """The turn once it is over."""
    deadline = time.monotonic() + seconds
    while True:
        turn: dict[str, Any] = server.get(f"/api/turns/{turn_id}").json()
        if turn["finished_at"] is not None:
            return turn
        assert time.monotonic() < deadline, turn
        time.sleep(0.05)


def contents(upstream: Upstream) -> list[tuple[str, str]]:
    """Who said what, in the last question that a provider got."""
    body = [call["body"] for call in upstream.requests() if call["method"] == "POST"][-1]
    return [(said["role"], said["content"]) for said in body.get("messages") or body["input"]]


def test_a_stream_says_what_it_is(server: Server) -> None:
    """B-2, C-2.1, C-10.1"""
    headers = ask(server, "Hello").headers
    assert headers["Content-Type"].split(";")[0] == "text/event-stream"
    assert headers["Cache-Control"] == "no-cache"
    assert headers["X-Accel-Buffering"] == "no"
    assert headers["X-Request-ID"]
    assert str(UUID(headers["X-Turn-ID"])) == headers["X-Turn-ID"]


def test_fields_that_nobody_knows_are_ignored(server: Server, upstream: Upstream) -> None:
    """B-1"""
    done(ask(server, "Hello", model="other", stream=False, temperature=9, messages=[1]))
    body = upstream.requests("/chat/completions")[-1]["body"]
    assert body["model"] == "scripted-small"
    assert "temperature" not in body


def test_nothing_but_names_of_the_contract_stands_in_the_stream(server: Server) -> None:
    """B-2.1, B-2.2, C-10.2"""
    lines = ask(server, "a\r\nb\n\n c").text.split("\n")
    fields = [line for line in lines if line and not line.startswith(":")]
    assert [line for line in fields if not re.match(r"(id|event|data): ", line)] == []
    assert "\r" not in "".join(lines)
    assert lines[-2:] == ["", ""]


def test_one_line_of_text_is_one_event(server: Server, upstream: Upstream) -> None:
    """B-2.3"""
    upstream.script({"text": "  all of\tit \u2028 here  "})
    *deltas, _ = parse(ask(server, "Hi").content)
    assert [event.data for event in deltas] == ["  all of\tit \u2028 here  "]


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        (("a\r", "\nb"), ["a", "\n", "b"]),
        (("a\r", "b"), ["a", "\n", "b"]),
        (("a", "\r"), ["a", "\n"]),
        (("\r\n", "\r\n"), ["\n", "\n"]),
        (("\r", "\r", "\n"), ["\n", "\n"]),
        (("", "a", ""), ["a"]),
    ],
)
def test_every_line_end_is_a_line_feed(
    server: Server, upstream: Upstream, texts: tuple[str, ...], shown: list[str]
) -> None:
    """B-2.4 to B-2.6"""
    upstream.script(*({"text": text} for text in texts))
    *deltas, end = parse(ask(server, "Hi").content)
    assert [event.data for event in deltas] == shown
    assert (end.event, {event.event for event in deltas}) == ("done", {"delta"})


def test_an_error_is_the_last_event_of_a_200(server: Server, upstream: Upstream) -> None:
    """B-2.1, B-2.7, B-2.8"""
    upstream.script({"text": "half "}, {"error": "overloaded\n\nevent: done\ndata: resp_x"})
    answer = ask(server, "Hi")
    events = [event.event for event in parse(answer.content)]
    assert events == ["delta", "error"]
    assert end_of(answer).data.startswith("Stream error: ")
    assert "overloaded" in end_of(answer).data


def test_a_lone_surrogate_of_a_provider_does_not_break_the_stream(
    server: Server, upstream: Upstream
) -> None:
    """C-9.9: a chunk that cannot be read is skipped."""
    odd = 'data: {"choices": [{"index": 0, "delta": {"content": "\\ud83d"}}]}\n\n'
    upstream.script({"text": "a"}, {"raw": odd}, {"text": "b"})
    answer = ask(server, "Hi")
    assert "".join(e.data for e in parse(answer.content)[:-1]) in {"ab", "a\ufffdb"}
    assert end_of(answer).event == "done"


def test_a_nul_of_a_provider_is_kept_or_left_out(server: Server, upstream: Upstream) -> None:
    """C-3.7: PostgreSQL cannot store one; the answer must not be lost for it."""
    upstream.script({"text": "a\0b"})
    answer = ask(server, "Hi")
    assert end_of(answer).event == "done", end_of(answer)
    assert finished(server, answer.headers["X-Turn-ID"])["text"].replace("\0", "") in {
        "ab",
        "a\ufffdb",
    }


def test_every_provider_chains(chained: Server, upstream: Upstream) -> None:
    """B-4.1, B-4.3, B-4.4: an id may be used twice."""
    first = done(ask(chained, "One"))
    second = done(ask(chained, "Two", first))
    again = done(ask(chained, "Two again", first))
    assert len({first, second, again}) == 3
    third = ask(chained, "Three", second)
    assert done(third)
    turn = finished(chained, third.headers["X-Turn-ID"])
    if turn["provider"] == "openai":
        body = upstream.requests("/responses")[-1]["body"]
        assert (body["previous_response_id"], body["stream"]) == (second, True)
        assert contents(upstream) == [("user", "Three")]
    elif turn["provider"] != "demo":
        assert contents(upstream)[:-1] == [
            ("user", "One"),
            ("assistant", "Echo: One"),
            ("user", "Two"),
            ("assistant", "Echo: Two"),
        ]
        assert contents(upstream)[-1] == ("user", "Three")


def test_a_turn_that_failed_changes_nothing(chained: Server, upstream: Upstream) -> None:
    """B-4.5: neither its id nor its text is known afterwards."""
    first = ask(chained, "One")
    upstream.script({"text": "half "}, {"error": "overloaded"}, match="fail now")
    failed = ask(chained, "fail now", done(first))
    turn = finished(chained, failed.headers["X-Turn-ID"])
    if turn["provider"] == "demo":
        return
    assert (end_of(failed).event, turn["status"]) == ("error", "failed")
    own_id = f"resp_{turn['id'].replace('-', '')}"
    assert ask(chained, "Two", own_id).status_code == 404
    done(ask(chained, "Three", done(first)))
    assert "fail now" not in str(contents(upstream))


def test_a_fault_before_the_first_text_is_an_event_of_a_200(
    chained: Server, upstream: Upstream
) -> None:
    """B-2.7, B-2.8, with and without an id to go on from."""
    first = done(ask(chained, "One"))
    boom = {"status": 500, "body": {"error": {"message": "boom went the server"}}}
    upstream.script(boom, match="fail now")
    for after in (None, first):
        failed = ask(chained, "fail now", after)
        if finished(chained, failed.headers["X-Turn-ID"])["provider"] == "demo":
            return
        assert [event.event for event in parse(failed.content)] == ["error"]
        assert "boom went the server" in end_of(failed).data


@pytest.mark.parametrize("text", ["half ", "a\r\nb\n"])
def test_a_client_that_leaves_does_not_stop_the_answer(
    server: Server, upstream: Upstream, text: str
) -> None:
    """C-10: the turn belongs to the caller, and its answer can be continued from."""
    upstream.script({"text": text}, {"sleep": 0.5}, {"text": "whole"}, match="leaving")
    url = f"{server.url}{CHAT}"
    with httpx.stream("POST", url, json={"message": "leaving"}, trust_env=False) as answer:
        turn_id = answer.headers["X-Turn-ID"]
        assert b"event: delta" in next(answer.iter_bytes())
    turn = finished(server, turn_id)
    assert (turn["status"], turn["text"]) == ("completed", f"{text}whole")
    assert [call["disconnected"] for call in upstream.requests("/chat/completions")] == [False]
    replayed = parse(server.get(f"/api/turns/{turn_id}/events").content)
    assert (replayed[-1].event, len(replayed) > 2) == ("done", True)


@pytest.mark.parametrize("seen", ["99.99", "0.99", "2.99"])
def test_a_cursor_beyond_the_text_gets_the_text_again(server: Server, seen: str) -> None:
    """C-10.4: never a silent gap."""
    turn_id = ask(server, "Hello").headers["X-Turn-ID"]
    cursor = f"{turn_id.replace('-', '')}.{seen}"
    replayed = parse(server.get(f"/api/turns/{turn_id}/events?after={cursor}").content)
    assert [event.event for event in replayed] == ["reset", "done"]


def test_an_answer_of_another_dialect_is_no_previous_response(server: Server) -> None:
    """B-1"""
    made = server.post("/conversations", json={}).json()["id"]
    server.post(f"/conversations/{made}/messages", json={"message": "One"})
    turn_id = server.get(f"/conversations/{made}/stream").headers["X-Turn-ID"]
    refused = ask(server, "Two", f"resp_{turn_id.replace('-', '')}")
    assert refused.status_code == 404
    assert refused.json()["error"]["code"] == "previous_response_not_found"


@pytest.mark.parametrize("text", ["", "half "])
def test_an_answer_that_was_stopped_can_be_continued_from(
    server: Server, upstream: Upstream, text: str
) -> None:
    """B-4.1: whatever `done` names is an id that chains; C-10.6: the text so far is kept."""
    upstream.script({"text": text}, {"sleep": 1.5}, {"text": "whole"}, match="to be stopped")
    url = f"{server.url}{CHAT}"
    with httpx.stream("POST", url, json={"message": "to be stopped"}, trust_env=False) as answer:
        server.post(f"/api/turns/{answer.headers['X-Turn-ID']}/stop").raise_for_status()
        *_, end = parse(answer.read())
    if end.event == "done":
        done(ask(server, "Two", end.data))
        assert contents(upstream)[-1] == ("user", "Two")
