"""Refusing who asks too often (C-5)."""

from collections.abc import Awaitable, Callable

from asgiref.sync import markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api.auth import scope_of
from api.limits import limit_headers, limiter, too_many_requests
from chatproject.metrics import METRICS


class RateLimit:
    """Inside Django, so that a refusal has the headers of every other answer."""

    sync_capable = False
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        self._get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        scope = scope_of(request)
        if not scope["is_api"]:
            return await self._get_response(request)
        verdict = await limiter().charge(scope)
        if verdict is None:
            return await self._get_response(request)
        if verdict.allowed:
            response = await self._get_response(request)
        else:
            METRICS.refused()
            response = too_many_requests(request, verdict.retry_after)
        for name, value in limit_headers(verdict).items():
            response[name] = value
        return response
