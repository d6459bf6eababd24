"""Files of messages: taken in with them, and handed out to their owner alone."""

import asyncio
import base64
import binascii
from collections.abc import Sequence
from urllib.parse import quote
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from drf_spectacular.types import OpenApiTypes

from api.auth import asking_user
from api.endpoints import endpoint
from api.openapi import documented, refusals
from api.threads.problems import PROBLEMS, InvalidAttachment
from api.threads.serializers import AttachmentForm
from conversations.access import attachment_for
from conversations.errors import AttachmentNotFound
from conversations.files import (
    UNKNOWN_TYPE,
    NewFile,
    bytes_of,
    forget_bytes,
    image_type_of,
    keep_bytes,
)
from conversations.models import Message
from conversations.turns.request import Ask
from conversations.turns.service import query
from providers.registry import registry
from providers.types import Capabilities

MOST_FILES = 20
_EVERYTHING = Capabilities(images=True, files=True)


async def kept_files(forms: Sequence[AttachmentForm], ask: Ask | None) -> tuple[NewFile, ...]:
    """The files in the storage; raises InvalidAttachment before any of them is written.

    `ask` says who gets them, None where nobody does.
    """
    if not forms:
        return ()
    if len(forms) > MOST_FILES:
        raise InvalidAttachment(f"A message has at most {MOST_FILES} attachments")
    can = registry().get(ask.provider).capabilities if ask else _EVERYTHING
    # Neither decoding nor writing megabytes is for the event loop.
    return await asyncio.to_thread(_keep, forms, can, ask.provider if ask else "")


async def drop_unused(files: Sequence[NewFile], message: Message | None) -> None:
    """Of a request that was refused, or made before: the files that no message has."""
    used = {file.id for file in message.attachments.all()} if message else set()
    for file in files:
        if file.id not in used:
            await asyncio.to_thread(forget_bytes, file.stored_as)


@documented(
    operation_id="download_attachment",
    responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, **refusals(401, 403, 404)},
)
async def _download(request: HttpRequest, name: str) -> HttpResponse:
    """The file's bytes, to be saved and never shown: they may be anything."""
    caller = await asking_user(request)
    row = await query(attachment_for, caller, _id_in(name))
    try:
        data = await asyncio.to_thread(bytes_of, row.stored_as)
    except FileNotFoundError as error:
        raise AttachmentNotFound from error
    response = HttpResponse(data, content_type=_safe_type(row.content_type))
    name = quote(row.filename, safe="")
    response["Content-Disposition"] = f"attachment; filename=\"file\"; filename*=UTF-8''{name}"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


download = endpoint(GET=_download, HEAD=_download, problems=PROBLEMS)


def _keep(forms: Sequence[AttachmentForm], can: Capabilities, provider: str) -> tuple[NewFile, ...]:
    decoded = [_decoded(form) for form in forms]
    for data in decoded:
        _refuse_untakeable(data, can, provider)
    return tuple(
        keep_bytes(
            data,
            filename=form.filename,
            content_type=form.content_type or "",
        )
        for form, data in zip(forms, decoded, strict=True)
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


def _id_in(name: str) -> UUID:
    try:
        return UUID(name)
    except ValueError as error:
        raise AttachmentNotFound from error
