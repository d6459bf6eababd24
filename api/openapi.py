"""The OpenAPI schema: DRF's views as drf-spectacular finds them, and the async endpoints."""

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.utils import extend_schema
from rest_framework.views import APIView

from api.responses import Answer

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")

Handler = TypeVar("Handler", bound=Callable[..., Any])


class ErrorJson(Answer):
    code: str
    message: str
    details: dict[str, Any] | None = None


class ProblemJson(Answer):
    """The error envelope of C-3.1."""

    error: ErrorJson
    detail: str
    request_id: str


def refusals(*statuses: int) -> dict[Any, type[ProblemJson]]:
    """The error answers that an operation documents."""
    return dict.fromkeys(statuses, ProblemJson)


def documented(**schema: Any) -> Callable[[Handler], Handler]:
    """What `extend_schema` is for DRF, for a handler of an async endpoint."""

    def mark(handler: Handler) -> Handler:
        handler.schema = schema  # type: ignore[attr-defined]
        return handler

    return mark


def add_async_endpoints(endpoints: list[Any]) -> list[Any]:
    """A preprocessing hook of drf-spectacular: (path, regex, method, callback) for each handler."""
    return [*endpoints, *_async_operations()]


def _async_operations() -> Iterator[tuple[str, str, str, Callable[..., Any]]]:
    for route, view in _routes(get_resolver().url_patterns):
        for method, handler in getattr(view, "handlers", {}).items():
            # HEAD says nothing that GET does not.
            if hasattr(handler, "schema") and method != "HEAD":
                yield f"/{_as_template(route)}", route, method, _described(method, handler)


def _routes(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, Callable[..., Any]]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and pattern.callback is not None:
            yield route, pattern.callback


def _as_template(route: str) -> str:
    return _PARAMETER.sub(r"{\1}", route)


def _described(method: str, handler: Any) -> Callable[..., Any]:
    """A DRF view that is never called: drf-spectacular reads nothing else."""

    def operation(self: APIView, request: Any, **parameters: Any) -> None:
        raise NotImplementedError

    operation.__doc__ = handler.__doc__
    described = extend_schema(**handler.schema)(operation)
    name = "".join(part.title() for part in handler.schema["operation_id"].split("_"))
    view = type(name, (APIView,), {method.lower(): described, "authentication_classes": []})
    return view.as_view()  # type: ignore[attr-defined,no-any-return]
