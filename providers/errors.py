"""What can go wrong with a provider.

ProviderError
├── ProviderNotFound            the name means no provider, or one that is not configured
├── ProviderNotConfigured       the provider that would be used lacks a setting
└── ProviderFault               it was asked, and there is no (whole) answer
    ├── ProviderUnavailable     no connection, or it was lost
    ├── ProviderTimeout         no answer in time
    ├── ProviderRefused         an error status, or an error inside the answer
    │   └── PreviousAnswerUnknown   it does not know the answer to continue from
    ├── AnswerCut               the stream ended before its end
    └── AnswerUnreadable        rubbish, nothing at all, or more than is allowed
"""


class ProviderError(Exception):
    """Root of the tree; the message is meant for people and holds no secret."""


class ProviderNotFound(ProviderError):
    def __init__(self, name: str) -> None:
        super().__init__(f"Provider '{name}' was not found or is not configured.")
        self.name = name


class ProviderNotConfigured(ProviderError):
    """`variable` is the setting that is missing."""

    def __init__(self, name: str, variable: str) -> None:
        super().__init__(f"Set {variable} to use the '{name}' provider.")
        self.name = name
        self.variable = variable


class ProviderFault(ProviderError):
    """An attempt failed; `kind` names the class of fault in logs and stored attempts."""

    kind = "fault"


class ProviderUnavailable(ProviderFault):
    kind = "unavailable"


class ProviderTimeout(ProviderFault):
    kind = "timeout"


class ProviderRefused(ProviderFault):
    """`status` is the upstream's HTTP status; None when the error came inside a 200.

    `code` is the upstream's own word for the error, where it has one.
    """

    kind = "refused"

    def __init__(self, message: str, status: int | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class PreviousAnswerUnknown(ProviderRefused):
    kind = "previous_answer_unknown"


class AnswerCut(ProviderFault):
    kind = "cut"


class AnswerUnreadable(ProviderFault):
    kind = "unreadable"
