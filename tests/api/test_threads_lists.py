"""Lists of threads and messages: their pages, their order, and what they leave out (T-3, T-4)."""

from typing import Any

import pytest

from tests.api.accounts import Account, execute, manage, signed_up
from tests.api.talking import problem_in
from tests.api.threads import MESSAGE_FIELDS, THREAD_FIELDS, Thread, call, new_thread
from tests.client import Server

THREADS = 45
ONE_TIME = "2026-01-02 03:04:05+00:00"


@pytest.fixture(scope="module")
def owner(server: Server) -> Account:
    return signed_up(server)


@pytest.fixture(scope="module")
def collector(server: Server) -> Account:
    """Someone with 45 begun threads, and 145 messages in the newest; all of the same time."""
    person = signed_up(server)
    code = f"""
from conversations.models import Conversation, Message
threads = Conversation.objects.bulk_create(
    Conversation(
        workspace='user:{person.id}', surface='threads', title=f'T {{n}}', has_title=True,
        message_count=1,
    )
    for n in range({THREADS})
)
Message.objects.bulk_create(Message(conversation=t, role='user', content='Hi') for t in threads)
Message.objects.bulk_create(
    Message(conversation=threads[-1], role='user', content=str(n)) for n in range(144)
)
Conversation.objects.filter(id=threads[-1].id).update(message_count=145)
"""
    manage(server, code)
    for table in ("conversations_conversation", "conversations_message"):
        execute(server, f"UPDATE {table} SET created_at = ?, updated_at = ?", ONE_TIME, ONE_TIME)
    return person


def listed(account: Account, path: str = "/api/threads", **query: Any) -> dict[str, Any]:
    answer = call(account, "GET", path, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found.keys() == {"items", "pagination"}
    return found


def ids(page: dict[str, Any]) -> list[str]:
    return [row["id"] for row in page["items"]]


def numbers(total: int, page: int, limit: int, *, has_more: bool) -> dict[str, Any]:
    return {"total": total, "page": page, "limit": limit, "has_more": has_more}


def test_a_page_of_threads_has_twenty_unless_asked_otherwise(collector: Account) -> None:
    """T-3: newest first."""
    first = listed(collector)
    assert first["pagination"] == numbers(THREADS, 1, 20, has_more=True)
    assert [row["title"] for row in first["items"]] == [f"T {n}" for n in range(44, 24, -1)]
    assert sorted(first["items"][0]) == sorted(THREAD_FIELDS)


@pytest.mark.parametrize("limit", [1, 7, 15, 44, 45, 100])
def test_pages_hold_every_thread_once_though_all_are_of_one_time(
    collector: Account, limit: int
) -> None:
    """T-3, issue 4: the order is stable under equal times."""
    whole = ids(listed(collector, limit=100))
    seen: list[str] = []
    for number in range(1, THREADS // limit + 2):
        page = listed(collector, page=number, limit=limit)
        seen += ids(page)
        more = len(seen) < THREADS
        assert page["pagination"] == numbers(THREADS, number, limit, has_more=more)
        assert (len(page["items"]) == limit) or not more
    assert (seen, len(set(seen))) == (whole, THREADS)


def test_pages_hold_every_message_once(collector: Account) -> None:
    """T-4: pages as in T-3, newest first."""
    path = f"/api/threads/{ids(listed(collector))[0]}/messages"
    first = listed(collector, path)
    assert first["pagination"] == numbers(145, 1, 20, has_more=True)
    assert [row["text"] for row in first["items"]] == [str(n) for n in range(143, 123, -1)]
    assert sorted(first["items"][0]) == sorted(MESSAGE_FIELDS)
    pages = [listed(collector, path, page=number, limit=50) for number in (1, 2, 3)]
    assert len({row for page in pages for row in ids(page)}) == 145
    assert [page["pagination"]["has_more"] for page in pages] == [True, True, False]
    assert pages[-1]["items"][-1]["text"] == "Hi"


@pytest.mark.parametrize("limit", ["101", "5000", "2147483647"])
def test_a_limit_above_a_hundred_is_a_hundred(collector: Account, limit: str) -> None:
    """T-3"""
    path = f"/api/threads/{ids(listed(collector))[0]}/messages"
    page = listed(collector, path, limit=limit)
    assert page["pagination"] == numbers(145, 1, 100, has_more=True)
    assert len(page["items"]) == 100
    assert listed(collector, limit=limit)["pagination"]["limit"] == 100


@pytest.mark.parametrize("number", ["4", "1000000"])
def test_a_page_beyond_the_last_is_empty(collector: Account, number: str) -> None:
    """T-3"""
    page = listed(collector, page=number)
    assert page["items"] == []
    assert page["pagination"] == numbers(THREADS, int(number), 20, has_more=False)


@pytest.mark.parametrize("name", ["page", "limit"])
@pytest.mark.parametrize("value", ["0", "-1", "one", "", "1.5", "9" * 30, "1\0"])
def test_numbers_that_no_page_has_are_refused(owner: Account, name: str, value: str) -> None:
    """T-3, C-3.2, C-3.7"""
    for path in ("/api/threads", f"{new_thread(owner).path}/messages"):
        answer = call(owner, "GET", path, params={name: value})
        if value == "9" * 30 and answer.status_code == 200:
            continue
        error = problem_in(answer, 422, "validation_error")
        assert error["message"].startswith(f"Request validation failed: query.{name}: ")
    assert (
        "greater than or equal to 1"
        in call(owner, "GET", "/api/threads", params={name: "0"}).json()["detail"]
    )


def begun(owner: Account, **fields: Any) -> Thread:
    thread = new_thread(owner, **fields)
    thread.ask().raise_for_status()
    return thread


def is_listed(thread: Thread, **query: Any) -> bool:
    page = listed(thread.owner, limit=100, **query)
    assert page["pagination"]["total"] == len(page["items"])
    return thread.id in ids(page)


def test_the_list_leaves_out_threads_without_a_message(owner: Account) -> None:
    """T-3.3"""
    thread = new_thread(owner, title="Empty")
    assert not is_listed(thread)
    assert is_listed(thread, include_deleted="true")
    assert not is_listed(thread, include_deleted="false")
    thread.ask().raise_for_status()
    assert is_listed(thread)


@pytest.mark.parametrize("title", ["", "   ", "\t", " \n\r\n ", "\u00a0\u3000", "\u2003"])
def test_the_list_leaves_out_threads_with_a_blank_title(owner: Account, title: str) -> None:
    """T-3.3"""
    thread = begun(owner)
    assert is_listed(thread)
    assert thread.change(title=title).json()["title"] == title
    assert not is_listed(thread)
    assert is_listed(thread, include_deleted="true")


@pytest.mark.parametrize("title", ["0", "\u200c", "٠", "."])  # noqa: RUF001
def test_a_title_of_one_character_is_no_blank_one(owner: Account, title: str) -> None:
    """T-3.3"""
    thread = begun(owner)
    thread.change(title=title)
    assert is_listed(thread)


def test_a_message_that_failed_is_a_message(owner: Account) -> None:
    """T-3.3, T-4.5"""
    thread = new_thread(owner)
    assert thread.ask("Hello", metadata={"provider": "nobody"}).status_code in (400, 502)
    assert thread.ask().status_code == 201
    assert is_listed(thread)


def test_nobody_sees_the_threads_of_others(collector: Account, server: Server) -> None:
    """T-3.1"""
    newcomer = signed_up(server)
    page = listed(newcomer, include_deleted="true")
    assert page["items"] == []
    assert page["pagination"] == numbers(0, 1, 20, has_more=False)


@pytest.mark.parametrize("value", ["perhaps", "2", ""])
def test_include_deleted_is_yes_or_no(owner: Account, value: str) -> None:
    """C-3.2, C-3.3"""
    answer = call(owner, "GET", "/api/threads", params={"include_deleted": value})
    error = problem_in(answer, 422, "validation_error")
    assert "query.include_deleted: Input should be a valid boolean" in error["message"]
