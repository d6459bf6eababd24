"""What can go wrong with search.

SearchError
├── ModelUnavailable    the embedding model cannot be had now; `retry_after` is in seconds
├── TextRefused         texts that cannot be embedded, now or later, at `positions` of the batch
├── StoreUnavailable    Chroma is away, broken, or open in another process
│   └── StoreElsewhere  the vectors are not where the settings say, or must not be there
├── InvalidPattern      what was typed is no regular expression; the message is for its author
├── InvalidCursor       it was not given out for this search
└── SearchDisabled      the operator wants no search
"""

from collections.abc import Sequence

from django.conf import settings


class SearchError(Exception):
    """Root of the tree; the message is for operators and holds no text and no secret.

    `shown` is for everybody: it names no address and no folder.
    """

    shown = "Search is out of order; the log says why."


class ModelUnavailable(SearchError):
    shown = "The embedding model cannot be used; the log says why."

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class TextRefused(SearchError):
    """The other texts of the batch can be embedded without these."""

    def __init__(self, reason: str, *, positions: Sequence[int] = (0,)) -> None:
        super().__init__(reason)
        self.positions = tuple(positions)


class StoreUnavailable(SearchError):
    shown = "The vector index cannot be used; the log says why."


class StoreElsewhere(StoreUnavailable):
    """The message is for everybody."""

    @property
    def shown(self) -> str:  # type: ignore[override]
        return str(self)


class InvalidPattern(SearchError):
    pass


class InvalidCursor(SearchError):
    pass


class SearchDisabled(SearchError):
    def __init__(self) -> None:
        super().__init__("Search is off here: CHAT_SEARCH_ENABLED is false")


def require_search() -> None:
    """Raises SearchDisabled."""
    if not settings.CHAT_SEARCH_ENABLED:
        raise SearchDisabled
