"""The bypass list over HTTP (C-7)."""

from collections.abc import Iterator

import httpx
import pytest

from tests.api.limits import ADMIN_TOKEN, operator
from tests.api.talking import problem_in
from tests.client import Databases, Server
from tests.conftest import UNLIMITED, StartServer

LIST = "/admin/bypass"
CALLS = [
    ("GET", LIST),
    ("HEAD", LIST),
    ("POST", LIST),
    ("PUT", LIST),
    ("PATCH", LIST),
    ("DELETE", LIST),
    ("GET", f"{LIST}/"),
    ("POST", f"{LIST}/"),
    ("DELETE", f"{LIST}/10.0.0.1"),
    ("DELETE", f"{LIST}/10.0.0.0/8"),
    ("DELETE", f"{LIST}/10.0.0.0%2F8"),
    ("DELETE", f"{LIST}/nonsense"),
    ("GET", f"{LIST}/10.0.0.1"),
]


@pytest.fixture(scope="module")
def limited(database_kind: str, databases: Databases) -> Iterator[Server]:
    env = {**UNLIMITED, "ADMIN_TOKEN": ADMIN_TOKEN, "API_KEY": "shared"}
    server = Server.start(databases.new(database_kind), env)
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _empty(request: pytest.FixtureRequest) -> None:
    if "limited" in request.fixturenames:
        server: Server = request.getfixturevalue("limited")
        for entry in _listed(server):
            _removed(server, entry)


def _listed(server: Server) -> list[str]:
    answer = server.get(LIST, headers=operator())
    assert answer.status_code == 200
    entries: list[str] = answer.json()
    return entries


def _added(server: Server, ip: object) -> httpx.Response:
    return server.post(LIST, json={"ip": ip}, headers=operator())


def _removed(server: Server, ip: str) -> httpx.Response:
    return server.delete(f"{LIST}/{ip}", headers=operator())


def _answers(
    server: Server, method: str, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    answer = server.request(method, path, headers=headers, content=b"{not json")
    if method == "HEAD":
        assert answer.status_code == status
    else:
        problem_in(answer, status, code)


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("given", [{}, {"X-Admin-Token": ""}, {"X-Admin-Token": "None"}])
def test_without_a_token_in_the_settings_there_is_no_list(
    server: Server, method: str, path: str, given: dict[str, str]
) -> None:
    """C-7: 503 for any call, before the body and the method are looked at."""
    _answers(server, method, path, given, 503, "admin_disabled")


def test_an_empty_token_in_the_settings_is_none(start_server: StartServer) -> None:
    """C-7"""
    server = start_server({"ADMIN_TOKEN": ""})
    for given in ({}, {"X-Admin-Token": ""}):
        problem_in(server.get(LIST, headers=given), 503, "admin_disabled")


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_the_token_comes_before_the_body_and_the_method(
    limited: Server, method: str, path: str
) -> None:
    """C-7"""
    for given in ({}, {"X-Admin-Token": ""}, {"X-API-Key": "shared"}):
        _answers(limited, method, path, given, 401, "missing_admin_token")
    _answers(limited, method, path, {"X-Admin-Token": "wrong"}, 401, "invalid_admin_token")


@pytest.mark.parametrize(
    "guess",
    [ADMIN_TOKEN[:-1], ADMIN_TOKEN + "x", ADMIN_TOKEN.upper(), "\xe9\xff", "x" * 5000, "None"],
)
def test_a_wrong_token_changes_nothing(limited: Server, guess: str) -> None:
    """C-7"""
    headers = [(b"X-Admin-Token", guess.encode("latin-1"))]
    answer = limited.post(LIST, json={"ip": "10.0.0.1"}, headers=headers)
    problem_in(answer, 401, "invalid_admin_token")
    assert _listed(limited) == []
    assert guess not in limited.log() or guess == "None"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("  10.0.0.1\n", "10.0.0.1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"),
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("1.2.3.4/0", "0.0.0.0/0"),
        ("::/0", "::/0"),
        ("2001:DB8::FFFF/32", "2001:db8::/32"),
    ],
)
def test_an_entry_is_normalised(limited: Server, written: str, stored: str) -> None:
    """C-7.1"""
    for _ in range(2):
        answer = _added(limited, written)
        assert (answer.status_code, answer.json()) == (201, {"ip": stored})
    assert _listed(limited) == [stored]
    gone = _removed(limited, written.strip())
    assert (gone.status_code, gone.content) == (204, b"")
    assert _listed(limited) == []


def test_the_list_is_sorted_as_text(limited: Server) -> None:
    """C-7"""
    for entry in ("9.0.0.1", "10.0.0.2", "::1", "10.0.0.0/8", "2001:db8::/32"):
        _added(limited, entry)
    assert _listed(limited) == ["10.0.0.0/8", "10.0.0.2", "2001:db8::/32", "9.0.0.1", "::1"]


@pytest.mark.parametrize("given", ["10.1.2.3/8", "10.0.0.0%2F8", "10.0.0.0%2f8", "10.0.0.0/8"])
def test_a_block_is_removed_raw_or_escaped(limited: Server, given: str) -> None:
    """C-7.2"""
    _added(limited, "10.0.0.0/8")
    assert _removed(limited, given).status_code == 204
    problem_in(_removed(limited, given), 404, "bypass_not_found")


def test_an_ipv6_address_is_removed_in_any_spelling(limited: Server) -> None:
    """C-7.1"""
    for spelling in ("2001:DB8::1", "2001%3Adb8%3A%3A1", "%202001:db8:0::1%20"):
        _added(limited, "2001:db8::1")
        assert _removed(limited, spelling).status_code == 204


def test_an_address_inside_a_block_is_no_entry(limited: Server) -> None:
    """C-7"""
    _added(limited, "10.0.0.0/8")
    problem_in(_removed(limited, "10.0.0.1"), 404, "bypass_not_found")
    problem_in(_removed(limited, "10.0.0.0/9"), 404, "bypass_not_found")
    assert _listed(limited) == ["10.0.0.0/8"]


NO_ADDRESS = ["nonsense", "10.0.0", "10.0.0.1.2", "256.1.1.1", "010.0.0.1", "localhost", "1/2"]
NO_BLOCK = ["10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "2001:db8::/129"]
ZONES = ["fe80::1%eth0", "fe80::1%25eth0", "fe80::%1/64"]
DRESSED_UP = ["10.0.0.1:80", "10.0.0.1,10.0.0.2", "[::1]", "\u0661\u0660.0.0.1", "\U0001f600"]
BAD = [*NO_ADDRESS, *NO_BLOCK, *ZONES, *DRESSED_UP, "1" * 4000]


@pytest.mark.parametrize("text", [*BAD, "*"])
def test_what_is_no_address_is_not_added(limited: Server, text: str) -> None:
    """C-7, C-3.7"""
    problem_in(_added(limited, text), 400, "invalid_ip")
    assert _listed(limited) == []


@pytest.mark.parametrize("text", [*BAD, "%00", "10.0.0.1%00", "%FF", "*"])
def test_what_is_no_address_cannot_be_removed(limited: Server, text: str) -> None:
    """C-7, C-3.7"""
    problem_in(_removed(limited, text), 400, "invalid_ip")


@pytest.mark.parametrize("ip", [None, 5, 1.5, True, [], ["10.0.0.1"], {"ip": "10.0.0.1"}])
def test_what_is_no_text_is_not_added(limited: Server, ip: object) -> None:
    """C-7, C-3.3"""
    problem_in(_added(limited, ip), 422, "validation_error")


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"{not json", b"[]", b'"10.0.0.1"', b'{"ip":"\\ud800"}']
)
def test_a_body_without_an_address_is_a_validation_error(limited: Server, body: bytes) -> None:
    """C-7, C-3.4, C-3.7"""
    answer = limited.post(LIST, content=body, headers=operator())
    error = problem_in(answer, 422, "validation_error")
    if body == b"{}":
        assert error["message"] == "Request validation failed: ip: Field required"


@pytest.mark.parametrize("ip", ["", "   ", "\x00", "10.0.0.1\x00"])
def test_what_two_rules_speak_of_is_refused_by_one_of_them(limited: Server, ip: str) -> None:
    """C-7, C-3.3, C-3.7"""
    assert _added(limited, ip).status_code in (400, 422)
    assert _listed(limited) == []


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", LIST, {"GET", "POST"}),
        ("PATCH", LIST, {"GET", "POST"}),
        ("DELETE", LIST, {"GET", "POST"}),
        ("GET", f"{LIST}/10.0.0.1", {"DELETE"}),
        ("POST", f"{LIST}/10.0.0.1", {"DELETE"}),
    ],
)
def test_another_method_is_not_allowed(
    limited: Server, method: str, path: str, allowed: set[str]
) -> None:
    """C-1.2"""
    answer = limited.request(method, path, headers=operator())
    problem_in(answer, 405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) - {"HEAD", "OPTIONS"} == allowed


def test_a_head_is_a_get_without_its_body(limited: Server) -> None:
    answer = limited.request("HEAD", LIST, headers=operator())
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_trailing_slash_never_redirects(limited: Server) -> None:
    """C-1.1, C-7.4"""
    _added(limited, "10.0.0.1")
    assert limited.get(f"{LIST}/", headers=operator()).status_code in (200, 404)
    assert limited.delete(f"{LIST}/10.0.0.1/", headers=operator()).status_code in (204, 404)
    assert limited.delete(f"{LIST}/10.0.0.0/8/", headers=operator()).status_code == 404


def test_neither_key_nor_cookie_is_asked_for(limited: Server) -> None:
    """C-4.6, C-1.5"""
    for headers in (
        {"X-API-Key": "wrong"},
        {"Authorization": "Bearer x"},
        {"Cookie": "sessionid=x"},
    ):
        answer = limited.post(LIST, json={"ip": "10.0.0.1"}, headers={**operator(), **headers})
        assert answer.status_code == 201
