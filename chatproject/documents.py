"""The OpenAPI schema and the two pages that show it; all of it is served from here."""

from typing import Any, ClassVar

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import (
    SpectacularJSONAPIView,
    SpectacularRedocView,
    SpectacularSwaggerView,
)

from api.viewsets import AnswersByTable


class _Document(AnswersByTable):
    http_method_names = ("get", "head")


class KeptGenerator(SchemaGenerator):
    """The document is the same for everybody, and takes 50 ms to make."""

    _made: ClassVar[Any] = None

    def get_schema(self, request: object = None, public: bool = False) -> Any:
        if KeptGenerator._made is None:
            generator: Any = super()
            KeptGenerator._made = generator.get_schema(request=request, public=public)
        return KeptGenerator._made


class SchemaView(_Document, SpectacularJSONAPIView):  # type: ignore[misc]
    """`GET /openapi.json`"""

    generator_class = KeptGenerator


class SwaggerView(_Document, SpectacularSwaggerView):  # type: ignore[misc]
    """`GET /docs`"""


class RedocView(_Document, SpectacularRedocView):  # type: ignore[misc]
    """`GET /redoc`"""
