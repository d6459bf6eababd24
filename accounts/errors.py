"""Why a caller is turned away, and what an account may not be.

AccountError
├── CallerRefused             who is asking could not be settled
│   ├── MissingCredential     none was sent, and anonymous calls are not allowed
│   ├── InvalidApiKey         the key matches nothing, or is revoked or expired
│   ├── Unauthorized          something is wrong with a token
│   │   ├── MissingToken          no Authorization header
│   │   ├── InvalidScheme         not a bearer token
│   │   ├── InvalidToken          malformed, forged, expired, of another kind
│   │   ├── InactiveUser          its user is gone or inactive
│   │   ├── RevokedToken          its user has ended all tokens since
│   │   ├── InvalidCredentials    no active user has this name and password
│   │   ├── InvalidRefreshToken
│   │   └── RevokedRefreshToken
│   ├── ForgedRequest         a browser's cookie without the proof that the page is ours
│   └── TooManyAttempts       sign-in or sign-up failed too often
├── Forbidden                 the caller is known, and may not do this
│   └── ModelHasNoPrice       a budget in money cannot tell what the model costs
├── BudgetExceeded            the caller's budget does not hold what the question may take
├── UserNotFound              no user has this name or id
├── UsernameTaken
├── EmailTaken
├── PasswordRefused           by the validators, with their reasons
├── KeyNotFound               no such API key of this user
├── TooManyKeys
├── NotANetwork               neither an address nor a block
└── BypassNotFound
"""

import datetime as dt
import math
from collections.abc import Sequence
from uuid import UUID

from accounts.money import dollars, plain


class AccountError(Exception):
    """Root of the tree; the message is meant for the caller."""


class CallerRefused(AccountError):
    pass


class MissingCredential(CallerRefused):
    def __init__(self) -> None:
        super().__init__("Missing API key")


class InvalidApiKey(CallerRefused):
    def __init__(self) -> None:
        super().__init__("Invalid API key")


class Unauthorized(CallerRefused):
    message = "Could not validate credentials"

    def __init__(self) -> None:
        super().__init__(self.message)


class MissingToken(Unauthorized):
    message = "Missing Authorization header"


class InvalidScheme(Unauthorized):
    message = "Invalid authorization scheme"


class InvalidToken(Unauthorized):
    pass


class InactiveUser(Unauthorized):
    message = "Inactive or missing user"


class RevokedToken(Unauthorized):
    message = "Token has been revoked"


class InvalidCredentials(Unauthorized):
    message = "Invalid credentials"


class InvalidRefreshToken(Unauthorized):
    message = "Invalid refresh token"


class RevokedRefreshToken(Unauthorized):
    message = "Refresh token has been revoked"


class ForgedRequest(CallerRefused):
    def __init__(self) -> None:
        super().__init__("CSRF check failed: send the token of the page as X-CSRFToken")


class TooManyAttempts(CallerRefused):
    """`retry_after` is in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("Too many failed attempts")
        self.retry_after = retry_after


class Forbidden(AccountError):
    pass


class ModelHasNoPrice(Forbidden):
    def __init__(self, model: str) -> None:
        super().__init__(
            f"The price of the model {model} is not known, and your budget is in money: choose"
            " another model, or ask an administrator to add it to MODEL_PRICES"
        )


class BudgetExceeded(AccountError):
    """Amounts are tokens, or nanodollars where `unit` is `money`; `owner` is `user` or `key`."""

    def __init__(
        self,
        *,
        owner: str,
        period: str,
        unit: str,
        limit: int,
        left: int,
        needed: int,
        renews_at: dt.datetime,
    ) -> None:
        self.owner = owner
        self.period = period
        self.unit = unit
        self.renews_at = renews_at
        whose = "this API key" if owner == "key" else "your account"
        super().__init__(
            f"The budget of {whose}, {_shown(limit, unit)} a {period}, does not hold this question:"
            f" it may take {_shown(needed, unit)}, and {_shown(left, unit)} are left. The budget"
            f" renews on {renews_at:%Y-%m-%d at %H:%M} UTC"
        )

    @property
    def retry_after(self) -> int:
        """Whole seconds, at least 1."""
        wait = self.renews_at - dt.datetime.now(dt.UTC)
        return max(1, math.ceil(wait.total_seconds()))


class UserNotFound(AccountError):
    def __init__(self, name: str) -> None:
        super().__init__(f"User {name} was not found")


class UsernameTaken(AccountError):
    def __init__(self) -> None:
        super().__init__("Username already exists")


class EmailTaken(AccountError):
    def __init__(self) -> None:
        super().__init__("Email already exists")


class PasswordRefused(AccountError):
    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = list(reasons)


class KeyNotFound(AccountError):
    def __init__(self, key_id: UUID) -> None:
        super().__init__(f"API key {key_id} was not found")


class TooManyKeys(AccountError):
    def __init__(self, most: int) -> None:
        super().__init__(f"A user has at most {most} API keys: revoke one first")


class NotANetwork(AccountError):
    def __init__(self) -> None:
        super().__init__("Not an IP address or CIDR block, such as 192.0.2.7 or 10.0.0.0/8")


class BypassNotFound(AccountError):
    def __init__(self, network: str) -> None:
        super().__init__(f"{network} is not on the bypass list")


def _shown(amount: int, unit: str) -> str:
    return f"{amount:,} tokens" if unit == "tokens" else f"{plain(dollars(amount))} US dollars"
