"""Faults of this dialect, and how each is told (O-2)."""

import math
from uuid import UUID

from accounts.errors import BudgetExceeded
from api.attaching import InvalidAttachment
from api.errors import RequestFault, ValidationFailed
from api.problems import COMMON, Problem, ProblemTable, plain, validation
from conversations.errors import TurnNotFound
from providers.errors import NotOffered, ProviderRefused

# Of the provider's own answers those that are about the request, and not about our key.
_PASSED_ON = {400, 404, 422, 429}
_TOO_MANY = 429


class ModelNotFound(RequestFault):
    def __init__(self, model: str) -> None:
        super().__init__(f"The model '{model}' does not exist")


def _refused(error: ProviderRefused) -> Problem:
    if error.status not in _PASSED_ON:
        return Problem(502, "provider_error", str(error))
    code = error.code or ("rate_limited" if error.status == _TOO_MANY else "provider_error")
    wait = error.retry_after
    headers = {} if wait is None else {"Retry-After": str(max(1, math.ceil(wait)))}
    return Problem(error.status, code, str(error), headers=headers)


def _exceeded(error: BudgetExceeded) -> Problem:
    # OpenAI's own client would ask again: it reads this header before it waits.
    headers = {"Retry-After": str(error.retry_after), "x-should-retry": "false"}
    return Problem(429, "insufficient_quota", str(error), headers=headers)


class ResponseFailed(RequestFault):
    """A turn that is kept has failed."""

    def __init__(self, message: str, turn_id: UUID) -> None:
        super().__init__(message)
        self.turn_id = turn_id


PROBLEMS: ProblemTable = {
    **COMMON,
    BudgetExceeded: _exceeded,
    ValidationFailed: validation(400),
    ModelNotFound: plain(404, "model_not_found"),
    TurnNotFound: lambda error: Problem(404, "response_not_found", "Response not found"),
    NotOffered: plain(400, "not_offered"),
    InvalidAttachment: plain(400, "invalid_attachment"),
    ProviderRefused: _refused,
    ResponseFailed: lambda error: Problem(
        502, "provider_error", str(error), headers={"X-Turn-ID": str(error.turn_id)}
    ),
}
