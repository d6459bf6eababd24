"""Fixtures for the pages: a browser, and one server with people on it."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.api.accounts import administrator, register, unused_name
from tests.client import Databases, Server, Upstream
from tests.conftest import QUICK, UNLIMITED, found
from tests.pages.browsing import Visitor, installed_browser, launched, visiting


# Not for the whole session: Playwright's event loop runs beside the tests of its thread, and
# those that are async or touch rows could not.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched(found(installed_browser)) as browser:
        yield browser


@pytest.fixture(scope="session")
def place(databases: Databases, upstream: Upstream) -> Iterator[Server]:
    """A server with an administrator, so that nobody is asked to become the first."""
    env = {**UNLIMITED, **QUICK, "APP_TITLE": "Parley"}
    server = Server.start(databases.new("sqlite"), env, upstream)
    administrator(server)
    yield server
    server.stop()


@pytest.fixture
def somebody(place: Server) -> str:
    """The name of a new user."""
    made = register(place, unused_name(), by=administrator(place))
    return str(made.json()["username"])


@pytest.fixture(scope="module")
def signed_in_state(browser: Browser, place: Server) -> Any:
    """Cookies: hashing passwords for each test would take longer than the tests."""
    made = register(place, unused_name(), by=administrator(place))
    with visiting(browser, place) as visitor:
        return visitor.signs_in(made.json()["username"]).context.storage_state()


@pytest.fixture
def visitor(browser: Browser, place: Server, signed_in_state: Any) -> Iterator[Visitor]:
    """Somebody who is signed in, at the start of a new conversation."""
    with visiting(browser, place, storage_state=signed_in_state) as visitor:
        visitor.opens("/")
        yield visitor
