"""Threads as rows: made, read, changed, deleted, and refused to everyone else (T-3)."""

from typing import Any
from uuid import UUID

import pytest

from tests.api.accounts import Account, signed_up
from tests.api.talking import NOBODY, problem_in
from tests.api.threads import (
    MESSAGE_FIELDS,
    THREAD_FIELDS,
    Thread,
    call,
    every_call_to,
    new_thread,
)
from tests.client import Server


@pytest.fixture(scope="module")
def owner(server: Server) -> Account:
    return signed_up(server)


@pytest.fixture(scope="module")
def other(server: Server) -> Account:
    return signed_up(server)


def test_a_new_thread_has_every_field_and_nothing_in_it(owner: Account) -> None:
    """T-3: the shape, with null where there is nothing."""
    answer = call(owner, "POST", "/api/threads", json={})
    row = answer.json()
    assert (answer.status_code, sorted(row)) == (201, sorted(THREAD_FIELDS))
    assert str(UUID(row["id"])) == row["id"]
    assert row["created_at"].endswith(("Z", "+00:00"))
    assert row["updated_at"].endswith(("Z", "+00:00"))
    shown = {name: row[name] for name in THREAD_FIELDS[1:6]}
    assert shown == {
        "owner_id": owner.id,
        "title": None,
        "summary": None,
        "metadata": {},
        "is_deleted": False,
    }
    assert row["deleted_at"] is None


def test_a_thread_keeps_what_it_was_made_with(owner: Account) -> None:
    """T-3, C-3.7"""
    fields = {"title": "ف" * 255, "summary": "🦆" * 1024, "metadata": {"a": [1, 1.5, None, "é"]}}
    thread = new_thread(owner, **fields, unknown=1)
    row = thread.get()
    assert {name: row[name] for name in fields} == fields
    assert row["last_messages"] == []
    assert sorted(row) == sorted([*THREAD_FIELDS, "last_messages"])


@pytest.mark.parametrize("given", [{}, {"metadata": None}])
def test_attributes_are_another_name_for_metadata(owner: Account, given: dict[str, Any]) -> None:
    """T-3"""
    thread = new_thread(owner, attributes={"a": 1}, **given)
    assert thread.get()["metadata"] == {"a": 1}
    assert thread.change(attributes={"b": 2}, **given).json()["metadata"] == {"b": 2}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"title": "a" * 256}, "title"),
        ({"summary": "a" * 1025}, "summary"),
        ({"title": 5}, "title"),
        ({"metadata": []}, "metadata"),
        ({"metadata": "text"}, "metadata"),
        ({"attributes": 1}, "attributes"),
    ],
)
def test_fields_out_of_bounds_are_refused(
    owner: Account, fields: dict[str, Any], path: str
) -> None:
    """T-3, C-3.2: when a thread is made, and when it is changed."""
    thread = new_thread(owner, title="kept")
    for answer in (call(owner, "POST", "/api/threads", json=fields), thread.change(**fields)):
        error = problem_in(answer, 422, "validation_error")
        assert error["message"].startswith(f"Request validation failed: {path}: ")
        assert error["details"]["errors"][0]["loc"] == [path]
    assert thread.get()["title"] == "kept"


def test_a_change_stores_what_is_given_and_leaves_the_rest(owner: Account) -> None:
    """T-3: null or absent is unchanged; metadata is replaced."""
    thread = new_thread(owner, title="One", summary="Two", metadata={"a": 1})
    before = thread.get()
    answer = thread.change(title=None, summary="New", metadata={"b": 2}, is_deleted=None)
    after = answer.json()
    assert (answer.status_code, sorted(after)) == (200, sorted(THREAD_FIELDS))
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"summary", "metadata", "updated_at"}
    assert (after["summary"], after["metadata"]) == ("New", {"b": 2})
    assert thread.change().json()["title"] == "One"


@pytest.mark.parametrize("way", ["DELETE", "PATCH"])
def test_a_deleted_thread_is_gone_but_kept(owner: Account, way: str) -> None:
    """T-3.1, T-3.2"""
    thread = new_thread(owner)
    thread.ask().raise_for_status()
    if way == "DELETE":
        gone = call(owner, "DELETE", thread.path)
        assert (gone.status_code, gone.content) == (204, b"")
        assert call(owner, "DELETE", thread.path).status_code == 204
    else:
        row = thread.change(is_deleted=True).json()
        assert row["is_deleted"] is True
        assert row["deleted_at"] is not None
    for answer in every_call_to(owner, thread):
        error = problem_in(answer, 404, "thread_not_found")
        assert error["message"] == "Thread not found"
    listed = call(owner, "GET", "/api/threads", params={"include_deleted": "true"}).json()["items"]
    row = next(row for row in listed if row["id"] == thread.id)
    assert (row["is_deleted"], row["deleted_at"] is None) == (True, False)
    shown = call(owner, "GET", "/api/threads", params={"limit": 100}).json()["items"]
    assert thread.id not in {row["id"] for row in shown}


def test_what_is_someone_elses_looks_as_if_it_did_not_exist(owner: Account, other: Account) -> None:
    """T-3.1, C-4.7"""
    thread, nothing = new_thread(owner, title="Mine"), Thread(other, NOBODY)
    for foreign, unknown in zip(
        every_call_to(other, thread), every_call_to(other, nothing), strict=True
    ):
        assert problem_in(foreign, 404, "thread_not_found")["message"] == "Thread not found"
        problem_in(unknown, 404, "thread_not_found")
        assert foreign.json()["error"] == unknown.json()["error"]
    problem_in(call(other, "DELETE", thread.path), 404, "thread_not_found")
    assert (thread.get()["title"], thread.messages()) == ("Mine", [])


@pytest.mark.parametrize("odd", ["7", "nothing", "%00", NOBODY[:-1], f"{NOBODY}0"])
def test_what_is_not_a_uuid_is_refused(owner: Account, odd: str) -> None:
    """T-3.1, C-3.2"""
    paths = [f"/api/threads/{odd}/messages", f"/api/provider-threads/{odd}"]
    for path in [*paths, f"/api/threads/{odd}"]:
        error = problem_in(call(owner, "GET", path), 422, "validation_error")
        assert error["message"].startswith("Request validation failed: path.thread_id: ")


@pytest.mark.parametrize(
    ("given", "number"), [({}, 5), ({"messages_limit": 1}, 1), ({"messages_limit": 50}, 8)]
)
def test_a_thread_shows_its_last_messages(
    owner: Account, given: dict[str, Any], number: int
) -> None:
    """T-3: newest first, five of them unless asked otherwise."""
    thread = new_thread(owner)
    for text in ("One", "Two", "Three", "Four"):
        thread.ask(text).raise_for_status()
    last = thread.get(**given)["last_messages"]
    assert last == thread.messages()[::-1][:number]
    assert last[0]["text"] == "Echo: Four"
    assert sorted(last[0]) == sorted(MESSAGE_FIELDS)


@pytest.mark.parametrize("limit", ["0", "51", "-1", "many", ""])
def test_a_number_of_last_messages_out_of_bounds_is_refused(owner: Account, limit: str) -> None:
    """T-3, C-3.2"""
    answer = call(owner, "GET", new_thread(owner).path, params={"messages_limit": limit})
    error = problem_in(answer, 422, "validation_error")
    assert "query.messages_limit: " in error["message"]
