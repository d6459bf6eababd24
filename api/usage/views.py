"""`GET /api/usage`: one's own, and for administrators everybody's."""

from typing import ClassVar

from django.http import HttpRequest, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from accounts.callers import Caller
from accounts.errors import Forbidden, UserNotFound
from accounts.spreadsheets import csv_of
from accounts.usage_reports import GroupBy, grouped, lines_of, total_of, workspace_of
from api.openapi import refusals
from api.parsing import query_of
from api.problems import COMMON, ProblemTable, plain
from api.responses import json_response
from api.usage.query import UsageQuery
from api.usage.serializers import COLUMNS, AmountsJson, UsageJson, usage_json
from api.viewsets import RowViewSet, django_request

EVERYBODY = "all"
_CSV = "text/csv"
_PARAMETERS = [
    OpenApiParameter("from", OpenApiTypes.DATE, description="The first of the month if absent."),
    OpenApiParameter("to", OpenApiTypes.DATE, description="Today in UTC if absent."),
    OpenApiParameter("group_by", str, enum=[by.value for by in GroupBy], default="day"),
    OpenApiParameter(
        "user", str, description="For administrators: a username, an id, or `all` of them."
    ),
    OpenApiParameter("format", str, enum=["json", "csv"], description="Goes before `Accept`."),
]


class UsageViewSet(RowViewSet):
    problems: ClassVar[ProblemTable] = {**COMMON, UserNotFound: plain(404, "not_found")}

    @extend_schema(
        operation_id="get_usage",
        parameters=_PARAMETERS,
        responses={
            (200, "application/json"): UsageJson,
            (200, _CSV): OpenApiTypes.STR,
            **refusals(401, 403, 404, 422),
        },
    )
    def retrieve(self, request: Request) -> HttpResponse:
        """Calls, tokens and cost by day, model, provider, key or user."""
        plain_request = django_request(request)
        form = query_of(plain_request, UsageQuery)
        lines = lines_of(form.days, workspace=_workspace(self.caller, form.user))
        groups = grouped(lines, form.group_by)
        found = usage_json(form.days, form.group_by, groups, total_of(lines))
        wants_csv = form.format == "csv" or (form.format is None and _prefers_csv(plain_request))
        response = _as_csv(found) if wants_csv else _as_json(found)
        response["Cache-Control"] = "private, no-store"
        response["Vary"] = "Accept"
        return response


def _workspace(caller: Caller, user: str | None) -> str | None:
    """None for everybody's; raises Forbidden, UserNotFound."""
    if user is None:
        return caller.workspace
    if not caller.is_admin:
        raise Forbidden("Only an administrator can ask for the usage of others")
    return None if user == EVERYBODY else workspace_of(user)


def _prefers_csv(request: HttpRequest) -> bool:
    return request.get_preferred_type(["application/json", _CSV]) == _CSV


def _as_json(found: UsageJson) -> HttpResponse:
    # The names by which nothing is grouped are not set.
    return json_response(found.model_dump(mode="json", exclude_unset=True))


def _as_csv(found: UsageJson) -> HttpResponse:
    header = [*COLUMNS[found.group_by], *AmountsJson.model_fields]
    rows = ([getattr(item, name) for name in header] for item in found.items)
    response = HttpResponse(csv_of(header, rows), content_type=f"{_CSV}; charset=utf-8")
    name = f"usage-{found.first}-{found.last}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
