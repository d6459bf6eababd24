"""Files of messages, handed out to their owner alone."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from drf_spectacular.types import OpenApiTypes

from api.attaching import file_response
from api.auth import asking_user
from api.endpoints import endpoint
from api.openapi import documented, refusals
from api.threads.problems import PROBLEMS
from conversations.access import attachment_for
from conversations.errors import AttachmentNotFound
from conversations.turns.service import query


@documented(
    operation_id="download_attachment",
    responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, **refusals(401, 403, 404)},
)
async def _download(request: HttpRequest, name: str) -> HttpResponse:
    """The file's bytes, to be saved and never shown: they may be anything."""
    caller = await asking_user(request)
    return await file_response(await query(attachment_for, caller, _id_in(name)))


download = endpoint(GET=_download, HEAD=_download, problems=PROBLEMS)


def _id_in(name: str) -> UUID:
    try:
        return UUID(name)
    except ValueError as error:
        raise AttachmentNotFound from error
