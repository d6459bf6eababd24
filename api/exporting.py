"""A conversation as a file: Markdown, PDF or DOCX."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Literal, Self, cast

from django.http import StreamingHttpResponse

from api.parsing import Body
from conversations.export.document import ExportedFile, ExportedMessage, ExportedThread
from conversations.export.naming import disposition_of
from conversations.models import Conversation, Message
from conversations.shelf import messages_of

Format = Literal["markdown", "pdf", "docx"]
UrlOf = Callable[[str], str]

EXTENSIONS: dict[Format, str] = {"markdown": "md", "pdf": "pdf", "docx": "docx"}
TYPES: dict[Format, str] = {
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


def export_response(
    conversation: Conversation, wanted: Format, *, url_of: UrlOf
) -> StreamingHttpResponse:
    """What is on its path; `url_of` gives the address of a file by its id."""
    # Closed with the response.
    file = cast(BinaryIO, SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
    _write(_exported(conversation, url_of), wanted, file)
    file.seek(0)
    response = StreamingHttpResponse(FileBody(file), content_type=TYPES[wanted])
    name = disposition_of(conversation.title, conversation.id, EXTENSIONS[wanted])
    response["Content-Disposition"] = name
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


def _exported(row: Conversation, url_of: UrlOf) -> ExportedThread:
    return ExportedThread(row.id, row.title, row.created_at, _messages(row, url_of))


def _messages(row: Conversation, url_of: UrlOf) -> Iterator[ExportedMessage]:
    rows = messages_of(row).order_by("id").iterator(chunk_size=_ROWS_AT_ONCE)
    return (_message(each, url_of) for each in rows)


def _message(row: Message, url_of: UrlOf) -> ExportedMessage:
    files = tuple(
        ExportedFile(f.filename, f.content_type, f.size_bytes, url_of(str(f.id)))
        for f in row.attachments.all()
    )
    return ExportedMessage(row.created_at, row.role, row.content, files)
