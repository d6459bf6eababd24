"""Files that users send: kept, sent on, listed, and served to nobody else (T-4)."""

import base64
import threading
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.api.accounts import Account, signed_up
from tests.api.talking import OLLAMA_WIRE, OPENAI_WIRE, asked_of, problem_in
from tests.api.threads import (
    FILE_FIELDS,
    PNG,
    Thread,
    call,
    eventually,
    file,
    new_thread,
    sent,
    stored_files,
)
from tests.client import Server, Upstream

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def owner(server: Server) -> Account:
    return signed_up(server)


@pytest.fixture
def thread(owner: Account) -> Thread:
    return new_thread(owner)


def data_url(data: bytes, content_type: str) -> str:
    return f"data:{content_type};base64,{base64.b64encode(data).decode()}"


def test_a_file_is_answered_with_its_bytes_and_listed_without(thread: Thread) -> None:
    """T-4"""
    data = bytes(range(256))
    (made,) = sent(thread, file("گزارش.bin", data))
    assert sorted(made) == sorted(FILE_FIELDS)
    assert {name: made[name] for name in FILE_FIELDS[1:4]} == {
        "filename": "گزارش.bin",
        "content_type": "application/octet-stream",
        "size_bytes": 256,
    }
    assert base64.b64decode(made["data_base64"]) == data
    assert str(UUID(made["id"])) == made["id"]
    (listed,) = thread.messages()[0]["attachments"]
    assert listed == {**made, "data_base64": None}
    assert thread.get()["last_messages"][1]["attachments"] == [listed]
    assert call(thread.owner, "GET", made["download_url"]).content == data


def test_the_background_answer_has_the_bytes_too(thread: Thread) -> None:
    """T-4"""
    answer = thread.ask(attachments=[file("a", b"a")], headers={"Prefer": "respond-async"})
    assert answer.json()["attachments"][0]["data_base64"] == base64.b64encode(b"a").decode()
    eventually(lambda: thread.question()["status"] == "ready")


def test_files_keep_their_order(thread: Thread, upstream: Upstream) -> None:
    """T-4: in the answer, in lists, and for the provider."""
    names = [f"{number}.txt" for number in range(12)]
    made = sent(thread, *(file(name, name.encode()) for name in names))
    assert [row["filename"] for row in made] == names
    assert [row["filename"] for row in thread.messages()[0]["attachments"]] == names
    parts = asked_of(upstream, OPENAI_WIRE)["messages"][0]["content"]
    assert [part["file"]["filename"] for part in parts[1:]] == names


def test_images_and_files_go_to_the_provider_and_again_with_the_next_question(
    thread: Thread, upstream: Upstream
) -> None:
    """T-4, T-4.4"""
    sent(thread, file("a.png", PNG, "image/png"), file("b.txt", b"text", "text/plain"))
    expected = [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": data_url(PNG, "image/png")}},
        {
            "type": "file",
            "file": {"filename": "b.txt", "file_data": data_url(b"text", "text/plain")},
        },
    ]
    told = asked_of(upstream, OPENAI_WIRE)["messages"]
    assert len(told) == 1
    assert sorted(told[0]["content"], key=str) == sorted(expected, key=str)
    thread.ask("And now?").raise_for_status()
    told = asked_of(upstream, OPENAI_WIRE)["messages"]
    assert sorted(told[0]["content"], key=str) == sorted(expected, key=str)
    assert told[-1]["content"] == "And now?"


def test_what_a_file_is_its_bytes_say(thread: Thread, upstream: Upstream) -> None:
    """Issue 4: the type is sniffed, whatever the name and the client say."""
    sent(thread, file("a.txt", PNG, "text/plain"))
    sent(thread, file("a.png", b"no picture", "image/png"))
    first, _, second, *_ = asked_of(upstream, OPENAI_WIRE)["messages"]
    assert first["content"][1]["image_url"]["url"].startswith("data:image/png;base64,")
    assert second["content"][1]["type"] == "file"


def test_an_image_goes_to_ollama_in_its_own_form(thread: Thread, upstream: Upstream) -> None:
    """Issue 4"""
    image = file("a.png", PNG)
    thread.ask("Look", model="scripted:latest", attachments=[image]).raise_for_status()
    message = asked_of(upstream, OLLAMA_WIRE)["messages"][0]
    assert message["images"] == [image["data_base64"]]


@pytest.mark.parametrize("below", ["messages", "messages/stream"])
def test_a_provider_that_cannot_take_a_file_says_so_before_the_turn(
    thread: Thread, upstream: Upstream, below: str
) -> None:
    """Issue 4: and nothing is kept, in rows or in the storage."""
    before = stored_files(thread.owner.server)
    body = {"text": "Look", "model": "scripted:latest"}
    body |= {"attachments": [file("a.png", PNG), file("b.txt", b"text")]}  # type: ignore[dict-item]
    answer = call(thread.owner, "POST", f"{thread.path}/{below}", json=body)
    assert "ollama" in problem_in(answer, 400, "invalid_attachment")["message"]
    assert thread.messages() == []
    assert stored_files(thread.owner.server) == before
    assert upstream.requests(OLLAMA_WIRE) == []


def test_an_earlier_file_does_not_bar_another_provider(thread: Thread, upstream: Upstream) -> None:
    """Issue 4: only the files of the question itself have to be taken."""
    sent(thread, file("b.txt", b"text"))
    assert thread.ask("And you?", model="scripted:latest").status_code == 201
    assert asked_of(upstream, OLLAMA_WIRE)["messages"][0]["content"] == "Look"


@pytest.mark.parametrize("bad", ["%%%", "YQ", "YQ==YQ==", "ä", "Y Q = =", "YQ=\n="])
def test_bytes_that_cannot_be_decoded_are_refused(thread: Thread, bad: str) -> None:
    """T-4: none of the files is kept, the good ones neither."""
    before = stored_files(thread.owner.server)
    files = [file("good.txt", b"good"), {"filename": "bad.txt", "data_base64": bad}]
    for answer in (thread.ask(attachments=files), thread.stream(attachments=files)):
        error = problem_in(answer, 400, "invalid_attachment")
        assert error["message"] == "Invalid attachment encoding"
    assert (thread.messages(), stored_files(thread.owner.server)) == ([], before)


def test_an_empty_file_is_a_file(thread: Thread) -> None:
    """T-4"""
    (made,) = sent(thread, file("empty", b""))
    assert (made["size_bytes"], made["data_base64"]) == (0, "")
    assert call(thread.owner, "GET", made["download_url"]).content == b""


def test_a_message_has_at_most_twenty_files(thread: Thread) -> None:
    """Issue 4: capped in count."""
    many = [file(f"{number}", b"a") for number in range(21)]
    problem_in(thread.ask(attachments=many), 400, "invalid_attachment")
    assert len(sent(thread, *many[:20])) == 20


def test_files_of_almost_twenty_mebibytes_are_taken_and_more_are_not(thread: Thread) -> None:
    """C-1.6"""
    large = b"\xff" * (14 * MEGABYTE)
    (made,) = sent(thread, file("large", large))
    assert made["size_bytes"] == len(large)
    served = call(thread.owner, "GET", made["download_url"])
    assert served.content == large
    problem_in(
        thread.ask(attachments=[file("x", large + large[:MEGABYTE])]), 413, "payload_too_large"
    )


def test_the_same_key_asks_once_and_keeps_one_file(thread: Thread, upstream: Upstream) -> None:
    """C-10.7"""
    before = stored_files(thread.owner.server)
    headers, files = {"Idempotency-Key": uuid4().hex}, [file("a", b"a")]
    first = thread.ask(attachments=files, headers=headers)
    again = thread.ask(attachments=files, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.headers["X-Turn-ID"] == again.headers["X-Turn-ID"]
    problem_in(thread.ask("Other", headers=headers), 422, "idempotency_mismatch")
    problem_in(thread.ask("Other", attachments=files, headers=headers), 422, "idempotency_mismatch")
    assert len(stored_files(thread.owner.server) - before) == 1
    assert len(upstream.requests(OPENAI_WIRE)) == 1
    assert len(thread.messages()) == 2


def test_the_same_key_at_once_asks_once(thread: Thread, upstream: Upstream) -> None:
    """C-10.7: while the first is still being answered."""
    before = stored_files(thread.owner.server)
    upstream.script({"sleep": 0.5}, {"text": "once"}, match="at once")
    fields: dict[str, Any] = {"headers": {"Idempotency-Key": uuid4().hex}}
    fields["attachments"] = [file("a", b"a")]
    answers: list[Any] = []
    asking = [
        threading.Thread(target=lambda: answers.append(thread.ask("at once", **fields)))
        for _ in range(4)
    ]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(upstream.requests(OPENAI_WIRE)) == 1
    assert len(stored_files(thread.owner.server) - before) == 1
