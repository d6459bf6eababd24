"""`GET /threads/{id}/export`: a thread as a file (T-6.5)."""

import asyncio
import threading
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Literal, Self, cast

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from api.openapi import refusals
from api.parsing import Body, query_of
from api.threads.rows import OwnRows
from api.threads.serializers import download_url
from api.viewsets import django_request
from conversations.export.document import ExportedFile, ExportedMessage, ExportedThread
from conversations.export.naming import disposition_of
from conversations.models import Conversation, Message
from conversations.shelf import messages_of

Format = Literal["markdown", "pdf", "docx"]

_EXTENSIONS: dict[Format, str] = {"markdown": "md", "pdf": "pdf", "docx": "docx"}
_TYPES: dict[Format, str] = {
    "markdown": "text/markdown; charset=utf-8",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
_IN_MEMORY = 1024 * 1024
_PIECE = 64 * 1024
_ROWS_AT_ONCE = 500
# Typesetting takes a whole processor: two of them leave something to the others.
_typesetting = threading.BoundedSemaphore(2)


class ExportQuery(Body):
    format: Format = "markdown"


class ExportViewSet(OwnRows):
    @extend_schema(
        operation_id="export_thread",
        parameters=[OpenApiParameter("format", str, enum=list(_EXTENSIONS))],
        responses={
            **{(200, kind.partition(";")[0]): OpenApiTypes.BINARY for kind in _TYPES.values()},
            **refusals(401, 403, 404, 422),
        },
    )
    def retrieve(self, request: Request, thread_id: str) -> StreamingHttpResponse:
        """The thread as Markdown, PDF or DOCX."""
        thread = self.thread(thread_id)
        wanted = query_of(django_request(request), ExportQuery).format
        # Closed with the response.
        file = cast(BinaryIO, SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
        _write(_exported(thread), wanted, file)
        file.seek(0)
        response = StreamingHttpResponse(FileBody(file), content_type=_TYPES[wanted])
        extension = _EXTENSIONS[wanted]
        response["Content-Disposition"] = disposition_of(thread.title, thread.id, extension)
        response["Cache-Control"] = "private, no-store"
        return response


class FileBody:
    """A file's bytes, piece by piece; closed with the response."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if piece := await asyncio.to_thread(self._file.read, _PIECE):
            return piece
        raise StopAsyncIteration

    def close(self) -> None:
        self._file.close()


def _write(thread: ExportedThread, wanted: Format, file: BinaryIO) -> None:
    # Imported here: these libraries would make every start slower.
    match wanted:
        case "markdown":
            from conversations.export.markdown import markdown_of

            file.writelines(markdown_of(thread))
        case "pdf":
            from conversations.export.pdf import pdf_of

            with _typesetting:
                pdf_of(thread, file)
        case "docx":
            from conversations.export.docx import docx_of

            with _typesetting:
                docx_of(thread, file)


def _exported(thread: Conversation) -> ExportedThread:
    return ExportedThread(thread.id, thread.title, thread.created_at, _messages(thread))


def _messages(thread: Conversation) -> Iterator[ExportedMessage]:
    rows = messages_of(thread).order_by("id").iterator(chunk_size=_ROWS_AT_ONCE)
    return (_message(row) for row in rows)


def _message(row: Message) -> ExportedMessage:
    files = tuple(
        ExportedFile(f.filename, f.content_type, f.size_bytes, download_url(str(f.id)))
        for f in row.attachments.all()
    )
    return ExportedMessage(row.created_at, row.role, row.content, files)
