"""`GET /`: a page for browsers, a status for programs."""

from collections.abc import Callable
from typing import ClassVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.errors import CallerRefused
from api.accepting import asks_for_page
from api.auth import caller_of
from api.conversations.rows import SURFACE
from api.conversations.serializers import StatusJson
from api.responses import json_response
from api.viewsets import RowViewSet, django_request
from conversations import services


class HomeView(RowViewSet):
    """`page` is what browsers get: the dialects are joined in `api.urls`."""

    # C-4.6: who may not call is answered, with empty counts.
    guarded: ClassVar[bool] = False
    page: Callable[[HttpRequest], HttpResponse] | None = None

    @extend_schema(operation_id="get_status", responses={200: StatusJson})
    def retrieve(self, request: Request) -> HttpResponse:
        """What the server is, with the counts of the caller's workspace; a page for browsers."""
        plain = django_request(request)
        if self.page is not None and asks_for_page(plain):
            return self.page(plain)
        counts = _counts_for(plain)
        return json_response(
            StatusJson(
                service=settings.APP_TITLE,
                version=settings.VERSION,
                conversations=counts.conversations,
                total_messages=counts.messages,
            )
        )


def _counts_for(request: HttpRequest) -> services.Counts:
    try:
        return services.counts_of(caller_of(request), surface=SURFACE)
    except CallerRefused:
        return services.Counts(conversations=0, messages=0)
