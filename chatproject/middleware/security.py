"""Security headers on every answer."""

from collections.abc import Awaitable, Callable
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.security import SecurityMiddleware


class SecurityHeaders(SecurityMiddleware):
    """Django's middleware without the thread that its async form takes for each request."""

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        get_response = cast(Callable[[HttpRequest], Awaitable[HttpResponseBase]], self.get_response)
        response = self.process_request(request) or await get_response(request)
        response.headers.setdefault("X-Frame-Options", "DENY")
        return self.process_response(request, cast(HttpResponse, response))
