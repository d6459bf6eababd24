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
├── UsernameTaken
├── EmailTaken
├── PasswordRefused           by the validators, with their reasons
├── KeyNotFound               no such API key of this user
├── TooManyKeys
├── NotANetwork               neither an address nor a block
└── BypassNotFound
"""

from collections.abc import Sequence
from uuid import UUID


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
