"""The error table: which exception becomes which status, code and body (C-3)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

from accounts.errors import (
    BudgetExceeded,
    BypassNotFound,
    EmailTaken,
    Forbidden,
    ForgedRequest,
    InvalidApiKey,
    KeyNotFound,
    MissingCredential,
    NotANetwork,
    PasswordRefused,
    TooManyAttempts,
    TooManyKeys,
    Unauthorized,
    UsernameTaken,
)
from api.errors import BodyTooLarge, MethodNotAllowed, ResourceNotFound, ValidationFailed
from api.limits import too_many_requests
from api.openai_form import openai_error, speaks_openai
from api.responses import json_response
from conversations.errors import (
    AnswerNotFound,
    ConversationNotFound,
    IdempotencyMismatch,
    ShuttingDown,
    TurnNotFound,
)
from providers.errors import ProviderFault, ProviderNotConfigured, ProviderNotFound

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as the client sees it; `details` only where it adds something."""

    status: int
    code: str
    message: str
    details: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


_INTERNAL = Problem(500, "internal_error", "An unexpected error occurred.")

Describe = Callable[[Any], Problem]
ProblemTable = Mapping[type[Exception], Describe]


def plain(status: int, code: str) -> Describe:
    """A row whose message is the exception's own."""
    return lambda error: Problem(status, code, str(error))


def validation(status: int) -> Describe:
    """A row for ValidationFailed, whose status differs by surface (C-1)."""
    return lambda error: Problem(
        status, "validation_error", str(error), details={"errors": error.faults}
    )


def _exceeded(error: BudgetExceeded) -> Problem:
    details = {
        "budget": error.owner,
        "period": error.period,
        "unit": error.unit,
        "renews_at": error.renews_at.isoformat(),
    }
    headers = {"Retry-After": str(error.retry_after)}
    return Problem(429, "budget_exceeded", str(error), details, headers)


COMMON: ProblemTable = {
    ValidationFailed: validation(422),
    ResourceNotFound: plain(404, "not_found"),
    MethodNotAllowed: lambda error: Problem(
        405, "method_not_allowed", str(error), headers={"Allow": ", ".join(error.allowed)}
    ),
    BodyTooLarge: plain(413, "payload_too_large"),
    MissingCredential: plain(401, "missing_api_key"),
    InvalidApiKey: plain(401, "invalid_api_key"),
    Unauthorized: plain(401, "unauthorized"),
    ForgedRequest: plain(403, "forbidden"),
    Forbidden: plain(403, "forbidden"),
    BudgetExceeded: _exceeded,
    UsernameTaken: plain(409, "conflict"),
    EmailTaken: plain(409, "conflict"),
    TooManyKeys: plain(409, "conflict"),
    PasswordRefused: lambda error: Problem(
        400, "invalid_password", str(error), details={"reasons": error.reasons}
    ),
    KeyNotFound: plain(404, "not_found"),
    NotANetwork: plain(400, "invalid_ip"),
    BypassNotFound: plain(404, "bypass_not_found"),
    ConversationNotFound: plain(404, "conversation_not_found"),
    TurnNotFound: plain(404, "turn_not_found"),
    AnswerNotFound: plain(404, "previous_response_not_found"),
    IdempotencyMismatch: plain(422, "idempotency_mismatch"),
    ShuttingDown: plain(503, "provider_not_available"),
    ProviderNotFound: plain(400, "provider_not_found"),
    ProviderNotConfigured: plain(503, "provider_not_available"),
    ProviderFault: plain(502, "provider_error"),
}


def problem_response(
    request: HttpRequest, error: Exception, table: ProblemTable = COMMON
) -> HttpResponse:
    """The answer for an exception; one that no row knows is logged and told nothing of."""
    if isinstance(error, TooManyAttempts):
        return too_many_requests(request, error.retry_after)
    return render(request, problem_of(error, table))


def problem_of(error: Exception, table: ProblemTable = COMMON) -> Problem:
    """The same, in whatever form it is to be told."""
    for kind in type(error).__mro__:
        if (describe := table.get(kind)) is not None:
            return describe(error)
    logger.error("request_failed_unexpectedly", exc_info=error)
    return _INTERNAL


def internal_error(request: HttpRequest) -> HttpResponse:
    return render(request, _INTERNAL)


def render(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The error envelope of C-3.1, or below `/v1` that of OpenAI."""
    if speaks_openai(request.path):
        body = openai_error(problem.status, problem.code, problem.message, problem.details)
    else:
        body = envelope(problem, request_id_of(request))
    response = json_response(body, status=problem.status)
    for name, value in problem.headers.items():
        response[name] = value
    return response


def envelope(problem: Problem, request_id: str) -> dict[str, Any]:
    error: dict[str, Any] = {"code": problem.code, "message": problem.message}
    if problem.details is not None:
        error["details"] = problem.details
    return {"error": error, "detail": problem.message, "request_id": request_id}


def request_id_of(request: HttpRequest) -> str:
    """The id that the outermost middleware gave the request; empty outside of the server."""
    scope: dict[str, Any] = getattr(request, "scope", {})
    return str(scope.get("request_id", ""))
