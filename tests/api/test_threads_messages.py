"""Messages that are answered as a whole or in the background (T-4)."""

import json
from typing import Any
from uuid import UUID

import pytest

from tests.api.accounts import Account, signed_up
from tests.api.talking import NOBODY, OPENAI_WIRE, asked_of, problem_in
from tests.api.threads import (
    DONE_MARK,
    MESSAGE_FIELDS,
    MODEL,
    Thread,
    call,
    chunk,
    eventually,
    new_thread,
)
from tests.client import Server, Upstream

SPENT = {"prompt_tokens": 12, "completion_tokens": 34, "total_tokens": 46}


@pytest.fixture(scope="module")
def owner(server: Server) -> Account:
    return signed_up(server)


@pytest.fixture
def thread(owner: Account) -> Thread:
    return new_thread(owner)


def test_an_answered_message_and_its_answer_have_every_field(
    thread: Thread, upstream: Upstream
) -> None:
    """T-4, T-4.1: 201 after the turn is over, and what is stored then."""
    spent: dict[str, Any] = {"id": "resp-1", "usage": SPENT, "choices": []}
    upstream.script(chunk("Salut", finish="stop", id="resp-1"), chunk(**spent), DONE_MARK)
    answer = thread.ask("Hi", metadata={"a": 1}, tokens_count=3, correlation_id="mine")
    sent = answer.json()
    question, reply = thread.messages()
    assert (answer.status_code, sorted(sent)) == (201, sorted(MESSAGE_FIELDS))
    assert (question, str(UUID(answer.headers["X-Turn-ID"]))) == (
        sent,
        answer.headers["X-Turn-ID"],
    )
    assert {name: sent[name] for name in MESSAGE_FIELDS[1:10]} == {
        "thread_id": thread.id,
        "sender_id": thread.owner.id,
        "sender_type": "user",
        "status": "ready",
        "text": "Hi",
        "metadata": {"a": 1},
        "tokens_count": 12,
        "error_code": None,
        "correlation_id": "resp-1",
    }
    assert sent["attachments"] == reply["attachments"] == []
    shown = ("thread_id", "sender_id", "sender_type", "status", "text", "tokens_count")
    assert [reply[name] for name in shown] == [
        thread.id,
        "assistant",
        "assistant",
        "ready",
        "Salut",
        34,
    ]
    assert (reply["error_code"], sorted(reply)) == (None, sorted(MESSAGE_FIELDS))


def test_what_a_provider_does_not_say_stays_as_it_was_sent(thread: Thread) -> None:
    """T-4, T-4.1: Ollama gives its answers no id."""
    sent = thread.ask(
        model="scripted:latest", tokens_count=3, correlation_id="mine", meta={"provider": "ollama"}
    ).json()
    assert (sent["correlation_id"], sent["metadata"]) == ("mine", {"provider": "ollama"})


def test_an_answer_without_text_says_so(thread: Thread, upstream: Upstream) -> None:
    """T-4.1"""
    upstream.script({"finish": "stop"})
    thread.ask("Hi").raise_for_status()
    assert thread.messages()[-1]["text"] == "(no text content)"


@pytest.mark.parametrize("name", ["sender_id", "user_id"])
def test_the_caller_is_the_sender_whatever_is_sent(thread: Thread, name: str) -> None:
    """T-4"""
    fields: dict[str, Any] = {name: "someone else"}
    assert thread.ask("Hi", **fields).json()["sender_id"] == thread.owner.id


@pytest.mark.parametrize("text", [" ", "\n\t ", "\u3000\u00a0"])
def test_a_text_of_blanks_becomes_a_request(thread: Thread, upstream: Upstream, text: str) -> None:
    """T-4: stored, and sent on; the title has it too (T-4.2)."""
    assert thread.ask(text).json()["text"] == "Process as expected."
    told = asked_of(upstream, OPENAI_WIRE)["messages"]
    assert told == [{"role": "user", "content": "Process as expected."}]
    assert thread.get()["title"] == f"{MODEL}: Process as expected."


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"text": ""}, "text"),
        ({"text": None}, "text"),
        ({"text": 5}, "text"),
        ({"text": "\ud83d"}, None),
        ({"sender_type": "robot"}, "sender_type"),
        ({"metadata": []}, "metadata"),
        ({"meta": 1}, "meta"),
        ({"tokens_count": "many"}, "tokens_count"),
        ({"model": 5}, "model"),
        ({"attachments": {}}, "attachments"),
        ({"attachments": [{"data_base64": ""}]}, "attachments.0.filename"),
        ({"attachments": [{"filename": "a"}]}, "attachments.0.data_base64"),
    ],
    ids=str,
)
@pytest.mark.parametrize("below", ["messages", "messages/stream"])
def test_fields_that_are_wrong_are_refused(
    thread: Thread, fields: dict[str, Any], path: str | None, below: str
) -> None:
    """T-4, T-5.2, C-3.2: nothing is stored."""
    body = json.dumps({"text": "Hi", "model": MODEL, **fields}).encode()
    answer = call(thread.owner, "POST", f"{thread.path}/{below}", content=body)
    error = problem_in(answer, 422, "validation_error")
    assert path is None or f" {path}: " in error["message"]
    assert thread.messages() == []


@pytest.mark.parametrize("below", ["messages", "messages/stream"])
def test_a_message_needs_a_model_once(thread: Thread, upstream: Upstream, below: str) -> None:
    """T-4: the body's, else the one that the thread's metadata names."""
    path = f"{thread.path}/{below}"
    error = problem_in(call(thread.owner, "POST", path, json={"text": "Hi"}), 400, "model_required")
    assert error["message"] == "Model is required"
    thread.change(metadata={"model": "scripted-large"})
    assert call(thread.owner, "POST", path, json={"text": "Hi"}).is_success
    assert asked_of(upstream, OPENAI_WIRE)["model"] == "scripted-large"


def test_the_provider_is_told_everything_oldest_first(thread: Thread, upstream: Upstream) -> None:
    """T-4.4"""
    thread.ask("One").raise_for_status()
    thread.ask("Rule", sender_type="system").raise_for_status()
    thread.ask("Three").raise_for_status()
    body = asked_of(upstream, OPENAI_WIRE)
    assert (body["stream"], body["user"], body["model"]) == (True, thread.owner.id, MODEL)
    assert "conversation_id" not in body
    said = [(message["role"], message["content"]) for message in body["messages"]]
    answers = [
        message["text"] for message in thread.messages() if message["sender_id"] == "assistant"
    ]
    assert said == [
        ("user", "One"),
        ("assistant", answers[0]),
        ("system", "Rule"),
        ("assistant", answers[1]),
        ("user", "Three"),
    ]


@pytest.mark.parametrize("fault", ["x" * 300, "short"])
def test_a_fault_keeps_the_message_with_what_went_wrong(
    thread: Thread, upstream: Upstream, fault: str
) -> None:
    """T-4.5"""
    upstream.script({"status": 500, "body": {"error": {"message": fault}}}, match="fail now")
    answer = thread.ask("fail now")
    error = problem_in(answer, 502, "provider_error")
    assert fault in error["message"]
    assert UUID(answer.headers["X-Turn-ID"])
    (question,) = thread.messages()
    assert (question["status"], question["text"]) == ("error", "fail now")
    assert question["error_code"] == error["message"][:128]


def test_a_fault_after_text_leaves_no_assistant_message(thread: Thread, upstream: Upstream) -> None:
    """T-4.5"""
    upstream.script({"text": "half "}, {"error": "overloaded"}, match="fail now")
    problem_in(thread.ask("fail now"), 502, "provider_error")
    assert [row["status"] for row in thread.messages()] == ["error"]


@pytest.mark.parametrize("prefer", ["respond-async", "wait=5, Respond-Async"])
def test_a_background_turn_is_accepted_queued_and_becomes_ready(
    thread: Thread, upstream: Upstream, prefer: str
) -> None:
    """T-4, T-4.8"""
    upstream.script({"sleep": 0.6}, {"text": "late"}, match="background")
    answer = thread.ask("background", headers={"Prefer": prefer})
    sent = answer.json()
    assert (answer.status_code, sent["status"]) == (202, "queued")
    assert (sorted(sent), sent["text"]) == (sorted(MESSAGE_FIELDS), "background")
    assert UUID(answer.headers["X-Turn-ID"])
    (waiting,) = thread.messages()
    assert (waiting["id"], waiting["status"] in ("queued", "processing")) == (sent["id"], True)
    eventually(lambda: thread.question()["status"] == "ready")
    assert [row["text"] for row in thread.messages()] == ["background", "late"]


def test_a_background_turn_that_fails_becomes_an_error(thread: Thread, upstream: Upstream) -> None:
    """T-4.8"""
    upstream.script({"sleep": 0.3}, {"status": 500, "body": "boom"}, match="background")
    assert thread.ask("background", headers={"Prefer": "respond-async"}).status_code == 202
    eventually(lambda: thread.question()["status"] == "error")
    assert "boom" in thread.question()["error_code"]
    assert len(thread.messages()) == 1


def test_unknown_methods_and_ids_are_told(thread: Thread) -> None:
    """C-1.2, T-4.7"""
    path = f"{thread.path}/messages"
    answer = call(thread.owner, "PUT", path, json={})
    problem_in(answer, 405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]
    change = call(thread.owner, "PATCH", f"{path}/{NOBODY}", json={"status": "ready"})
    problem_in(change, 404, "message_not_found")
