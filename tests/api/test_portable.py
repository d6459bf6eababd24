"""Everything of one user's, out of one server and into another (docs/portable.md)."""

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.accounts import Account, bearer, database_of, signed_up
from tests.api.talking import problem_in
from tests.client import Databases, Server, Upstream, run_manage
from tests.conftest import StartServer, found
from tests.conversations.chatgpt import trip
from tests.conversations.exports import conversation, file_of, message

LINES = {"Content-Type": "application/x-ndjson"}


def exported(account: Account) -> list[dict[str, Any]]:
    """The lines, without what differs from one time to the next."""
    answer = account.server.get("/api/export", headers=account.headers)
    assert answer.status_code == 200, answer.text
    lines = [json.loads(line) for line in answer.content.splitlines()]
    assert lines[0].pop("exported_at")
    return lines


def imported(account: Account, data: bytes) -> dict[str, Any]:
    answer = account.server.post("/api/import", content=data, headers=account.headers | LINES)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


def outcomes(report: dict[str, Any]) -> set[str]:
    return {item["outcome"] for item in report["items"]}


def said_much(account: Account, upstream: Upstream) -> None:
    """A thread with a file and an answer, a deleted one, a session, and a chat stream."""
    server, headers = account.server, account.headers
    thread = _thread(account, metadata={"model": "m", "nested": {"z": 1, "a": 2}})
    file = {"filename": "a.txt", "content_type": "text/plain"}
    body = {"text": "سلام", "attachments": [{**file, "data_base64": "cGxhaW4="}]}
    answer = server.post(f"/api/threads/{thread}/messages", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    state = {"conversation_id": "abc", "payload": {"k": 1}}
    server.put(f"/api/provider-threads/{thread}", json=state, headers=headers)
    server.delete(f"/api/threads/{_thread(account)}", headers=headers)
    session = server.post("/sessions", json={"memory_limit": 4}, headers=headers).json()["id"]
    server.post(f"/sessions/{session}/messages", json={"content": "Hello"}, headers=headers)
    server.post("/api/chat/stream", json={"message": "Hello"}, headers=headers)


def _thread(account: Account, **fields: Any) -> str:
    answer = account.server.post("/api/threads", json=fields, headers=account.headers)
    return str(answer.json()["id"])


def test_what_one_server_exports_another_imports_and_exports_again(
    start_server: StartServer, databases: Databases, upstream: Upstream
) -> None:
    first = start_server(upstream=upstream)
    second = start_server(database_url=found(lambda: databases.new("postgresql")))
    ann, other = signed_up(first, "ann"), signed_up(second, "ann")
    said_much(ann, upstream)
    lines = exported(ann)
    kinds = [line["type"] for line in lines]
    assert kinds.count("conversation") == 4
    assert {"message", "attachment", "provider_thread"} < set(kinds)
    data = first.get("/api/export", headers=ann.headers).content
    report = imported(other, data)
    assert (outcomes(report), report["complete"], report["format"]) == ({"created"}, True, "parley")
    assert exported(other) == lines
    assert outcomes(imported(other, data)) == {"unchanged"}
    assert exported(other) == lines
    _reads_as_before(other, lines)


def _reads_as_before(account: Account, lines: list[dict[str, Any]]) -> None:
    """The thread, its messages and its file, as its dialect shows them."""
    thread = next(line for line in lines if line["type"] == "conversation" and line["title"])
    server, headers = account.server, account.headers
    listed = server.get("/api/threads", headers=headers).json()["items"]
    assert [item["id"] for item in listed] == [thread["id"]]
    page = server.get(f"/api/threads/{thread['id']}/messages", headers=headers).json()
    assert page["pagination"]["total"] == 2
    asked = page["items"][-1]
    assert (asked["sender_id"], asked["text"]) == (account.id, "سلام")
    url = asked["attachments"][0]["download_url"]
    assert server.get(url, headers=headers).content == b"plain"


def test_an_export_is_a_file_with_a_name(server: Server) -> None:
    ann = signed_up(server)
    answer = server.get("/api/export", headers=ann.headers)
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith(f'attachment; filename="parley-export-{ann.username}-20')
    assert disposition.endswith('.jsonl"')
    assert [json.loads(line)["type"] for line in answer.content.splitlines()] == [
        "parley-export",
        "end",
    ]


def test_nobody_exports_or_imports_without_a_token(server: Server) -> None:
    """C-4.5"""
    for headers in ({}, bearer("no token")):
        problem_in(server.get("/api/export", headers=headers), 401, "unauthorized")
        refused = server.post("/api/import", content=file_of(conversation()), headers=headers)
        problem_in(refused, 401, "unauthorized")


def test_another_users_rows_are_neither_exported_nor_changed(server: Server) -> None:
    ann, bob = signed_up(server), signed_up(server)
    thread = conversation(title="Ann's")
    asked = message(thread)
    imported(ann, file_of(thread, asked))
    before = exported(ann)
    newer = {"updated_at": "2026-10-10T00:00:00Z"}
    stolen = file_of({**thread, **newer, "title": "Bob's"}, {**asked, **newer, "content": "x"})
    first, again = imported(bob, stolen), imported(bob, stolen)
    assert (outcomes(first), outcomes(again)) == ({"created"}, {"unchanged"})
    assert [item["id"] for item in first["items"]] == [thread["id"], asked["id"]]
    assert exported(ann) == before
    assert thread["id"] not in json.dumps(exported(bob))
    refused = server.get(f"/api/threads/{thread['id']}", headers=bob.headers)
    problem_in(refused, 404, "thread_not_found")


def test_bad_lines_are_reported_and_spoil_nothing(server: Server) -> None:
    ann, thread = signed_up(server), conversation()
    whole = file_of(conversation(), b"rubbish", thread, message(thread, role=""), message(thread))
    cut = whole[: whole.rindex(b"{")]
    report = imported(ann, cut)
    assert [item["outcome"] for item in report["items"]] == [
        "created",
        "refused",
        "created",
        "refused",
        "created",
    ]
    assert [item["line"] for item in report["items"]] == [1, 2, 3, 4, 5]
    assert not report["complete"]
    assert report["counts"]["message"]["created"] == 1


@pytest.mark.parametrize("data", [b"", b"hello", b"\xff\xfe"])
def test_a_body_of_another_kind_is_400(server: Server, data: bytes) -> None:
    ann = signed_up(server)
    answer = server.post("/api/import", content=data, headers=ann.headers)
    problem_in(answer, 400, "invalid_import")


def test_a_chatgpt_export_becomes_threads(server: Server) -> None:
    ann = signed_up(server)
    data = json.dumps([trip()]).encode()
    report = imported(ann, data)
    assert (report["format"], outcomes(report)) == ("chatgpt", {"created"})
    assert outcomes(imported(ann, data)) == {"unchanged"}
    (thread,) = server.get("/api/threads", headers=ann.headers).json()["items"]
    assert thread["title"] == "City in a picture"
    page = server.get(f"/api/threads/{thread['id']}/messages", headers=ann.headers).json()
    assert page["items"][0]["text"] == "Paris."


def test_an_imported_thread_is_continued_with_its_history(
    server: Server, upstream: Upstream
) -> None:
    ann = signed_up(server)
    imported(ann, json.dumps([trip()]).encode())
    (thread,) = server.get("/api/threads", headers=ann.headers).json()["items"]
    body = {"text": "And the river?", "model": "m"}
    path = f"/api/threads/{thread['id']}/messages"
    assert server.post(path, json=body, headers=ann.headers).status_code == 201
    sent = upstream.requests("/v1/chat/completions")[-1]["body"]["messages"]
    assert [part["content"] for part in sent][-2:] == ["Paris.", "And the river?"]
    assert len(sent) == 5


def test_the_memory_of_an_export_does_not_grow_with_it(start_server: StartServer) -> None:
    own = start_server()
    ann, thread = signed_up(own), conversation()
    for _ in range(5):
        texts = [message(thread, content="x" * 3000) for _ in range(1000)]
        imported(ann, file_of(thread, *texts))
    _read_through(ann)
    before = _peak(own)
    assert _read_through(ann) > 15_000_000
    # The whole file is 16 MB; a page of it is 0.4.
    assert _peak(own) - before < 8_000


def _read_through(account: Account) -> int:
    """The bytes, of which none is kept."""
    url = f"{account.server.url}/api/export"
    with httpx.stream("GET", url, headers=account.headers, trust_env=False) as answer:
        return sum(map(len, answer.iter_bytes()))


def _peak(server: Server) -> int:
    """The most memory that the process ever had, in KiB."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def test_a_client_that_leaves_an_export_leaves_a_server_that_answers(server: Server) -> None:
    ann, thread = signed_up(server), conversation()
    large = base64.b64encode(bytes(100_000)).decode()
    imported(ann, file_of(thread, *[message(thread, content=large) for _ in range(100)]))
    url = f"{server.url}/api/export"
    with httpx.stream("GET", url, headers=ann.headers, trust_env=False) as answer:
        assert next(answer.iter_bytes())
    assert len(exported(ann)) == 103


Manage = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def manage(server: Server, tmp_path: Path) -> Manage:
    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        given = {"DATABASE_URL": database_of(server)}
        given["CHAT_ATTACHMENTS_STORAGE_DIR"] = str(tmp_path / "storage")
        return run_manage(*arguments, folder=tmp_path, env=given)

    return run


def test_the_commands_do_the_same(server: Server, manage: Manage, tmp_path: Path) -> None:
    ann, bob = signed_up(server), signed_up(server)
    thread = conversation(title="Trip")
    imported(ann, file_of(thread, message(thread)))
    file = tmp_path / "ann.jsonl"
    assert manage("export_user", ann.username, "--output", str(file)).returncode == 0
    shown = manage("export_user", ann.username)
    assert shown.stdout.encode().splitlines()[1:] == file.read_bytes().splitlines()[1:]
    assert file.stat().st_mode & 0o077 == 0
    done = manage("import_user", bob.username, str(file))
    assert (done.returncode, 'message: {"created": 1}' in done.stdout) == (0, True), done.stderr
    assert [line["type"] for line in exported(bob)] == [line["type"] for line in exported(ann)]


def test_the_command_fails_where_something_was_refused(
    server: Server, manage: Manage, tmp_path: Path
) -> None:
    ann, thread = signed_up(server), conversation()
    file = tmp_path / "bad.jsonl"
    file.write_bytes(file_of(thread, b"rubbish"))
    done = manage("import_user", ann.username, str(file))
    assert (done.returncode, "line 2: unknown refused" in done.stdout) == (1, True), done.stderr
    for wrong in (("nobody-here", str(file)), (ann.username, str(tmp_path / "none"))):
        refused = manage("import_user", *wrong)
        assert refused.returncode == 1
        assert "Traceback" not in refused.stderr
