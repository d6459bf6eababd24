"""`/v1/responses`: answers under ids, to be continued, followed, looked at and forgotten."""

import json
from base64 import b64encode
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.api.accounts import Account, bearer, execute, signed_up
from tests.api.openai import (
    CALL,
    CALLED,
    CALLING,
    RESPONSES,
    TRANSLATED,
    WEATHER,
    events_of,
    openai_error_in,
    output_text,
    respond,
    said,
)
from tests.api.talking import NOBODY, OLLAMA_WIRE, OPENAI_WIRE, asked_of
from tests.client import Server, Upstream
from tests.sse import read

PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)
UNKNOWN = f"resp_{NOBODY.replace('-', '')}"
TOOL = {"type": "function", **WEATHER}
# Two providers that keep nothing, one that is asked by another protocol, one without a network.
MODELS = ["scripted-small", TRANSLATED, "openai/gpt-4o-mini", "demo/demo"]


def test_a_response_is_whole_and_can_be_looked_at_again(v1: Server) -> None:
    answer = respond(v1, metadata={"a": "b"}, instructions="Be brief", temperature=0.5)
    body = answer.json()
    assert (body["object"], body["status"], body["error"]) == ("response", "completed", None)
    assert output_text(body) == "Echo: Hello"
    assert body["usage"]["total_tokens"] == body["usage"]["input_tokens"] + 2
    assert (body["metadata"], body["instructions"]) == ({"a": "b"}, "Be brief")
    assert (body["temperature"], body["store"]) == (0.5, True)
    assert body["id"] == f"resp_{answer.headers['X-Turn-ID'].replace('-', '')}"
    assert v1.get(f"{RESPONSES}/{body['id']}").json() == body
    assert v1.get(f"/api/turns/{answer.headers['X-Turn-ID']}").json()["text"] == "Echo: Hello"


def test_a_stream_says_everything_in_order_and_ends_with_the_response(v1: Server) -> None:
    answer = respond(v1, stream=True)
    events = events_of(answer)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    kinds = [event["type"].removeprefix("response.") for event in events]
    begin = ["created", "in_progress", "output_item.added", "content_part.added"]
    end = ["output_text.done", "content_part.done", "output_item.done", "completed"]
    deltas = ["output_text.delta"] * (len(kinds) - len(begin) - len(end))
    assert kinds == begin + deltas + end
    assert "".join(event.get("delta", "") for event in events) == "Echo: Hello"
    assert output_text(events[-1]["response"]) == "Echo: Hello"
    last = events[-1]["response"]
    assert v1.get(f"{RESPONSES}/{last['id']}").json() == last


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("store", [True, False])
def test_a_response_is_continued_with_every_provider(
    v1: Server, upstream: Upstream, model: str, store: bool
) -> None:
    first = respond(v1, "One", model=model, instructions="Be brief").json()
    second = respond(v1, "Two", model=model, previous_response_id=first["id"], store=store).json()
    assert second["status"] == "completed"
    assert second["previous_response_id"] == first["id"]
    if not model.startswith("demo"):
        wire = OLLAMA_WIRE if model == TRANSLATED else OPENAI_WIRE
        asked = [message["content"] for message in asked_of(upstream, wire)["messages"]]
        assert asked == ["One", output_text(first), "Two"]


def test_two_answers_may_continue_the_same_one(v1: Server, upstream: Upstream) -> None:
    first = respond(v1, "One").json()["id"]
    respond(v1, "Two", previous_response_id=first)
    respond(v1, "Three", previous_response_id=first)
    asked = [message["content"] for message in asked_of(upstream, OPENAI_WIRE)["messages"]]
    assert asked == ["One", "Echo: One", "Three"]


@pytest.mark.parametrize("store", [True, False])
@pytest.mark.parametrize("previous", [UNKNOWN, "resp_1", "x", "chatcmpl-1"])
def test_an_unknown_previous_response_is_not_found(v1: Server, previous: str, store: bool) -> None:
    answer = respond(v1, previous_response_id=previous, store=store)
    error = openai_error_in(answer, 404, "invalid_request_error")
    assert error["code"] == "previous_response_not_found"
    assert previous in error["message"]


@pytest.mark.parametrize("name", [UNKNOWN, "resp_1", NOBODY])
def test_an_unknown_response_is_not_found(v1: Server, name: str) -> None:
    for answer in (v1.get(f"{RESPONSES}/{name}"), v1.delete(f"{RESPONSES}/{name}")):
        error = openai_error_in(answer, 404, "invalid_request_error")
        assert error["code"] == "response_not_found"


def test_somebody_elses_response_looks_like_an_unknown_one(v1: Server) -> None:
    ann = signed_up(v1)
    mine = v1.post(RESPONSES, json={"input": "Hello"}, headers=ann.headers).json()["id"]
    assert v1.get(f"{RESPONSES}/{mine}", headers=ann.headers).status_code == 200
    openai_error_in(v1.get(f"{RESPONSES}/{mine}"), 404, "invalid_request_error")
    openai_error_in(respond(v1, previous_response_id=mine), 404, "invalid_request_error")


BAD_BODIES: list[tuple[dict[str, Any], str]] = [
    ({}, "input"),
    ({"input": 7}, "input"),
    ({"input": []}, "input"),
    ({"input": ["Hello"]}, "input"),
    ({"input": [{"type": "item_reference", "id": "x"}]}, "input"),
    ({"input": [{"role": "wizard", "content": "Hello"}]}, "input"),
    ({"input": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "input"),
    ({"input": "a\0b"}, "input"),
    ({"input": "Hello", "tools": [{"type": "web_search"}]}, "tools"),
    ({"input": "Hello", "temperature": "hot"}, "temperature"),
    ({"input": "Hello", "max_output_tokens": 0}, "max_output_tokens"),
]


@pytest.mark.parametrize(("body", "param"), BAD_BODIES)
def test_a_body_of_the_wrong_form_is_refused(v1: Server, body: dict[str, Any], param: str) -> None:
    error = openai_error_in(v1.post(RESPONSES, json=body), 400, "invalid_request_error")
    assert error["param"] == param


def test_what_is_not_to_be_stored_leaves_no_trace(v1: Server) -> None:
    count = "SELECT count(*) FROM conversations_turn"
    before = execute(v1, count)
    answer = respond(v1, store=False)
    body = answer.json()
    assert (output_text(body), body["store"]) == ("Echo: Hello", False)
    assert "X-Turn-ID" not in answer.headers
    openai_error_in(v1.get(f"{RESPONSES}/{body['id']}"), 404, "invalid_request_error")
    events = events_of(respond(v1, store=False, stream=True))
    assert events[-1]["type"] == "response.completed"
    assert execute(v1, count) == before


@pytest.mark.parametrize("store", [True, False])
def test_a_tool_is_called_and_its_output_answered(
    v1: Server, upstream: Upstream, store: bool
) -> None:
    upstream.script(*CALLING, match="Weather")
    events = events_of(respond(v1, "Weather?", tools=[TOOL], stream=True))
    first = events[-1]["response"]
    (call,) = first["output"]
    assert (call["type"], call["call_id"]) == ("function_call", "call_1")
    assert {name: call[name] for name in CALL} == CALL
    assert v1.get(f"{RESPONSES}/{first['id']}").json()["output"] == first["output"]
    output = {"type": "function_call_output", "call_id": "call_1", "output": "sunny"}
    second = respond(v1, [output], previous_response_id=first["id"], store=store)
    assert second.json()["status"] == "completed"
    _, calling, called = asked_of(upstream, OPENAI_WIRE)["messages"]
    assert calling == {"role": "assistant", "content": None, "tool_calls": [CALLED]}
    assert called == {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}


def test_a_tool_comes_with_what_was_said_in_one_list(v1: Server, upstream: Upstream) -> None:
    items = [
        *said("Be brief", role="developer"),
        {"role": "user", "content": [{"type": "input_text", "text": "Weather?"}]},
        {"type": "reasoning", "summary": []},
        {"type": "function_call", "call_id": "call_1", **CALL},
        {"type": "function_call_output", "call_id": "call_1", "output": "sunny"},
    ]
    first = respond(v1, items, tools=[TOOL], max_output_tokens=9).json()["id"]
    body = asked_of(upstream, OPENAI_WIRE)
    assert body["tools"] == [{"type": "function", "function": WEATHER}]
    assert body["max_tokens"] == 9
    respond(v1, "Sure?", previous_response_id=first)
    asked = asked_of(upstream, OPENAI_WIRE)["messages"]
    assert asked[:4] == body["messages"]
    assert [message["role"] for message in asked] == [
        "system", "user", "assistant", "tool", "assistant", "user"
    ]  # fmt: skip


def test_a_picture_is_kept_with_its_question(v1: Server, upstream: Upstream) -> None:
    url = f"data:image/png;base64,{b64encode(PNG).decode()}"
    parts = [{"type": "input_text", "text": "Look"}, {"type": "input_image", "image_url": url}]
    first = respond(v1, [{"role": "user", "content": parts}]).json()["id"]
    shown = asked_of(upstream, OPENAI_WIRE)["messages"]
    assert shown[0]["content"][1]["image_url"]["url"] == url
    respond(v1, "Again", previous_response_id=first)
    assert asked_of(upstream, OPENAI_WIRE)["messages"][0] == shown[0]


def test_a_fault_is_told_with_a_status_or_as_the_last_event(v1: Server, upstream: Upstream) -> None:
    upstream.script({"text": "half "}, {"error": "overloaded"}, match="Fault")
    answer = respond(v1, "Fault")
    assert "overloaded" in openai_error_in(answer, 502, "api_error")["message"]
    kept = v1.get(f"{RESPONSES}/resp_{answer.headers['X-Turn-ID'].replace('-', '')}").json()
    assert (kept["status"], output_text(kept)) == ("failed", "half ")
    for store in (True, False):
        events = events_of(respond(v1, "Fault", stream=True, store=store))
        assert "".join(event.get("delta", "") for event in events) == "half "
        assert events[-1]["type"] == "response.failed"
        assert "overloaded" in events[-1]["response"]["error"]["message"]
    upstream.script({"status": 429}, match="Refused")
    openai_error_in(respond(v1, "Refused", store=False, stream=True), 429, "rate_limit_error")


def test_an_answer_that_is_cut_short_is_incomplete(v1: Server, upstream: Upstream) -> None:
    upstream.script({"text": "half "}, {"finish": "length"})
    body = respond(v1).json()
    assert body["status"] == "incomplete"
    assert body["incomplete_details"] == {"reason": "max_output_tokens"}


def test_a_stream_is_taken_up_where_it_was_left(v1: Server) -> None:
    body = {"input": "tokens 40 every 20", "stream": True}
    with httpx.stream("POST", f"{v1.url}{RESPONSES}", json=body, timeout=10) as answer:
        seen = []
        for event in read(answer):
            seen.append(json.loads(event.data))
            if len(seen) == 12:
                break
        name = seen[0]["response"]["id"]
    assert v1.get(f"{RESPONSES}/{name}").json()["status"] == "in_progress"
    query = {"stream": "true", "starting_after": "11"}
    rest = events_of(v1.get(f"{RESPONSES}/{name}", params=query))
    numbers = [event["sequence_number"] for event in (*seen, *rest)]
    assert numbers == list(range(len(numbers)))
    text = "".join(event.get("delta", "") for event in (*seen, *rest))
    assert output_text(rest[-1]["response"]) == text
    assert text.split() == [f"w{n}" for n in range(40)]


def test_a_response_in_the_background_is_looked_at_until_it_is_done(v1: Server) -> None:
    begun = respond(v1, "tokens 5 every 20", background=True).json()
    assert (begun["status"], begun["background"]) == ("in_progress", True)
    events = events_of(v1.get(f"{RESPONSES}/{begun['id']}", params={"stream": "true"}))
    assert events[-1]["response"]["status"] == "completed"


def test_the_same_key_asks_once(v1: Server, upstream: Upstream) -> None:
    """C-10.7"""
    headers = {"Idempotency-Key": "one"}
    answers = [v1.post(RESPONSES, json={"input": "Once"}, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    prompts = [call["body"]["messages"][-1]["content"] for call in upstream.requests(OPENAI_WIRE)]
    assert prompts.count("Once") == 1
    other = v1.post(RESPONSES, json={"input": "Twice"}, headers=headers)
    openai_error_in(other, 422, "invalid_request_error")


def test_a_response_that_is_deleted_is_forgotten(v1: Server) -> None:
    ann = signed_up(v1)
    first = _by(ann, "One").json()["id"]
    second = _by(ann, "Two", previous_response_id=first).json()["id"]
    deleted = {"id": first, "object": "response", "deleted": True}
    path = f"{RESPONSES}/{first}"
    assert v1.delete(path, headers=ann.headers).json() == deleted
    openai_error_in(v1.get(path, headers=ann.headers), 404, "invalid_request_error")
    gone = _by(ann, "Three", previous_response_id=first)
    openai_error_in(gone, 404, "invalid_request_error")
    assert _by(ann, "Three", previous_response_id=second).status_code == 200


def test_with_its_only_response_a_conversation_goes(v1: Server) -> None:
    ann = signed_up(v1)
    name = _by(ann, "One").json()["id"]
    where = "FROM conversations_conversation WHERE workspace = ?"
    workspace = f"user:{ann.id}"
    assert execute(v1, f"SELECT count(*) {where}", workspace) == [(1,)]
    v1.delete(f"{RESPONSES}/{name}", headers=ann.headers).raise_for_status()
    assert execute(v1, f"SELECT count(*) {where}", workspace) == [(0,)]


def test_what_is_stored_is_found_by_its_words(v1: Server) -> None:
    ann = signed_up(v1)
    key = bearer(ann.new_key()["key"])
    v1.post(RESPONSES, json={"input": "pomegranate"}, headers=key).raise_for_status()
    query = {"q": "pomegranate", "mode": "regex"}
    found = v1.get("/api/search/messages", params=query, headers=ann.headers).json()
    assert {item["message"]["role"] for item in found["items"]} == {"user", "assistant"}


def test_what_is_stored_is_shown_in_the_pages(v1: Server, upstream: Upstream) -> None:
    upstream.script(*CALLING, match="persimmon")
    first = respond(v1, "persimmon", tools=[TOOL]).json()["id"]
    output = {"type": "function_call_output", "call_id": "call_1", "output": "sunny"}
    respond(v1, [output], previous_response_id=first).raise_for_status()
    assert "persimmon" in v1.get("/ui/list").text
    query = "SELECT conversation_id FROM conversations_turn WHERE id = ?"
    ((conversation_id,),) = execute(v1, query, first.removeprefix("resp_"))
    page = v1.get(f"/c/{UUID(conversation_id)}")
    assert page.status_code == 200
    assert "persimmon" in page.text


def _by(account: Account, prompt: str, **fields: Any) -> httpx.Response:
    body = {"input": prompt, **fields}
    return account.server.post(RESPONSES, json=body, headers=account.headers)
