"""The faults of the conversations dialect: validation is 400, a missing key is 500."""

from api.errors import ValidationFailed
from api.problems import COMMON, ProblemTable, plain, validation
from conversations.errors import NothingToAnswer
from providers.errors import ProviderNotConfigured

PROBLEMS: ProblemTable = {
    **COMMON,
    ValidationFailed: validation(400),
    NothingToAnswer: plain(400, "no_messages"),
    ProviderNotConfigured: plain(500, "provider_not_configured"),
}
