"""The event stream of a thread: its order, its exact shapes, and its ends (T-5)."""

from typing import Any
from uuid import UUID

import pytest

from tests.api.accounts import Account, signed_up
from tests.api.talking import problem_in
from tests.api.threads import (
    DONE_MARK,
    MODEL,
    Thread,
    call,
    chunk,
    events,
    new_thread,
    raw,
    raw_events,
    state,
    statuses,
    text_in,
)
from tests.client import Server, Upstream


@pytest.fixture(scope="module")
def owner(server: Server) -> Account:
    return signed_up(server)


@pytest.fixture
def thread(owner: Account) -> Thread:
    return new_thread(owner)


def test_a_stream_is_two_states_the_chunks_a_last_state_and_done(
    thread: Thread, upstream: Upstream
) -> None:
    """T-5"""
    upstream.script({"text": "Hel"}, {"text": "lo"}, {"finish": "stop"})
    found = events(thread.stream())
    assert found[:2] == [state(thread, "queued"), state(thread, "running")]
    assert found[-2:] == [state(thread, "completed", "stop"), "[DONE]"]
    assert statuses(found[2:-2]) == [None] * (len(found) - 4)
    assert text_in(found) == "Hello"


def test_a_stream_says_what_it_is(thread: Thread) -> None:
    """T-5, C-2.1, C-10.1, C-10.2"""
    answer = thread.stream()
    assert answer.headers["Content-Type"].split(";")[0] == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["X-Request-ID"]
    assert UUID(answer.headers["X-Turn-ID"])
    blocks = answer.text.split("\n\n")
    lines = [line for block in blocks for line in block.split("\n") if line]
    assert not [line for line in lines if not line.startswith(("data: ", "id: ", ":"))]
    for block in blocks[:-1]:
        assert sum(line.startswith("data: ") for line in block.split("\n")) == 1
    assert (blocks[-2].split("\n")[-1], blocks[-1]) == ("data: [DONE]", "")


CHUNKS = [
    '{"choices":[{"delta":{"content":"a"}}],"unknown":{"deep":[1,{"x":null}]},"object":"odd"}',
    '{ "choices" : [ {"delta" : {"content" : "b"} } ] , "number" : 1.0, "big": 1e2, "n": 1E+2 }',
    '{"z":1,"a":2,"choices":[{"delta":{"content":"c","other":true},"finish_reason":null}]}',
    '{"choices":[],"usage":{"total_tokens":12345678901234567890123}}',
    '{"choices":[{"delta":{"content":"\\u0641\\ud83e\\udd86 é 漢"}}],"escaped":"\\/"}',
    '{"agent_status":"thinking","choices":[{"delta":{}}],"step":1.50,"trace":"\\u2028"}',
    '{"no_choices":"at all"}',
    '{"choices":"of another shape"}',
    '{"choices":[{"delta":{},"finish_reason":"stop"}],"agent_status":"streaming","x":-0}',
]


def test_chunks_are_forwarded_byte_for_byte(thread: Thread, upstream: Upstream) -> None:
    """T-5: as they are, with unknown keys, in order, and numbers in their own spelling."""
    upstream.script(*map(raw, CHUNKS), DONE_MARK)
    answer = thread.stream()
    assert raw_events(answer)[2:-2] == CHUNKS
    assert thread.messages()[-1]["text"] == "abcف🦆 é 漢"


@pytest.mark.parametrize("last", ["completed", "interrupted"])
def test_a_last_state_of_the_providers_own_is_not_repeated(
    thread: Thread, upstream: Upstream, last: str
) -> None:
    """T-5"""
    upstream.script(
        chunk("Hi", agent_status="streaming"), chunk(finish="stop", agent_status=last), DONE_MARK
    )
    found = events(thread.stream())
    assert statuses(found) == ["queued", "running", "streaming", last, "[DONE]"]


def test_a_state_that_was_not_the_last_is_no_end(thread: Thread, upstream: Upstream) -> None:
    """T-5: it is the provider's last `agent_status` that counts."""
    upstream.script(
        chunk("Hi", agent_status="completed"),
        chunk("!", agent_status="streaming"),
        chunk(finish="stop"),
        DONE_MARK,
    )
    assert statuses(events(thread.stream()))[-3:] == [None, "completed", "[DONE]"]


def test_what_is_not_json_is_skipped(thread: Thread, upstream: Upstream) -> None:
    """T-5.4"""
    rubbish = ["{rubbish", "", "text", "[1", '{"choices": [}', "\ufeff{"]
    steps = [step for bad in rubbish for step in (raw(bad), chunk("a"))]
    upstream.script(*steps, chunk(finish="stop"), DONE_MARK)
    answer = thread.stream()
    assert text_in(events(answer)) == "a" * len(rubbish)
    assert not set(raw_events(answer)) & set(rubbish)
    assert thread.messages()[-1]["text"] == "a" * len(rubbish)


@pytest.mark.parametrize(
    "fault",
    [
        {"error": "overloaded"},
        raw('{"error": {"message": "overloaded", "code": 7}}'),
        raw('{"choices": [{"delta": {"content": "x"}}], "error": {"message": "overloaded"}}'),
    ],
)
@pytest.mark.parametrize("before", [(), ({"text": "half "},)])
def test_a_fault_during_the_turn_is_told_in_the_stream(
    thread: Thread, upstream: Upstream, before: tuple[Any, ...], fault: dict[str, Any]
) -> None:
    """T-5.1, T-5.4, T-4.5"""
    upstream.script(*before, fault, match="fail now")
    found = events(thread.stream("fail now"))
    failed, error, done = found[-3:]
    assert (failed, done) == (state(thread, "failed", "error"), "[DONE]")
    assert error.keys() == {"error"}
    assert error["error"].keys() == {"message", "type"}
    assert "overloaded" in error["error"]["message"]
    assert error["error"]["type"] == "agent_error"
    assert "completed" not in statuses(found)
    assert text_in(found) == "".join(step["text"] for step in before)
    (question,) = thread.messages()
    assert (question["status"], question["error_code"]) == (
        "error",
        error["error"]["message"][:128],
    )


@pytest.mark.parametrize(
    "steps",
    [
        ({"status": 401, "body": {"error": {"message": "Incorrect API key"}}},),
        ({"text": "half "}, {"close": True}),
        ({"empty": True},),
    ],
)
def test_every_fault_of_a_provider_ends_alike(
    thread: Thread, upstream: Upstream, steps: tuple[Any, ...]
) -> None:
    """T-5.1, C-9.9"""
    upstream.script(*steps, match="fail now")
    found = events(thread.stream("fail now"))
    assert statuses(found[:2] + found[-3:]) == ["queued", "running", "failed", None, "[DONE]"]


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("nothing", {"text": "Hi", "model": MODEL}, 422, "validation_error"),
        ("{id}", {"text": ""}, 422, "validation_error"),
        ("{id}", {"text": "Hi"}, 400, "model_required"),
    ],
)
def test_faults_before_the_turn_are_json(
    thread: Thread, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    """T-5.2"""
    url = f"/api/threads/{path.format(id=thread.id)}/messages/stream"
    problem_in(call(thread.owner, "POST", url, json=body), status, code)
    assert thread.owner.server.post(url, json=body).status_code == 401


def test_a_provider_of_another_form_is_turned_into_chunks(
    thread: Thread, upstream: Upstream
) -> None:
    """T-5.5"""
    upstream.script({"reasoning": "hm"}, {"text": "Hel"}, {"text": "lo"})
    found = events(thread.stream(model="scripted:latest"))
    told = [event for event in found[2:-2] if "content" in event["choices"][0]["delta"]]
    for event, text in zip(told, ("Hel", "lo"), strict=True):
        assert event["object"] == "chat.completion.chunk"
        assert event["agent_status"] == "streaming"
        assert event["choices"][0]["delta"]["content"] == text
    assert found[-2] == state(thread, "completed", "stop")
    assert thread.messages()[-1]["text"] == "Hello"


def test_an_answer_that_is_no_stream_is_turned_into_chunks(
    thread: Thread, upstream: Upstream
) -> None:
    """T-5.5: a server that gives one whole answer does not speak the chunk form."""
    message = {"role": "assistant", "content": "All at once"}
    whole = {"id": "w", "object": "chat.completion", "choices": [{"index": 0, "message": message}]}
    upstream.script({"status": 200, "body": whole})
    found = events(thread.stream())
    assert text_in(found) == "All at once"
    assert {event["object"] for event in found[:-1]} == {"chat.completion.chunk"}
    assert thread.messages()[-1]["text"] == "All at once"
