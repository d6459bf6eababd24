"""The async half of the routes: views that wait for a model (viewsets only touch rows)."""

from collections.abc import Callable, Coroutine
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api.errors import MethodNotAllowed
from api.problems import COMMON, ProblemTable, problem_response

Handler = Callable[..., Coroutine[Any, Any, HttpResponseBase]]


def endpoint(*, problems: ProblemTable = COMMON, **handlers: Handler) -> Handler:
    """An async view from one handler per method, with exceptions turned into answers.

    A handler that is documented in the OpenAPI schema carries a `schema` (see `api.openapi`).
    """

    async def view(request: HttpRequest, **parameters: Any) -> HttpResponseBase:
        try:
            handler = handlers.get(request.method or "")
            if handler is None:
                raise MethodNotAllowed(request.method or "", handlers)
            return await handler(request, **parameters)
        except Exception as error:  # the boundary to the web: the table decides
            return problem_response(request, error, problems)

    # As DRF's views are: the door checks what a cookie alone has brought (`api.auth`).
    view.csrf_exempt = True  # type: ignore[attr-defined]
    # Read by the ASGI application, which serves these views without a thread, and by OpenAPI.
    view.handlers = handlers  # type: ignore[attr-defined]
    return view
