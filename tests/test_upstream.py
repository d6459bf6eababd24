"""The scripted upstream answers, and misbehaves, exactly as its steps say."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.client import Upstream
from tests.sse import parse

Http = httpx.Client
CHAT, RESPONSES, OLLAMA = "/v1/chat/completions", "/v1/responses", "/api/chat"
DIALECTS = [CHAT, RESPONSES, OLLAMA]


def question(prompt: str = "hello there", **rest: Any) -> dict[str, Any]:
    turns = [{"role": "user", "content": prompt}]
    return {"model": "m", "messages": turns, "input": turns, "stream": True, **rest}


@pytest.fixture
def http(upstream: Upstream) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=upstream.url, trust_env=False, timeout=5) as client:
        yield client


def text_of(path: str, body: bytes) -> str:
    """The text of a streamed answer, in any of the dialects."""
    if path == OLLAMA:
        return "".join(json.loads(row)["message"]["content"] for row in body.splitlines())
    events = [json.loads(e.data) for e in parse(body) if e.data.startswith("{")]
    if path == RESPONSES:
        return "".join(e["delta"] for e in events if e["type"] == "response.output_text.delta")
    deltas = [e["choices"][0]["delta"] for e in events if e.get("choices")]
    return "".join(delta.get("content", "") for delta in deltas)


@pytest.mark.parametrize("path", DIALECTS)
def test_without_a_script_the_prompt_comes_back_in_deltas(http: Http, path: str) -> None:
    body = http.post(path, json=question()).content
    assert text_of(path, body) == "Echo: hello there"
    assert body.count(b"Echo: ") <= 3


@pytest.mark.parametrize("path", DIALECTS)
def test_every_dialect_plays_the_same_words(http: Http, upstream: Upstream, path: str) -> None:
    upstream.script({"text": "سلام "}, {"sleep": 0.01}, {"text": "😀"})
    assert text_of(path, http.post(path, json=question()).content) == "سلام 😀"


def test_chat_ends_with_a_finish_reason_the_usage_and_done(http: Http) -> None:
    events = parse(http.post(CHAT, json=question()).content)
    chunks = [json.loads(event.data) for event in events[:-1]]
    assert events[-1].data == "[DONE]"
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["usage"] == {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}


def test_responses_end_with_the_whole_response_and_its_usage(http: Http) -> None:
    last = parse(http.post(RESPONSES, json=question()).content)[-1]
    response = json.loads(last.data)["response"]
    assert (last.event, response["status"]) == ("response.completed", "completed")
    assert response["output"][0]["content"][0]["text"] == "Echo: hello there"
    assert response["usage"] == {"input_tokens": 2, "output_tokens": 3, "total_tokens": 5}


def test_ollama_ends_with_a_done_line_and_its_counts(http: Http) -> None:
    last = json.loads(http.post(OLLAMA, json=question()).content.splitlines()[-1])
    assert (last["done"], last["done_reason"]) == (True, "stop")
    assert (last["prompt_eval_count"], last["eval_count"]) == (2, 3)


def test_a_whole_answer_has_text_reason_and_usage(http: Http, upstream: Upstream) -> None:
    steps = [{"text": "a"}, {"text": "b"}, {"reasoning": "why"}, {"finish": "length"}]
    for path in DIALECTS:
        upstream.script(*steps, {"usage": {"prompt_tokens": 1, "completion_tokens": 2}}, match=path)
    chat, responses, ollama = (
        http.post(path, json=question(path, stream=False)).json() for path in DIALECTS
    )
    message = {"role": "assistant", "content": "ab", "reasoning_content": "why"}
    choice = {"index": 0, "message": message, "finish_reason": "length"}
    assert (chat["choices"], chat["usage"]["completion_tokens"]) == ([choice], 2)
    assert responses["output"][0]["content"][0]["text"] == "ab"
    assert (responses["status"], responses["usage"]["output_tokens"]) == ("incomplete", 2)
    assert ollama["message"] == {"role": "assistant", "content": "ab", "thinking": "why"}


@pytest.mark.parametrize("path", DIALECTS)
def test_reasoning_is_apart_from_the_text(http: Http, upstream: Upstream, path: str) -> None:
    upstream.script({"reasoning": "hm"}, {"text": "yes"})
    body = http.post(path, json=question()).content
    assert text_of(path, body) == "yes"
    assert b'"hm"' in body


def test_tokens_come_one_by_one_at_the_pace_that_was_asked(http: Http) -> None:
    started = time.monotonic()
    body = http.post(CHAT, json=question("tokens 5 every 20")).content
    assert text_of(CHAT, body) == "w0 w1 w2 w3 w4"
    assert 0.08 <= time.monotonic() - started < 1


def test_the_prompt_is_the_last_user_message_also_in_parts(http: Http) -> None:
    parts = [{"type": "text", "text": "p"}, {"type": "image_url"}, {"type": "text", "text": "q"}]
    turns = [{"role": "user", "content": parts}, {"role": "assistant", "content": "no"}]
    body = http.post(CHAT, json={"stream": True, "messages": turns}).content
    assert text_of(CHAT, body) == "Echo: pq"


def test_a_status_has_its_body_and_headers(http: Http, upstream: Upstream) -> None:
    upstream.script({"status": 429, "body": {"error": "slow"}, "headers": {"Retry-After": "7"}})
    upstream.script({"status": 500, "body": "plain"})
    upstream.script({"status": 503})
    slow, plain, plainest = (http.post(CHAT, json=question()) for _ in range(3))
    assert (slow.status_code, slow.headers["retry-after"]) == (429, "7")
    assert (plain.status_code, plain.text) == (500, "plain")
    assert (slow.json(), "error" in plainest.json()) == ({"error": "slow"}, True)


@pytest.mark.parametrize("path", DIALECTS)
def test_an_error_inside_a_200_has_no_usual_end(http: Http, upstream: Upstream, path: str) -> None:
    upstream.script({"text": "half"}, {"error": "it broke"})
    answer = http.post(path, json=question())
    assert answer.status_code == 200
    assert b"it broke" in answer.content.splitlines()[-1 if path == OLLAMA else -2]
    assert not any(end in answer.content for end in (b"[DONE]", b"completed", b'"done": true'))


def test_an_error_can_be_a_whole_answer(http: Http, upstream: Upstream) -> None:
    upstream.script({"error": "it broke"})
    answer = http.post(CHAT, json=question(stream=False))
    assert (answer.status_code, answer.json()["error"]["message"]) == (200, "it broke")


@pytest.mark.parametrize("streams", [True, False])
def test_raw_bytes_go_out_as_they_are(http: Http, upstream: Upstream, streams: bool) -> None:
    upstream.script({"crlf": True}, {"raw": "data: x\n\udcff\n"})
    assert http.post(CHAT, json=question(stream=streams)).content == b"data: x\n\xff\n"


@pytest.mark.parametrize("path", DIALECTS)
def test_rubbish_alone_is_all_there_is(http: Http, upstream: Upstream, path: str) -> None:
    upstream.script({"rubbish": True})
    body = http.post(path, json=question()).content
    with pytest.raises(ValueError, match="Expecting property name"):
        json.loads(body.removeprefix(b"data: "))


def test_rubbish_leaves_the_words_as_they_were(http: Http, upstream: Upstream) -> None:
    upstream.script({"text": "a"}, {"rubbish": True}, {"text": "b"})
    rows = http.post(OLLAMA, json=question()).content.splitlines()
    assert rows.pop(1) == b"{rubbish"
    assert text_of(OLLAMA, b"\n".join(rows)) == "ab"


def test_an_empty_answer_is_a_200_without_a_body(http: Http, upstream: Upstream) -> None:
    upstream.script({"empty": True})
    answer = http.post(CHAT, json=question())
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_byte_order_mark_and_cr_lf_start_where_they_stand(http: Http, upstream: Upstream) -> None:
    upstream.script({"bom": True}, {"text": "a"}, {"crlf": True}, {"text": "b"})
    body = http.post(CHAT, json=question()).content
    assert text_of(CHAT, body) == "ab"
    assert body.startswith(b"\xef\xbb\xbfdata: ")
    assert (body.count(b"\r\n"), body[-4:]) == (6, b"\r\n\r\n")


def test_split_cuts_the_stream_inside_of_characters(http: Http, upstream: Upstream) -> None:
    upstream.script({"split": 3}, {"raw": "😀😀"})
    with http.stream("POST", CHAT, json=question()) as answer:
        assert [len(piece) for piece in answer.iter_raw()] == [3, 3, 2]


@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize("ending", ["close", "reset"])
def test_a_break_is_seen_by_the_reader(
    http: Http, upstream: Upstream, ending: str, streams: bool
) -> None:
    upstream.script({"text": "half"}, {ending: True})
    with pytest.raises(httpx.TransportError):
        http.post(CHAT, json=question(stream=streams))
    assert upstream.requests()[0]["disconnected"] is False


def test_what_was_sent_before_a_reset_arrives(upstream: Upstream) -> None:
    upstream.script({"raw": "kept"}, {"reset": True})
    port = int(upstream.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(b"POST /api/chat HTTP/1.1\r\n\r\n")
        body = line.recv(1000)
        with pytest.raises(ConnectionResetError):
            while piece := line.recv(1000):
                body += piece
    assert b"kept" in body


def test_a_closed_stream_has_its_text_and_no_end(http: Http, upstream: Upstream) -> None:
    upstream.script({"text": "half"}, {"close": True})
    body, stream = b"", http.stream("POST", CHAT, json=question())
    with pytest.raises(httpx.RemoteProtocolError), stream as answer:
        for piece in answer.iter_bytes():
            body += piece
    assert text_of(CHAT, body) == "half"
    assert b"[DONE]" not in body


def test_a_refused_call_gets_no_answer_at_all(http: Http, upstream: Upstream) -> None:
    upstream.script({"refuse": True})
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        http.post(CHAT, json=question())


def test_a_hanging_call_never_starts_its_answer(http: Http, upstream: Upstream) -> None:
    upstream.script({"hang": True})
    with pytest.raises(httpx.ReadTimeout):
        http.post(CHAT, json=question(), timeout=0.2)


def test_a_client_that_leaves_is_on_the_record(http: Http, upstream: Upstream) -> None:
    upstream.script({"text": "a"}, {"hang": True})
    with http.stream("POST", CHAT, json=question()) as answer:
        next(answer.iter_bytes())
    deadline = time.monotonic() + 5
    while not upstream.requests(CHAT)[0]["disconnected"] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert upstream.requests(CHAT)[0]["disconnected"] is True


def test_the_record_has_path_headers_body_and_time(http: Http, upstream: Upstream) -> None:
    http.post(CHAT, json=question("x"), headers={"Authorization": "Bearer k"})
    http.get("/v1/models")
    first, second = upstream.requests()
    assert (first["method"], first["path"], second["path"]) == ("POST", CHAT, "/v1/models")
    assert (first["headers"]["authorization"], first["body"]) == ("Bearer k", question("x"))
    assert (abs(first["time"] - time.time()) < 5, first["disconnected"]) == (True, False)


def test_scripts_wait_for_their_match_and_the_last_stays(http: Http, upstream: Upstream) -> None:
    upstream.script({"text": "1"}, match="color")
    upstream.script({"text": "2"}, match="color")
    upstream.script({"text": "next"})
    prompts = ["a color", "other", "a color", "color", "other"]
    bodies = [http.post(CHAT, json=question(prompt)).content for prompt in prompts]
    assert [text_of(CHAT, body) for body in bodies] == ["1", "next", "2", "2", "Echo: other"]


def test_a_step_that_does_not_exist_is_refused(upstream: Upstream) -> None:
    with pytest.raises(ValueError, match="Not a step"):
        upstream.script({"txt": "typo"})


def test_responses_chain_until_the_upstream_forgets(http: Http, upstream: Upstream) -> None:
    first = http.post(RESPONSES, json=question(stream=False)).json()
    chained = question(previous_response_id=first["id"])
    assert http.post(RESPONSES, json=chained).status_code == 200
    upstream.reset()
    forgotten = http.post(RESPONSES, json=chained)
    assert forgotten.status_code == 404
    assert forgotten.json()["error"]["code"] == "previous_response_not_found"


def test_openrouter_comments_and_reasons(http: Http, upstream: Upstream) -> None:
    upstream.script({"reasoning": "hm"}, {"text": "a"})
    body = http.post("/api/v1/chat/completions", json=question()).content
    assert body.startswith(b": OPENROUTER PROCESSING\n\n")
    assert b'"reasoning": "hm"' in body


def test_catalogues_have_the_form_of_their_dialect(http: Http) -> None:
    assert "prompt" in http.get("/api/v1/models").json()["data"][0]["pricing"]
    assert http.get("/v1/models").json()["data"][0]["id"] == "scripted-small"
    assert http.get("/api/tags").json()["models"][0]["name"] == "scripted:latest"


def test_a_connection_is_kept_alive(http: Http) -> None:
    answers = [http.post(CHAT, json=question()) for _ in range(3)]
    streams = [answer.extensions["network_stream"] for answer in answers]
    assert len({stream.get_extra_info("client_addr") for stream in streams}) == 1


async def test_hundreds_of_streams_run_at_once(upstream: Upstream) -> None:
    limits, url = httpx.Limits(max_connections=300), upstream.url + CHAT
    async with httpx.AsyncClient(trust_env=False, timeout=30, limits=limits) as http:
        asked = [http.post(url, json=question("tokens 5 every 50")) for _ in range(300)]
        answers = await asyncio.gather(*asked)
    assert {text_of(CHAT, answer.content) for answer in answers} == {"w0 w1 w2 w3 w4"}


def test_the_network_beyond_loopback_is_refused() -> None:
    with socket.socket() as line, pytest.raises(pytest.fail.Exception, match="only loopback"):
        line.connect(("192.0.2.1", 80))
