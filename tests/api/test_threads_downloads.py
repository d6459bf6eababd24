"""Files handed out: to their owner alone, to be saved and never to be run (T-4)."""

from contextlib import closing
from http.client import HTTPConnection

import pytest

from tests.api.accounts import Account, signed_up
from tests.api.talking import NOBODY, problem_in
from tests.api.threads import (
    Thread,
    call,
    file,
    new_thread,
    sent,
    stored_files,
)
from tests.client import Server

MEGABYTE = 1024 * 1024


NAMES = [
    "../../etc/passwd",
    "/etc/passwd",
    "..\\a",
    'q"u;o',
    "a\r\nX-Odd: 1",
    "..",
    ".",
    " ",
    "\u202e",
]
RUBBISH = [
    "../../etc/passwd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "..%5c..%5cwindows",
    "a%00b",
    "%ff",
]
RUBBISH += [
    "%252e%252e%252fetc",
    "....//....//etc/passwd",
    "/etc/passwd",
    "x" * 3000,
    ".",
    "%0d%0aX:%201",
]


@pytest.fixture(scope="module")
def owner(server: Server) -> Account:
    return signed_up(server)


@pytest.fixture
def thread(owner: Account) -> Thread:
    return new_thread(owner)


@pytest.mark.parametrize("name", [*NAMES, "x" * 400, "🦆" * 300], ids=ascii)
def test_a_file_name_does_no_harm(thread: Thread, name: str) -> None:
    """T-4: not as a path, not in a header, not in a list."""
    (made,) = sent(thread, file(name, b"data", "text/html\r\nX-Odd: 1"))
    assert made["filename"].strip() not in ("", ".", "..")
    assert not set(made["filename"]) & set("/\\\r\n")
    served = call(thread.owner, "GET", made["download_url"])
    assert (served.status_code, served.content) == (200, b"data")
    assert "X-Odd" not in served.headers
    assert all(path.count("/") <= 1 for path in stored_files(thread.owner.server))


def test_a_file_is_served_to_be_saved_and_never_to_be_run(thread: Thread) -> None:
    """Issue 4"""
    (made,) = sent(thread, file("a.html", b"<script>alert(1)</script>", "text/html"))
    headers = call(thread.owner, "GET", made["download_url"]).headers
    assert headers["Content-Disposition"].startswith("attachment")
    assert "a.html" in headers["Content-Disposition"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]


def test_a_file_is_its_owners_alone(thread: Thread, server: Server) -> None:
    """T-4, T-3.1: someone else's looks like none, and a deleted thread's is gone."""
    (made,) = sent(thread, file("a", b"a"))
    url, stranger = made["download_url"], signed_up(server)
    theirs = call(stranger, "GET", url)
    none = call(stranger, "GET", f"/api/attachments/{NOBODY}")
    assert problem_in(theirs, 404, "attachment_not_found") == none.json()["error"]
    assert server.get(url).status_code == 401
    call(thread.owner, "DELETE", thread.path).raise_for_status()
    problem_in(call(thread.owner, "GET", url), 404, "attachment_not_found")


@pytest.mark.parametrize("name", [*RUBBISH, f"{NOBODY}%00"], ids=lambda name: name[:24])
def test_no_name_reaches_out_of_the_storage(owner: Account, name: str) -> None:
    """T-4: 400 or 404, whatever stands in the path."""
    with closing(HTTPConnection("127.0.0.1", owner.server.port, timeout=10)) as line:
        line.request("GET", f"/api/attachments/{name}", headers=owner.headers)
        answer = line.getresponse()
        assert answer.status in (400, 404)
        assert b"root:" not in answer.read()
