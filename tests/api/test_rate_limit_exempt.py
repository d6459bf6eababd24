"""What costs nothing and is never refused (C-5.5)."""

from collections.abc import Iterator

import pytest

from tests.api.limits import (
    BEHIND_PROXY,
    BURST,
    PATH,
    STATE_HEADERS,
    STINGY,
    asked,
    new_address,
    sent_as_it_stands,
    use_up,
    via,
    wait_in,
)
from tests.client import Databases, Server

EXEMPT = [
    "/health",
    "/health/live",
    "/health/ready",
    "/metrics",
    "/metrics?format=prometheus",
    "/static/ui/base.css",
    "/static/absent.css",
    "/",
    "/docs",
    "/redoc",
    "/openapi.json",
    "/admin",
    "/admin/",
    "/admin/login/",
    "/admin/nothing/",
]


@pytest.fixture(scope="module")
def stingy(databases: Databases) -> Iterator[Server]:
    server = Server.start(databases.new("sqlite"), {**STINGY, **BEHIND_PROXY})
    yield server
    server.stop()


@pytest.mark.parametrize("path", EXEMPT)
def test_what_is_exempt_costs_nothing(stingy: Server, path: str) -> None:
    """C-5.5, C-6.4"""
    here = via(new_address())
    for _ in range(BURST + 1):
        answer = stingy.get(path, headers=here)
        assert answer.status_code < 500
        assert not any(name in answer.headers for name in STATE_HEADERS)
    assert asked(stingy, here, BURST + 1) == [404] * BURST + [429]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("path", EXEMPT)
def test_what_is_exempt_is_never_refused(stingy: Server, path: str, method: str) -> None:
    """C-5.5"""
    here = via(new_address())
    use_up(stingy, here)
    assert stingy.request(method, path, headers=here).status_code not in (429, 500)
    assert stingy.get(PATH, headers=here).status_code == 429


@pytest.mark.parametrize("path", ["/health/nothing", "/health/live/", "/health/"])
def test_all_that_is_below_health_is_exempt(stingy: Server, path: str) -> None:
    """C-5.5: "anything below it", also what is not there."""
    here = via(new_address())
    use_up(stingy, here)
    assert stingy.get(path, headers=here).status_code in (200, 404)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../sessions",
        "/health/../sessions",
        "/admin/bypass/../bypass",
        "/static%2f..%2fnothing",
        "//health",
        "/HEALTH",
        "/admin/bypass/",
        "/admin/bypass/health",
        "/sessions/health",
        "/conversations//health",
        "/nothing?/health",
        "/nothing#/health",
        "/nothing;/static/",
        "/health%00",
        "/metrics%20",
    ],
)
def test_a_path_that_is_dressed_up_is_limited(stingy: Server, path: str) -> None:
    """C-5.5: or the limit would be a matter of spelling."""
    here = via(new_address())
    use_up(stingy, here)
    status = sent_as_it_stands(stingy, *here.items(), path=path)
    # Below an exempt path there may be nothing; only what is served must have been paid for.
    assert status == 429 or (status == 404 and path.startswith(("/static", "/health")))


@pytest.mark.parametrize("path", ["/admin/bypass", "/admin/bypass/", "/admin/bypass/10.0.0.0/8"])
def test_the_bypass_list_is_limited_like_any_path(stingy: Server, path: str) -> None:
    """C-5.5"""
    here = via(new_address())
    use_up(stingy, here)
    wait_in(stingy.get(path, headers=here))
    wait_in(stingy.delete(path, headers=here))
