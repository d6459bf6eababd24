"""The sync half of the routes: DRF views for what only touches rows."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from rest_framework import exceptions
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.viewsets import ViewSet

from accounts.callers import Caller
from api.auth import caller_of
from api.errors import MethodNotAllowed, ResourceNotFound
from api.problems import COMMON, ProblemTable, problem_response


class OnlyForm(BaseContentNegotiation):
    """A view answers in its first form, whatever `Accept` says (C-1.3)."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[Any, str]:
        return renderers[0], renderers[0].media_type


class AnswersByTable:
    """For DRF's views: one form of answer, and exceptions answered by the error table."""

    problems: ClassVar[ProblemTable] = COMMON
    content_negotiation_class = OnlyForm
    request: Request
    allowed_methods: list[str]

    def handle_exception(self, exc: Exception) -> HttpResponse:
        if isinstance(exc, exceptions.MethodNotAllowed):
            exc = MethodNotAllowed(self.request.method or "", self.allowed_methods)
        elif isinstance(exc, exceptions.NotFound):
            exc = ResourceNotFound()
        return problem_response(django_request(self.request), exc, self.problems)


class RowViewSet(AnswersByTable, ViewSet):  # type: ignore[misc]
    """A viewset for what only touches rows, for callers that are known."""

    authentication_classes = ()
    permission_classes = ()
    renderer_classes = (JSONRenderer,)
    guarded: ClassVar[bool] = True
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    caller: Caller

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Find out who is asking, before anything else of the request is looked at."""
        super().initial(request, *args, **kwargs)
        if self.guarded:
            self.caller = caller_of(django_request(request))


def django_request(request: Request) -> HttpRequest:
    """The request as Django knows it; DRF's parsing of bodies is not used (see `api.parsing`)."""
    return request._request
