"""Files of messages, to be shown where they are pictures, and saved where they are not."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from api.attaching import file_response, image_response
from api.auth import asking_caller
from api.endpoints import endpoint
from api.problems import COMMON, ProblemTable, plain
from conversations.access import attachment_for
from conversations.errors import AttachmentNotFound
from conversations.turns.service import query

_PROBLEMS: ProblemTable = {**COMMON, AttachmentNotFound: plain(404, "attachment_not_found")}


async def _file(request: HttpRequest, file_id: str) -> HttpResponse:
    """The bytes; with `?shown` inside of the page."""
    caller = await asking_caller(request)
    try:
        row = await query(attachment_for, caller, UUID(file_id))
    except ValueError as error:
        raise AttachmentNotFound from error
    give = image_response if "shown" in request.GET else file_response
    return await give(row)


file = endpoint(GET=_file, HEAD=_file, problems=_PROBLEMS)


def file_url(file_id: str) -> str:
    return f"/ui/files/{file_id}"
