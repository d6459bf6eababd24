"""What agents add to their chunks: questions of their own, files, and odd things (T-4, T-5.6)."""

import json
from typing import Any

import pytest

from tests.api.accounts import Account, signed_up
from tests.api.threads import (
    DONE_MARK,
    Thread,
    agents_file,
    chunk,
    events,
    new_thread,
    raw,
    raw_events,
    statuses,
    with_files,
)
from tests.client import Server, Upstream

DEEP = '{"a":' * 400 + "1" + "}" * 400


@pytest.fixture(scope="module")
def owner(server: Server) -> Account:
    return signed_up(server)


@pytest.fixture
def thread(owner: Account) -> Thread:
    return new_thread(owner)


def interrupted(payload: dict[str, Any], content: str = "") -> dict[str, Any]:
    metadata = {"interrupt_payload": payload, "run": 7}
    return chunk(
        content, finish="stop", agent_status="interrupted", message_metadata=metadata, odd=[1]
    )


@pytest.mark.parametrize(
    "payload",
    [
        {"content": "Which one?", "options": ["a", "b"]},
        {"question": "Which one?"},
        {"content": "Which one?", "question": "Not me"},
        {"content": "", "question": "Which one?"},
    ],
)
@pytest.mark.parametrize("said", ["", "thinking… "])
def test_the_question_of_an_interrupted_agent_is_its_answer(
    thread: Thread, upstream: Upstream, payload: dict[str, Any], said: str
) -> None:
    """T-5.6: in the chunk's delta, and as the stored text with the interrupt's data."""
    before = (chunk(said),) if said else ()
    upstream.script(*before, interrupted(payload), DONE_MARK)
    found = events(thread.stream())
    assert statuses(found)[-2:] == ["interrupted", "[DONE]"]
    last = found[-2]
    assert last["choices"][0]["delta"]["content"] == "Which one?"
    assert (last["odd"], last["id"], last["message_metadata"]["run"]) == ([1], "run-1", 7)
    assert last["message_metadata"]["interrupt_payload"] == payload
    question, answer = thread.messages()
    assert (question["status"], answer["status"]) == ("ready", "ready")
    assert answer["text"] == "Which one?"
    assert answer["metadata"]["interrupt_payload"] == payload


def test_an_interrupt_is_stored_without_a_stream_too(thread: Thread, upstream: Upstream) -> None:
    """T-5.6, T-4.1"""
    upstream.script(interrupted({"question": "Which one?"}), DONE_MARK)
    assert thread.ask().status_code == 201
    assert thread.messages()[-1]["text"] == "Which one?"


@pytest.mark.parametrize("payload", [{}, {"content": 5}, {"question": None}, {"other": "x"}])
def test_an_interrupt_that_asks_nothing_changes_no_text(
    thread: Thread, upstream: Upstream, payload: dict[str, Any]
) -> None:
    """T-5.6: and its chunk is forwarded as it came."""
    step = interrupted(payload, content="as said")
    upstream.script(step, DONE_MARK)
    answer = thread.stream()
    assert raw_events(answer)[2] == step["raw"].removeprefix("data: ").strip()
    assert thread.messages()[-1]["text"] == "as said"


ODD = [
    '"note":"\\ud83d"',
    '"note":"a\\u0000b"',
    '"note":1e999',
    '"note":12345678901234567890123',
    '"conversation_id":"a\\u0000b"',
    f'"note":{DEEP}',
]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd[:30])
@pytest.mark.parametrize("holder", ["message_metadata", "agent_status", "usage"])
def test_odd_values_of_an_agent_end_no_answer(
    thread: Thread, upstream: Upstream, odd: str, holder: str
) -> None:
    """C-9.9, C-3.7: whatever stands in fields that only the client looks at."""
    beside = {
        "message_metadata": f'"message_metadata":{{{odd}}}',
        "agent_status": f'"agent_status":"streaming",{odd}',
        "usage": f'"usage":{{{odd},"prompt_tokens":9223372036854775808}}',
    }
    odd_chunk = f'{{"choices":[{{"delta":{{"content":"b"}}}}],{beside[holder]}}}'
    upstream.script(chunk("a"), raw(odd_chunk), chunk("c", finish="stop"), DONE_MARK)
    answer = thread.stream()
    found = raw_events(answer)
    assert found[-1] == "[DONE]"
    assert json.loads(found[-2])["agent_status"] == "completed"
    assert [row["status"] for row in thread.messages()] == ["ready", "ready"]
    # A chunk that cannot be read may be skipped (T-5.4).
    assert thread.messages()[-1]["text"] in ("abc", "ac")


@pytest.mark.parametrize(
    "step",
    [
        with_files(agents_file("a.txt", b"data")),
        interrupted({"question": "Which one?"}),
        chunk(finish="stop", agent_status="completed", unknown={"a": 1}),
    ],
)
def test_a_stream_that_is_asked_for_again_is_the_same(
    thread: Thread, upstream: Upstream, step: dict[str, Any]
) -> None:
    """C-10.7, T-5: with the agent's own chunks, and one question asked."""
    upstream.script(chunk("Here", seen=1), step, DONE_MARK)
    headers = {"Idempotency-Key": f"again-{thread.id}"}
    first, again = thread.stream(headers=headers), thread.stream(headers=headers)
    assert first.headers["X-Turn-ID"] == again.headers["X-Turn-ID"]
    assert len(thread.messages()) == 2
    assert raw_events(again) == raw_events(first)
