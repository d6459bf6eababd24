"""`GET /api/search/messages`: in everything of the caller's, and of nobody else's."""

from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from api.openapi import refusals
from api.parsing import query_of
from api.problems import ProblemTable
from api.responses import json_response
from api.search.problems import PROBLEMS
from api.search.query import MessagesQuery
from api.search.serializers import FoundPageJson, found_page
from api.viewsets import RowViewSet, django_request
from search.errors import require_search
from search.results import Mode
from search.scope import Scope
from search.services import search_messages

_NAMES = ("role", "model", "provider", "product", "agent", "surface")
_PARAMETERS = [
    OpenApiParameter("q", str, required=True, description="1 to 1,000 characters, not blank."),
    OpenApiParameter("mode", str, enum=[mode.value for mode in Mode], default=Mode.AUTO.value),
    OpenApiParameter("conversation", str, description="Its id."),
    *(OpenApiParameter(name, str) for name in _NAMES),
    OpenApiParameter("from", str, description="A date, or a date and time with an offset."),
    OpenApiParameter("to", str, description="The same; a date is the end of its day in UTC."),
    OpenApiParameter("limit", int, description="1 to 100, 20 if absent."),
    OpenApiParameter("cursor", str, description="`next` of the page before."),
    OpenApiParameter("group", str, enum=["conversation"], description="The best match of each."),
    OpenApiParameter("scores", bool, description="Also say what the order is made of."),
]


class MessageSearchViewSet(RowViewSet):
    problems: ClassVar[ProblemTable] = PROBLEMS

    @extend_schema(
        operation_id="search_messages",
        parameters=_PARAMETERS,
        responses={200: FoundPageJson, **refusals(400, 401, 422, 503)},
    )
    def search(self, request: Request) -> HttpResponse:
        """Messages and titles, best first, by meaning and by words or by a regular expression."""
        require_search()
        form = query_of(django_request(request), MessagesQuery)
        results = search_messages(
            Scope(self.caller, form.filters),
            form.q,
            mode=form.mode,
            limit=form.limit,
            cursor=form.cursor,
            grouped=form.group is not None,
        )
        page = found_page(results, form.mode, grouped=form.group is not None, scored=form.scores)
        # What was not asked for is not set, and is left out rather than null.
        response = json_response(page.model_dump(exclude_unset=True))
        response["Cache-Control"] = "private, no-store"
        return response
