"""Threads to export, and readers of what came out that are not the libraries that wrote it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from io import BytesIO
from uuid import UUID
from xml.etree import ElementTree
from zipfile import ZipFile

import pypdfium2
from docx import Document
from docx.document import Document as Opened

from conversations.export.document import ExportedFile, ExportedMessage, ExportedThread
from conversations.export.docx import docx_of
from conversations.export.markdown import markdown_of
from conversations.export.pdf import pdf_of

THREAD = UUID("01a1fd36-8257-7028-aca7-a763b0e04125")
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def message(text: str, sender: str = "user", *files: ExportedFile) -> ExportedMessage:
    return ExportedMessage(NOON, sender, text, files)


def thread_of(
    messages: Iterable[ExportedMessage | str], title: str | None = "Trip"
) -> ExportedThread:
    return ExportedThread(
        THREAD, title, NOON, (message(m) if isinstance(m, str) else m for m in messages)
    )


def markdown(thread: ExportedThread) -> str:
    return b"".join(markdown_of(thread)).decode()


def pdf(thread: ExportedThread) -> bytes:
    out = BytesIO()
    pdf_of(thread, out)
    return out.getvalue()


def pdf_pages(file: bytes) -> list[str]:
    """The text of each page, without the zero-width spaces that break long words."""
    with pypdfium2.PdfDocument(file) as opened:
        return [
            page.get_textpage().get_text_range().replace("\u200b", "").replace("\r\n", "\n")
            for page in opened
        ]


def ink_of(file: bytes, *, lines: float = 1) -> tuple[float, float]:
    """Where the ink at the top of page one begins and ends, from 0 (left) to 1 (right)."""
    with pypdfium2.PdfDocument(file) as opened:
        picture = opened[0].render(scale=1).to_pil().convert("L")
    picture = picture.crop((0, 0, picture.width, int(picture.height * lines)))
    box = picture.point(lambda value: 255 if value < 128 else 0).getbbox()
    assert box is not None
    return box[0] / picture.width, box[2] / picture.width


def docx_file(thread: ExportedThread) -> bytes:
    out = BytesIO()
    docx_of(thread, out)
    return out.getvalue()


def docx(thread: ExportedThread) -> Opened:
    return Document(BytesIO(docx_file(thread)))


def well_formed_parts(file: bytes) -> int:
    """How many parts of a DOCX there are; each is parsed as XML."""
    with ZipFile(BytesIO(file)) as parts:
        names = [name for name in parts.namelist() if name.endswith((".xml", ".rels"))]
        for name in names:
            ElementTree.fromstring(parts.read(name))
    return len(names)
