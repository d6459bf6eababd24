"""Products and agents that a user may not use: fenced off everywhere (T-3.4)."""

from typing import Any

import pytest

from tests.api.accounts import Account, signed_up
from tests.api.talking import problem_in
from tests.api.threads import (
    call,
    every_call_to,
    file,
    new_thread,
)
from tests.client import Server

PRODUCTS = ("product_id", "productId", "product")
AGENTS = ("agent_id", "agentId", "agent")
SPELLINGS = [{name: value} for name in (*PRODUCTS, *AGENTS) for value in ("x", {"id": "x"})]
SPELLINGS += [{name: {"value": "x"}} for name in (*PRODUCTS, *AGENTS)]


@pytest.fixture(scope="module")
def owner(server: Server) -> Account:
    return signed_up(server)


@pytest.fixture(scope="module")
def narrow(server: Server) -> Account:
    """Someone who may use one product and one agent."""
    return signed_up(server, allowed_products=["fine"], allowed_agents=["good"])


@pytest.mark.parametrize("outside", SPELLINGS, ids=str)
def test_a_product_or_agent_outside_of_the_lists_is_forbidden(
    narrow: Account, outside: dict[str, Any]
) -> None:
    """T-3.4: for creating and for changing, in every spelling."""
    problem_in(call(narrow, "POST", "/api/threads", json={"metadata": outside}), 403, "forbidden")
    problem_in(call(narrow, "POST", "/api/threads", json={"attributes": outside}), 403, "forbidden")
    thread = new_thread(narrow, metadata={"product": "fine", "agentId": {"value": "good"}})
    problem_in(thread.change(metadata=outside), 403, "forbidden")
    problem_in(thread.change(attributes=outside), 403, "forbidden")
    assert thread.get()["metadata"] == {"product": "fine", "agentId": {"value": "good"}}


def test_two_spellings_cannot_hide_a_product_outside_of_the_list(narrow: Account) -> None:
    """T-3.4: the list is a fence, and a second name no gap in it."""
    hidden = {"product_id": "fine", "product": "x"}
    problem_in(call(narrow, "POST", "/api/threads", json={"metadata": hidden}), 403, "forbidden")


def test_an_empty_list_allows_all(owner: Account) -> None:
    """T-3.4"""
    for metadata in SPELLINGS:
        assert new_thread(owner, metadata=metadata).get()["metadata"] == metadata


def test_a_list_that_narrows_later_closes_what_was_open(server: Server) -> None:
    """T-3.4: reading, writing, streaming, state and lists alike."""
    person = signed_up(server)
    closed, still_open = (new_thread(person, metadata={"product": name}) for name in ("x", "fine"))
    turns = [thread.ask().headers["X-Turn-ID"] for thread in (closed, still_open)]
    person.change("user.allowed_products = ['fine']; user.save()")
    for answer in every_call_to(person, closed):
        problem_in(answer, 403, "forbidden")
    problem_in(call(person, "DELETE", closed.path), 403, "forbidden")
    problem_in(call(person, "GET", f"/api/turns/{turns[0]}"), 403, "forbidden")
    problem_in(call(person, "GET", f"/api/turns/{turns[0]}/events"), 403, "forbidden")
    assert call(person, "GET", f"/api/turns/{turns[1]}").status_code == 200
    for query in ({}, {"include_deleted": "true"}):
        page = call(person, "GET", "/api/threads", params=query).json()
        assert [row["id"] for row in page["items"]] == [still_open.id]
        assert page["pagination"]["total"] == 1
    still_open.ask().raise_for_status()


def test_a_file_of_a_forbidden_product_is_forbidden(server: Server) -> None:
    """T-3.4: a file is read too."""
    person = signed_up(server)
    thread = new_thread(person, metadata={"agent": "x"})
    sent = thread.ask(attachments=[file("a.txt", b"a")]).json()
    url = sent["attachments"][0]["download_url"]
    assert call(person, "GET", url).content == b"a"
    person.change("user.allowed_agents = ['good']; user.save()")
    problem_in(call(person, "GET", url), 403, "forbidden")
