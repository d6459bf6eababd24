"""`GET /threads/{id}/export`: a thread as a file (T-6.5)."""

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from api.exporting import EXTENSIONS, TYPES, ExportQuery, export_response
from api.openapi import refusals
from api.parsing import query_of
from api.threads.rows import OwnRows
from api.threads.serializers import download_url
from api.viewsets import django_request


class ExportViewSet(OwnRows):
    @extend_schema(
        operation_id="export_thread",
        parameters=[OpenApiParameter("format", str, enum=list(EXTENSIONS))],
        responses={
            **{(200, kind.partition(";")[0]): OpenApiTypes.BINARY for kind in TYPES.values()},
            **refusals(401, 403, 404, 422),
        },
    )
    def retrieve(self, request: Request, thread_id: str) -> StreamingHttpResponse:
        """The thread as Markdown, PDF or DOCX."""
        thread = self.thread(thread_id)
        wanted = query_of(django_request(request), ExportQuery).format
        return export_response(thread, wanted, url_of=download_url)
