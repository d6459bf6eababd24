"""`GET /api/export` and `POST /api/import`: everything of one user's, and nobody else's."""

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes

from accounts.authentication import user_with_id
from api.auth import asking_user
from api.endpoints import endpoint
from api.openapi import documented, refusals
from api.portable.body import ExportBody
from api.portable.imports import imported
from api.portable.problems import PROBLEMS
from api.portable.serializers import ReportJson, report_json
from api.responses import json_response
from conversations.portable.writing import Export, export_filename
from conversations.turns.service import query

LINES = "application/x-ndjson"


@documented(
    operation_id="export_everything",
    responses={(200, LINES): OpenApiTypes.STR, **refusals(401)},
)
async def _export(request: HttpRequest) -> StreamingHttpResponse:
    """Everything of the user's as JSON lines, deleted conversations included."""
    caller = await asking_user(request)
    assert caller.user_id is not None
    user = await query(user_with_id, caller.user_id)
    username = user.username if user is not None else ""
    response = StreamingHttpResponse(ExportBody(Export(caller, username)), content_type=LINES)
    filename = export_filename(username, timezone.now().date())
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["Cache-Control"] = "private, no-store"
    response["X-Accel-Buffering"] = "no"
    return response


@documented(
    operation_id="import_everything",
    request={LINES: OpenApiTypes.STR},
    responses={200: ReportJson, **refusals(400, 401, 413)},
)
async def _import(request: HttpRequest) -> HttpResponse:
    """Store a file of `GET /api/export`, or ChatGPT's `conversations.json`.

    Importing again changes nothing. What is refused is in the report, and stops nothing else.
    """
    caller = await asking_user(request)
    return json_response(report_json(await imported(caller, request.body)))


export_everything = endpoint(GET=_export, problems=PROBLEMS)
import_everything = endpoint(POST=_import, problems=PROBLEMS)
