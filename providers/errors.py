"""What can go wrong with a provider.

ProviderError
├── ProviderNotFound            the name means no provider, or one that is not configured
├── ProviderNotConfigured       the provider that would be used lacks a setting
├── BadBaseUrl                  an administrator's address that no provider may have
├── SecretUnreadable            a stored key was encrypted with a key that is not at hand
├── NotOffered                  the provider can do no such thing
└── ProviderFault               it was asked, and there is no (whole) answer
    ├── ProviderUnavailable     no connection, or it was lost
    ├── AddressRefused          its host leads to an address that may not be reached
    ├── ProviderTimeout         no answer in time
    ├── ProviderBusy            all its places are taken
    ├── ProviderResting         it has failed so often that it is left alone for a while
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


class NotOffered(ProviderError):
    """`what` is the thing in a few words."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"The provider '{name}' has no {what}; choose a model of another one.")
        self.name = name


class BadBaseUrl(ProviderError):
    """The message says what to change."""


class SecretUnreadable(ProviderError):
    def __init__(self) -> None:
        super().__init__(
            "The stored key cannot be decrypted: put its encryption key back into"
            " PROVIDER_ENCRYPTION_KEYS, or enter the API key again."
        )


class ProviderFault(ProviderError):
    """An attempt failed; `kind` names the class of fault in logs and stored attempts."""

    kind = "fault"


class ProviderUnavailable(ProviderFault):
    kind = "unavailable"


class AddressRefused(ProviderFault):
    kind = "address_refused"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"'{name}' is in a private network that PROVIDER_PRIVATE_NETWORKS does not name."
        )


class ProviderTimeout(ProviderFault):
    kind = "timeout"


class ProviderBusy(ProviderFault):
    kind = "busy"


class ProviderResting(ProviderFault):
    kind = "resting"


class ProviderRefused(ProviderFault):
    """`status` is the upstream's HTTP status; None when the error came inside a 200.

    `code` is the upstream's own word for the error, where it has one, and `retry_after` the
    seconds after which it wants to be asked again.
    """

    kind = "refused"

    def __init__(
        self,
        message: str,
        status: int | None = None,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after


class PreviousAnswerUnknown(ProviderRefused):
    kind = "previous_answer_unknown"


class AnswerCut(ProviderFault):
    kind = "cut"


class AnswerUnreadable(ProviderFault):
    kind = "unreadable"
