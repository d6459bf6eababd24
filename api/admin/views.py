"""The bypass list over HTTP (C-7)."""

import hmac
from typing import ClassVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request

from accounts import bypass
from api.admin.problems import (
    PROBLEMS,
    AdminDisabled,
    InvalidAdminToken,
    MissingAdminToken,
)
from api.errors import ResourceNotFound
from api.openapi import refusals
from api.parsing import Body, body_of
from api.problems import ProblemTable
from api.responses import Answer, json_response, no_content
from api.viewsets import RowViewSet, django_request

_TOKEN = OpenApiParameter("X-Admin-Token", str, OpenApiParameter.HEADER, required=True)


class BypassForm(Body):
    ip: str


class BypassJson(Answer):
    ip: str


class BypassViewSet(RowViewSet):
    guarded = False
    problems: ClassVar[ProblemTable] = PROBLEMS

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        _check_token(django_request(request))

    @extend_schema(
        operation_id="list_bypasses",
        parameters=[_TOKEN],
        responses={200: list[str], **refusals(401, 503)},
    )
    def list(self, request: Request) -> HttpResponse:
        """The addresses and blocks that are never refused."""
        return json_response(bypass.listed())

    @extend_schema(
        operation_id="add_bypass",
        parameters=[_TOKEN],
        request=BypassForm,
        responses={201: BypassJson, **refusals(400, 401, 422, 503)},
    )
    def create(self, request: Request) -> HttpResponse:
        """Add an address or a block; adding it again changes nothing."""
        form = body_of(django_request(request), BypassForm)
        return json_response(BypassJson(ip=bypass.add(form.ip)), status=201)

    @extend_schema(
        operation_id="remove_bypass",
        parameters=[_TOKEN],
        responses={204: OpenApiResponse(description="Gone"), **refusals(400, 401, 404, 503)},
    )
    def destroy(self, request: Request, ip: str) -> HttpResponse:
        """Take an address or a block off the list."""
        if ip.endswith("/"):
            raise ResourceNotFound
        bypass.remove(ip)
        return no_content()


class SlashedBypassViewSet(BypassViewSet):
    """`/admin/bypass/`: the same, described once."""

    schema = None


def _check_token(request: HttpRequest) -> None:
    """Before anything else of the request; raises what C-7 says."""
    expected: str | None = settings.ADMIN_TOKEN
    given = request.headers.get("X-Admin-Token", "")
    if not expected:
        raise AdminDisabled
    if not given:
        raise MissingAdminToken
    if not hmac.compare_digest(_bytes(given), expected.encode()):
        raise InvalidAdminToken


def _bytes(header: str) -> bytes:
    """The header's own bytes: Django reads them as Latin-1."""
    return header.encode("latin-1", "replace")
