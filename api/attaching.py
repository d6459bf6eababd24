"""Files that come with a message, and files that are handed out: the rules of every dialect."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Sequence
from urllib.parse import quote

from django.http import HttpResponse

from api.parsing import Body, NonEmpty
from conversations.access import question_of
from conversations.errors import AttachmentNotFound
from conversations.files import (
    UNKNOWN_TYPE,
    NewFile,
    bytes_of,
    forget_bytes,
    image_type_of,
    keep_bytes,
)
from conversations.models import Attachment, Message
from conversations.turns.service import Turn, query
from providers.registry import registry
from providers.types import Ask, Capabilities

MOST_FILES = 20
_EVERYTHING = Capabilities(images=True, files=True)


class AttachmentForm(Body):
    filename: NonEmpty
    content_type: str | None = None
    data_base64: str


class InvalidAttachment(Exception):
    """The message says what is wrong with it."""


async def kept_files(
    forms: Sequence[AttachmentForm], ask: Ask | None, *, copied: Sequence[Attachment] = ()
) -> tuple[NewFile, ...]:
    """The files in the storage; raises InvalidAttachment before any of them is written.

    `ask` says who gets them, None where nobody does; `copied` are an earlier message's.
    """
    if not forms and not copied:
        return ()
    if len(forms) + len(copied) > MOST_FILES:
        raise InvalidAttachment(f"A message has at most {MOST_FILES} attachments")
    can = registry().get(ask.provider).capabilities if ask else _EVERYTHING
    # Neither decoding nor writing megabytes is for the event loop.
    return await asyncio.to_thread(_keep, forms, copied, can, ask.provider if ask else "")


async def begun_with(files: Sequence[NewFile], beginning: Awaitable[Turn]) -> Turn:
    """The turn, without the files that it has no use for: the request was made before."""
    try:
        turn = await beginning
    except Exception:  # not if the client leaves: the turn goes on, with its files
        await drop_unused(files, None)
        raise
    if files:
        await drop_unused(files, await query(question_of, turn.id))
    return turn


async def drop_unused(files: Sequence[NewFile], message: Message | None) -> None:
    """Of a request that was refused, or made before: the files that no message has."""
    used = {file.id for file in message.attachments.all()} if message else set()
    for file in files:
        if file.id not in used:
            await asyncio.to_thread(forget_bytes, file.stored_as)


async def file_response(row: Attachment) -> HttpResponse:
    """The file's bytes, to be saved and never shown: they may be anything.

    Raises AttachmentNotFound.
    """
    response = HttpResponse(await _bytes_in(row), content_type=_safe_type(row.content_type))
    name = quote(row.filename, safe="")
    response["Content-Disposition"] = f"attachment; filename=\"file\"; filename*=UTF-8''{name}"
    return _shut(response)


async def image_response(row: Attachment) -> HttpResponse:
    """The file, if its bytes are a picture's, to be shown. Raises AttachmentNotFound."""
    data = await _bytes_in(row)
    if (image_type := image_type_of(data)) is None:
        raise AttachmentNotFound
    response = HttpResponse(data, content_type=image_type)
    response["Content-Disposition"] = "inline"
    return _shut(response)


async def _bytes_in(row: Attachment) -> bytes:
    try:
        return await asyncio.to_thread(bytes_of, row.stored_as)
    except FileNotFoundError as error:
        raise AttachmentNotFound from error


def _shut(response: HttpResponse) -> HttpResponse:
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _keep(
    forms: Sequence[AttachmentForm], copied: Sequence[Attachment], can: Capabilities, provider: str
) -> tuple[NewFile, ...]:
    named = [(row.filename, row.content_type, bytes_of(row.stored_as)) for row in copied]
    named += [(form.filename, form.content_type or "", _decoded(form)) for form in forms]
    for _, _, data in named:
        _refuse_untakeable(data, can, provider)
    return tuple(
        keep_bytes(data, filename=name, content_type=content_type)
        for name, content_type, data in named
    )


def _decoded(form: AttachmentForm) -> bytes:
    try:
        return base64.b64decode(form.data_base64, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidAttachment("Invalid attachment encoding") from error


def _refuse_untakeable(data: bytes, can: Capabilities, provider: str) -> None:
    is_image = image_type_of(data) is not None
    if is_image and not can.images:
        raise InvalidAttachment(f"The provider '{provider}' takes no images")
    if not is_image and not can.files:
        raise InvalidAttachment(f"The provider '{provider}' takes no files but images")


def _safe_type(content_type: str) -> str:
    """A type that is no header of its own."""
    is_plain = content_type.isascii() and content_type.isprintable() and "/" in content_type
    return content_type if is_plain else UNKNOWN_TYPE
