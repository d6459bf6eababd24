"""Django's own middleware for browsers, without the thread that its async form takes.

A thread is taken only for what may reach the database: storing a session that has changed.
"""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.deprecation import MiddlewareMixin


class _Native(MiddlewareMixin):
    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        get_response = cast(Callable[[HttpRequest], Awaitable[HttpResponseBase]], self.get_response)
        before = getattr(self, "process_request", _nothing)
        after = getattr(self, "process_response", _unchanged)
        response = before(request) or await get_response(request)
        if self.stores(request):
            after = sync_to_async(after, thread_sensitive=True)
            return cast(HttpResponseBase, await after(request, response))
        return cast(HttpResponseBase, after(request, response))

    def stores(self, request: HttpRequest) -> bool:
        """Whether the way out may reach the database."""
        return False


class SecurityHeaders(_Native, SecurityMiddleware):
    """Security headers on every answer."""

    def process_response(self, request: HttpRequest, response: Any) -> HttpResponse:
        response.headers.setdefault("X-Frame-Options", "DENY")
        return super().process_response(request, response)


class Sessions(_Native, SessionMiddleware):
    def stores(self, request: HttpRequest) -> bool:
        return request.session.modified


class Csrf(_Native, CsrfViewMiddleware):
    async def process_view(  # type: ignore[override]
        self, request: HttpRequest, callback: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        return super().process_view(request, callback, args, kwargs)


class Authentication(_Native, AuthenticationMiddleware):
    """Sets `request.user`, which is looked up when it is first used."""


class Messages(_Native, MessageMiddleware):
    def stores(self, request: HttpRequest) -> bool:
        storage = getattr(request, "_messages", None)
        return storage is not None and (storage.used or storage.added_new)


def _nothing(request: HttpRequest) -> None:
    return None


def _unchanged(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    return response
