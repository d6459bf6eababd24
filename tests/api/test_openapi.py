"""The OpenAPI document, and the pages that show it."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from api.pages.urls import urlpatterns as pages
from tests.client import Server

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
# What is made for people and tools, and not for clients of the APIs.
UNLISTED = {"/openapi.json", "/docs", "/redoc", "/admin", "/admin/bypass/"}
PAGES = {f"/{row.pattern}" for row in pages}
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


@pytest.fixture
def document(server: Server) -> dict[str, Any]:
    answer = server.get("/openapi.json")
    assert answer.status_code == 200
    assert "json" in answer.headers["Content-Type"]
    found: dict[str, Any] = answer.json()
    return found


def _routes(patterns: list[Any], prefix: str = "/") -> Iterator[tuple[str, set[str]]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver) and pattern.app_name != "admin":
            yield from _routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and isinstance(pattern.pattern, RoutePattern):
            yield PARAMETER.sub(r"{\1}", route), _methods(pattern.callback)


def _methods(view: Any) -> set[str]:
    """Those that a client would ask for: HEAD goes without saying."""
    actions = getattr(view, "actions", None) or getattr(view, "handlers", {})
    return {method.lower() for method in actions} - {"head", "options"}


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in item.keys() & METHODS:
            yield path, method, item[method]


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for held in value:
            yield from _references(held)


def test_every_route_is_listed_with_its_methods(document: dict[str, Any]) -> None:
    listed: dict[str, set[str]] = {}
    for path, method, _ in _operations(document):
        listed.setdefault(path, set()).add(method)
    routes: dict[str, set[str]] = {}
    for path, methods in _routes(get_resolver().url_patterns):
        routes.setdefault(path, set()).update(methods)
    unlisted = UNLISTED | {PARAMETER.sub(r"{\1}", path) for path in PAGES}
    routes = {path: methods for path, methods in routes.items() if path not in unlisted}
    assert len(routes) > 10
    assert listed == routes


def test_the_document_is_openapi_3(document: dict[str, Any]) -> None:
    assert re.fullmatch(r"3\.[01]\.\d+", document["openapi"])
    assert document["info"].keys() >= {"title", "version"}
    assert all(path.startswith("/") for path in document["paths"])
    assert all(item.keys() <= METHODS | {"parameters", "summary"} for item in _items(document))


def _items(document: dict[str, Any]) -> list[dict[str, Any]]:
    return list(document["paths"].values())


def test_every_operation_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in _operations(document)]
    assert len(names) == len(set(names))
    assert all(operation["responses"] for _, _, operation in _operations(document))


def test_every_answer_is_described(document: dict[str, Any]) -> None:
    for path, method, operation in _operations(document):
        for status, answer in operation["responses"].items():
            assert re.fullmatch(r"[1-5]\d\d|[1-5]XX|default", status), (path, method)
            assert isinstance(answer["description"], str), (path, method)
            media = answer.get("content", {})
            assert all("schema" in content for content in media.values()), (path, method)


def test_every_parameter_of_a_path_is_described(document: dict[str, Any]) -> None:
    for path, method, operation in _operations(document):
        parameters = operation.get("parameters", [])
        places = [(parameter["in"], parameter["name"]) for parameter in parameters]
        assert len(places) == len(set(places)), (path, method)
        named = {name for place, name in places if place == "path"}
        assert named == set(re.findall(r"{(\w+)}", path)), (path, method)
        assert all(parameter["schema"] for parameter in parameters)
        assert all(p["required"] is True for p in parameters if p["in"] == "path")


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    references = set(_references(document))
    assert references
    for reference in references:
        held: Any = document
        for part in reference.removeprefix("#/").split("/"):
            held = held[part]


@pytest.mark.parametrize(
    ("path", "method", "statuses"),
    [
        ("/sessions", "post", {"201", "400", "401", "422", "503"}),
        ("/sessions/{session_id}", "get", {"200", "401", "404", "422"}),
        ("/sessions/{session_id}", "delete", {"204", "401", "404", "422"}),
        (
            "/sessions/{session_id}/messages",
            "post",
            {"200", "400", "401", "404", "422", "502", "503"},
        ),
        ("/api/turns/{turn_id}", "get", {"200", "401", "404"}),
        ("/api/turns/{turn_id}/events", "get", {"200", "401", "404"}),
        ("/api/turns/{turn_id}/stop", "post", {"200", "202", "401", "404"}),
        ("/health", "get", {"200"}),
    ],
)
def test_the_answers_of_the_contract_are_listed(
    document: dict[str, Any], path: str, method: str, statuses: set[str]
) -> None:
    assert document["paths"][path][method]["responses"].keys() >= statuses


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_the_pages_need_nothing_from_elsewhere(server: Server, path: str) -> None:
    page = server.get(path)
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assets = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page.text)
    assert assets
    for asset in assets:
        address = urljoin(f"{server.url}{path}", asset)
        assert address.startswith(f"{server.url}/"), asset
        assert server.get(address).status_code == 200, asset
    assert not re.search(r"@import|url\(['\"]?(?:https?:)?//", page.text)


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_the_pages_load_the_document_of_this_server(server: Server, path: str) -> None:
    assert "/openapi.json" in server.get(path).text
