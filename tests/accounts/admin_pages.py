"""The admin site's pages inside this process, without the server around them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import resolve

from accounts.models import User


def administrator(username: str = "ada") -> User:
    """Active, and without a password: hashing one takes a good part of a second."""
    return User.objects.create(username=username, password="!", roles=["admin"])


def opened(path: str, by: User) -> HttpResponse:
    return _answered(RequestFactory().get(path), by)


def sent(path: str, by: User, fields: Mapping[str, Any]) -> HttpResponse:
    return _answered(RequestFactory().post(path, fields), by)


def page(path: str, by: User) -> str:
    """The text of a page that opens."""
    response = opened(path, by)
    assert response.status_code == 200
    return response.content.decode()


def statements(path: str, by: User) -> list[str]:
    """What a page asks the database, but for what a process asks once."""
    page(path, by)
    with CaptureQueriesContext(connection) as captured:
        page(path, by)
    return [query["sql"] for query in captured.captured_queries]


def _answered(request: HttpRequest, by: User) -> HttpResponse:
    request.user = by
    request.session = SessionStore()
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
    view, args, kwargs = resolve(urlsplit(request.path).path)
    response = view(request, *args, **kwargs)
    assert isinstance(response, HttpResponse)
    return response.render() if isinstance(response, TemplateResponse) else response
