"""The OpenAPI schema and the two pages that show it; all of it is served from here."""

from django.http import HttpResponse
from drf_spectacular.views import (
    SpectacularJSONAPIView,
    SpectacularRedocView,
    SpectacularSwaggerView,
)
from rest_framework import exceptions
from rest_framework.request import Request

from api.errors import MethodNotAllowed, ResourceNotFound
from api.problems import problem_response
from api.viewsets import OnlyForm, django_request


class _Document:
    """What the three have in common: one form, two methods, and the error table."""

    content_negotiation_class = OnlyForm
    http_method_names = ("get", "head")
    request: Request
    allowed_methods: list[str]

    def handle_exception(self, exc: Exception) -> HttpResponse:
        if isinstance(exc, exceptions.MethodNotAllowed):
            exc = MethodNotAllowed(self.request.method or "", self.allowed_methods)
        elif isinstance(exc, exceptions.NotFound):
            exc = ResourceNotFound()
        return problem_response(django_request(self.request), exc)


class SchemaView(_Document, SpectacularJSONAPIView):  # type: ignore[misc]
    """`GET /openapi.json`"""


class SwaggerView(_Document, SpectacularSwaggerView):  # type: ignore[misc]
    """`GET /docs`"""


class RedocView(_Document, SpectacularRedocView):  # type: ignore[misc]
    """`GET /redoc`"""
