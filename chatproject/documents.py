"""The OpenAPI schema and the two pages that show it; all of it is served from here."""

from drf_spectacular.views import (
    SpectacularJSONAPIView,
    SpectacularRedocView,
    SpectacularSwaggerView,
)

from api.viewsets import AnswersByTable


class _Document(AnswersByTable):
    http_method_names = ("get", "head")


class SchemaView(_Document, SpectacularJSONAPIView):  # type: ignore[misc]
    """`GET /openapi.json`"""


class SwaggerView(_Document, SpectacularSwaggerView):  # type: ignore[misc]
    """`GET /docs`"""


class RedocView(_Document, SpectacularRedocView):  # type: ignore[misc]
    """`GET /redoc`"""
