"""Who may call what: the table of routes, and every route with every kind of caller (C-4)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from chatproject.routes import ROUTES, Access
from tests.api.accounts import Account, administrator, by_key, signed_up
from tests.api.talking import NOBODY
from tests.api.threads import file, new_thread
from tests.client import Databases, Server, Upstream
from tests.conftest import QUICK, UNLIMITED, found

HELLO = {"message": "Hello"}
ASKED = {"messages": [{"role": "user", "content": "Hello"}]}
SAID = {"text": "Hello", "model": "scripted-small"}
THREAD, STATE = "api/threads/<str:thread_id>", "api/provider-threads/<str:thread_id>"
TOKEN = {"X-Admin-Token": "operator"}
# What a page of ours proves itself with, whoever it asks for.
CSRF = {"X-CSRFToken": "c" * 32, "Cookie": f"csrftoken={'c' * 32}"}
PAGE = "ui/conversations/<str:conversation_id>"
TURN = "ui/turns/<str:turn_id>"


@dataclass(frozen=True)
class Call:
    """A call that works for who owns what its path names."""

    route: str
    method: str
    status: int
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} /{self.route}"

    @property
    def is_of_something(self) -> bool:
        # An address and a model are nobody's.
        return re.search(r"<(?!path:(ip|model_id)>)", self.route) is not None


# Within one thing, in the order in which they can follow each other: deletions come last.
CALLS = [
    Call("sessions", "POST", 201, {}),
    Call("sessions/<str:session_id>", "GET", 200),
    Call("sessions/<str:session_id>/messages", "POST", 200, {"content": "Hello"}),
    Call("sessions/<str:session_id>", "DELETE", 204),
    Call("api/chat/stream", "POST", 200, HELLO),
    Call("models", "GET", 200),
    Call("conversations", "GET", 200),
    Call("conversations", "POST", 200, {}),
    Call("conversations/<str:conversation_id>", "GET", 200),
    Call("conversations/<str:conversation_id>", "PATCH", 200, {"default_model": "other"}),
    Call("conversations/<str:conversation_id>/messages", "POST", 200, HELLO),
    Call("conversations/<str:conversation_id>/messages", "GET", 200),
    Call("conversations/<str:conversation_id>/stream", "GET", 200),
    Call("conversations/<str:conversation_id>", "DELETE", 200),
    Call("api/turns/<str:turn_id>", "GET", 200),
    Call("api/turns/<str:turn_id>/events", "GET", 200),
    Call("api/turns/<str:turn_id>/stop", "POST", 200),
    Call("v1/models", "GET", 200),
    Call("v1/models/<path:model_id>", "GET", 200),
    Call("v1/chat/completions", "POST", 200, ASKED),
    Call("v1/embeddings", "POST", 200, {"model": "scripted-small", "input": "Hello"}),
    Call("v1/responses", "POST", 200, {"input": "Hello"}),
    Call("v1/responses/<str:response_id>", "GET", 200),
    Call("v1/responses/<str:response_id>", "DELETE", 200),
    Call("api/usage", "GET", 200),
    Call("api/auth/register", "POST", 422, {}),
    Call("api/auth/login", "POST", 422, {}),
    Call("api/auth/refresh", "POST", 422, {}),
    Call("api/auth/me", "GET", 200),
    Call("api/auth/logout", "POST", 204),
    Call("api/threads", "GET", 200),
    Call("api/threads", "POST", 201, {}),
    Call(THREAD, "GET", 200),
    Call(THREAD, "PATCH", 200, {"title": "Mine"}),
    Call(f"{THREAD}/messages", "GET", 200),
    Call(f"{THREAD}/messages", "POST", 201, SAID),
    Call(f"{THREAD}/messages/stream", "POST", 200, SAID),
    Call(f"{THREAD}/messages/<str:message_id>", "PATCH", 200, {"status": "ready"}),
    Call(f"{THREAD}/export", "GET", 200),
    Call(STATE, "GET", 200),
    Call(STATE, "PUT", 200, {"conversation_id": "theirs"}),
    Call(THREAD, "DELETE", 204),
    Call("api/search/threads", "POST", 200, {"phrase": "Hello"}),
    Call("api/search/messages", "GET", 422),
    Call("api/models", "GET", 200),
    Call("api/attachments/<path:name>", "GET", 200),
    Call("api/export", "GET", 200),
    Call("api/import", "POST", 200, {}),
    Call("api/keys", "GET", 200),
    Call("api/keys", "POST", 201, {"name": "a program"}),
    Call("api/keys/<str:key_id>", "DELETE", 204),
    Call("setup", "GET", 302),
    Call("sign-in", "GET", 200),
    Call("sign-out", "POST", 302, headers=CSRF),
    Call("c/new", "GET", 200),
    Call("c/<str:conversation_id>", "GET", 200),
    Call("c/<str:conversation_id>/export", "GET", 200),
    Call("trash", "GET", 200),
    Call("search", "GET", 200),
    Call("settings", "GET", 200),
    Call("settings/looks", "POST", 302, headers=CSRF),
    Call("settings/name", "POST", 302, headers=CSRF),
    Call("settings/password", "POST", 422, headers=CSRF),
    Call("settings/keys", "POST", 422, headers=CSRF),
    Call("settings/keys/<str:key_id>/revoke", "POST", 302, headers=CSRF),
    Call("metrics/live", "GET", 200),
    Call("ui/models", "GET", 200),
    Call("ui/list", "GET", 200),
    Call("ui/ask", "POST", 202, {"text": "Hello"}, headers=CSRF),
    Call(PAGE, "PATCH", 200, {"title": "Mine"}),
    Call(f"{PAGE}/ask", "POST", 202, {"text": "Hello"}, headers=CSRF),
    Call(f"{PAGE}/again", "POST", 202, {}, headers=CSRF),
    Call(f"{PAGE}/choose", "POST", 404, {"message": NOBODY}),
    Call(f"{PAGE}/messages", "GET", 200),
    Call("ui/messages/<str:message_id>/source", "GET", 200),
    Call("ui/files/<str:file_id>", "GET", 200),
    Call(f"{TURN}/events", "GET", 200),
    Call(f"{TURN}/source", "GET", 200),
    Call(f"{TURN}/answer", "GET", 200),
    Call(f"{TURN}/facts", "GET", 200),
    Call(f"{TURN}/stop", "POST", 202),
    Call("admin/bypass", "GET", 200, headers=TOKEN),
    Call("admin/bypass/", "GET", 200, headers=TOKEN),
    Call("admin/bypass", "POST", 201, {"ip": "192.0.2.1"}, headers=TOKEN),
    Call("admin/bypass/<path:ip>", "DELETE", 204, headers=TOKEN),
    Call("", "GET", 200),
    Call("health", "GET", 200),
    Call("health/live", "GET", 200),
    Call("health/ready", "GET", 200),
    Call("metrics", "GET", 200),
    Call("docs", "GET", 200),
    Call("redoc", "GET", 200),
    Call("openapi.json", "GET", 200),
    Call("admin", "GET", 302),
]


@pytest.fixture(scope="module")
def guarded(database_kind: str, databases: Databases, upstream: Upstream) -> Iterator[Server]:
    env = {**UNLIMITED, **QUICK, "API_KEY": "shared", "ADMIN_TOKEN": TOKEN["X-Admin-Token"]}
    server = Server.start(found(lambda: databases.new(database_kind)), env, upstream)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def people(guarded: Server) -> dict[str, Account]:
    staff = administrator(guarded)
    return {"owner": signed_up(guarded), "other": signed_up(guarded), "staff": staff}


def _routes(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver) and pattern.app_name != "admin":
            yield from _routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert sorted(_routes(get_resolver().url_patterns)) == sorted(ROUTES)


def test_every_row_is_called_below() -> None:
    assert {call.route for call in CALLS} == set(ROUTES)


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_only_those_who_may_call_a_route_can(
    guarded: Server, people: dict[str, Account], call: Call
) -> None:
    """C-4.1, C-4.5, C-4.7, C-7; T-1"""
    owner, other, staff = (people[name] for name in ("owner", "other", "staff"))
    if call.route == "api/auth/logout":
        owner = other = signed_up(guarded)
    path = _path(guarded, call, owner)
    key = by_key(other.new_key())
    access = ROUTES[call.route].access
    for headers in ({}, key, other.headers, staff.headers):
        if call.route == "api/auth/logout" and headers not in ({}, key):
            continue
        answer = _made(guarded, call, path, headers)
        assert answer.status_code == _expected(call, access, headers, key, staff), headers.keys()
        if call.is_of_something and answer.status_code == 404:
            unknown = _path(guarded, call, None)
            assert _same_but_id(answer, _made(guarded, call, unknown, headers))
    assert _made(guarded, call, path, owner.headers).status_code == _for_user(call, access)


def _expected(
    call: Call, access: Access, headers: dict[str, str], key: dict[str, str], staff: Account
) -> int:
    """The status for those who do not own what the path names."""
    if access in (Access.EVERYONE, Access.ADMIN_TOKEN):
        return call.status if "<path:ip>" not in call.route else 404
    if access is Access.FIRST_OR_ADMIN:
        return call.status if headers == staff.headers else 403
    if not headers and access in (Access.VISITOR, Access.MEMBER, Access.ADMIN):
        return 302
    if access is Access.ADMIN and headers != staff.headers:
        return 403
    if not headers or (headers == key and access is Access.TOKEN):
        return 401
    if headers == key and access in (Access.SIGNED_IN, Access.MEMBER):
        return 403
    return 404 if call.is_of_something else call.status


def _for_user(call: Call, access: Access) -> int:
    if access in (Access.FIRST_OR_ADMIN, Access.ADMIN):
        return 403
    return 404 if "<path:ip>" in call.route else call.status


def _made(server: Server, call: Call, path: str, headers: dict[str, str]) -> httpx.Response:
    return server.request(
        call.method, path, json=call.body, headers={**call.headers, **headers}, timeout=20
    )


def _same_but_id(first: httpx.Response, second: httpx.Response) -> bool:
    """Whether a foreign id is answered as an unknown one, byte for byte."""
    ids = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
    kept = {"date", "x-request-id", "content-length"}
    heads = [
        {name: value for name, value in answer.headers.items() if name not in kept}
        for answer in (first, second)
    ]
    limits = {"ratelimit-remaining", "ratelimit-reset"}
    heads = [{name: head[name] for name in head.keys() - limits} for head in heads]
    bodies = [ids.sub("<id>", answer.text) for answer in (first, second)]
    return (first.status_code, heads[0], bodies[0]) == (second.status_code, heads[1], bodies[1])


def _path(server: Server, call: Call, owner: Account | None) -> str:
    """The call's path, to something of the owner's, or to what nobody has."""
    named = set(re.findall(r":(\w+)>", call.route))
    if owner is not None and named & {"thread_id", "message_id", "file_id", "name"}:
        return _path_in_thread(call, owner)
    return re.sub(
        r"<\w+:(\w+)>",
        lambda name: "203.0.113.9" if name[1] == "ip" else _id(server, name[1], owner),
        f"/{call.route}",
    )


def _path_in_thread(call: Call, owner: Account) -> str:
    """To a thread with a message, a file and state, or to one of those."""
    thread = new_thread(owner)
    message = thread.ask(attachments=[file("a.txt", b"a")]).json()
    state = {"conversation_id": "theirs"}
    owner.server.put(f"/api/provider-threads/{thread.id}", json=state, headers=owner.headers)
    ids = {"thread_id": thread.id, "message_id": message["id"]}
    ids["name"] = ids["file_id"] = message["attachments"][0]["id"]
    return re.sub(r"<\w+:(\w+)>", lambda name: str(ids[name[1]]), f"/{call.route}")


def _id(server: Server, name: str, owner: Account | None) -> str:
    if name == "model_id":
        return "scripted-small"
    if owner is None:
        return NOBODY
    if name == "session_id":
        return str(server.post("/sessions", json={}, headers=owner.headers).json()["id"])
    if name == "conversation_id":
        made = server.post("/conversations", json={}, headers=owner.headers).json()["id"]
        server.post(f"/conversations/{made}/messages", json=HELLO, headers=owner.headers)
        return str(made)
    if name == "key_id":
        return str(owner.new_key()["id"])
    if name == "response_id":
        made = server.post("/v1/responses", json={"input": "Hello"}, headers=owner.headers)
        return str(made.json()["id"])
    answer = server.post("/api/chat/stream", json=HELLO, headers=owner.headers)
    return answer.headers["X-Turn-ID"]
