"""Why a caller is turned away.

CallerRefused
├── MissingCredential     none was sent, and anonymous calls are not allowed
├── InvalidApiKey         the key matches nothing
└── InvalidToken          a bearer token was sent, and it is bad
"""


class CallerRefused(Exception):
    """Root of the tree; the message is meant for the caller."""


class MissingCredential(CallerRefused):
    def __init__(self) -> None:
        super().__init__("Missing API key")


class InvalidApiKey(CallerRefused):
    def __init__(self) -> None:
        super().__init__("Invalid API key")


class InvalidToken(CallerRefused):
    def __init__(self) -> None:
        super().__init__("Could not validate credentials")
