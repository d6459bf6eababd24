"""Files that agents send within their answers: kept, and told by address (T-4)."""

import base64
from typing import Any

import pytest

from tests.api.accounts import Account, signed_up
from tests.api.talking import problem_in
from tests.api.threads import (
    DONE_MARK,
    FILE_FIELDS,
    Thread,
    agents_file,
    call,
    chunk,
    events,
    new_thread,
    raw_events,
    statuses,
    with_files,
)
from tests.client import Server, Upstream


@pytest.fixture(scope="module")
def owner(server: Server) -> Account:
    return signed_up(server)


@pytest.fixture
def thread(owner: Account) -> Thread:
    return new_thread(owner)


def test_the_files_of_an_agent_are_stored_and_have_an_address(
    thread: Thread, upstream: Upstream
) -> None:
    """T-4: `download_url` instead of `data`, and the file is the assistant message's."""
    data = bytes(range(256)) * 5
    sent = agents_file("Zürich گزارش.bin", data, "application/x-odd")
    upstream.script(chunk("Here: "), with_files(sent, note="kept"), DONE_MARK)
    found = events(thread.stream())
    metadata = next(e["message_metadata"] for e in found[:-1] if "message_metadata" in e)
    (told,) = metadata["attachments"]
    assert metadata["note"] == "kept"
    assert "data" not in told
    assert (told["filename"], told["content_type"]) == (sent["filename"], "application/x-odd")
    assert "/attachments/" in told["download_url"]
    question, answer = thread.messages()
    assert (question["attachments"], answer["text"]) == ([], "Here: ")
    (stored,) = answer["attachments"]
    assert sorted(stored) == sorted(FILE_FIELDS)
    assert {name: stored[name] for name in FILE_FIELDS[1:4]} == {
        "filename": sent["filename"],
        "content_type": "application/x-odd",
        "size_bytes": len(data),
    }
    assert (stored["download_url"], stored["data_base64"]) == (told["download_url"], None)
    served = call(thread.owner, "GET", told["download_url"])
    assert (served.status_code, served.content) == (200, data)


def test_the_file_of_an_agent_is_its_askers_alone(
    thread: Thread, upstream: Upstream, server: Server
) -> None:
    """T-4"""
    upstream.script(chunk("Here"), with_files(agents_file("a.html", b"<script>")), DONE_MARK)
    thread.ask().raise_for_status()
    url = thread.messages()[-1]["attachments"][0]["download_url"]
    problem_in(call(signed_up(server), "GET", url), 404, "attachment_not_found")
    assert server.get(url).status_code == 401
    served = call(thread.owner, "GET", url).headers
    assert served["Content-Disposition"].startswith("attachment")
    assert served["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in served["Content-Security-Policy"]


def test_files_of_several_chunks_are_all_kept(thread: Thread, upstream: Upstream) -> None:
    """T-4"""
    names = ["1.txt", "2.txt", "3.txt"]
    chunks = [with_files(agents_file(name, name.encode())) for name in names]
    upstream.script(*chunks, DONE_MARK)
    thread.stream().raise_for_status()
    stored = thread.messages()[-1]["attachments"]
    assert [file["filename"] for file in stored] == names
    contents = [call(thread.owner, "GET", file["download_url"]).content for file in stored]
    assert contents == [name.encode() for name in names]


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "..\\a.txt", 'a"b\r\nX-Odd: 1.txt', "a\0b", "x" * 400],
)
def test_a_file_name_of_an_agent_does_no_harm(
    thread: Thread, upstream: Upstream, name: str
) -> None:
    """T-4: no more than the name of a user's file does."""
    upstream.script(chunk("Here"), with_files(agents_file(name, b"data")), DONE_MARK)
    found = events(thread.stream())
    assert statuses(found)[-2:] == ["completed", "[DONE]"], found
    (stored,) = thread.messages()[-1]["attachments"]
    assert not set(stored["filename"]) & set("/\\\r\n\0")
    served = call(thread.owner, "GET", stored["download_url"])
    assert (served.content, "X-Odd" in served.headers) == (b"data", False)


@pytest.mark.parametrize("content_type", ["text/plain\r\nX-Odd: 1", "a\0b", "x" * 400, "فارسی/متن"])
def test_a_content_type_of_an_agent_does_no_harm(
    thread: Thread, upstream: Upstream, content_type: str
) -> None:
    """T-4"""
    sent = agents_file("a.txt", b"data", content_type)
    upstream.script(chunk("Here"), with_files(sent), DONE_MARK)
    assert statuses(events(thread.stream()))[-2:] == ["completed", "[DONE]"]
    served = call(thread.owner, "GET", thread.messages()[-1]["attachments"][0]["download_url"])
    assert (served.content, "X-Odd" in served.headers) == (b"data", False)


@pytest.mark.parametrize(
    "entry",
    [
        {"id": "theirs", "filename": "a.txt", "url": "https://example.org/a"},
        {"id": "../../threads", "filename": "a.txt", "download_url": "https://example.org/a"},
        {"filename": "a.txt"},
        "text",
    ],
)
def test_a_file_without_bytes_is_forwarded_as_it_came(
    thread: Thread, upstream: Upstream, entry: Any
) -> None:
    """T-5: an address of ours is for files of ours."""
    step = with_files(entry)
    upstream.script(chunk("Here"), step, DONE_MARK)
    forwarded = raw_events(thread.stream())[3]
    assert forwarded == step["raw"].removeprefix("data: ").strip()
    assert thread.messages()[-1]["attachments"] == []


def test_bytes_that_cannot_be_read_end_no_answer(thread: Thread, upstream: Upstream) -> None:
    """C-9.9: what is unreadable is passed over."""
    bad = {"filename": "a.txt", "data": "%%%"}
    upstream.script(chunk("Here"), with_files(bad, agents_file("b.txt", b"b")), DONE_MARK)
    assert statuses(events(thread.stream()))[-2:] == ["completed", "[DONE]"]
    assert [file["filename"] for file in thread.messages()[-1]["attachments"]] == ["b.txt"]


def test_the_data_of_a_file_never_reaches_the_client(thread: Thread, upstream: Upstream) -> None:
    """T-4: not in the stream, and not when the turn is followed."""
    secret = b"nobody needs this twice " * 50
    upstream.script(chunk("Here"), with_files(agents_file("a.txt", secret)), DONE_MARK)
    answer = thread.stream()
    followed = call(thread.owner, "GET", f"/api/turns/{answer.headers['X-Turn-ID']}/events")
    encoded = base64.b64encode(secret).decode()
    assert encoded not in answer.text
    assert (encoded in followed.text, followed.status_code) == (False, 200)
