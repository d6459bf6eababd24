"""The words index of whichever database there is."""

from collections.abc import Collection, Sequence
from typing import Protocol

from django.db import connection

from search.words import postgresql, sqlite
from search.words.query import Term


class Backend(Protocol):
    """What a database's module has to have."""

    def matching(
        self, workspace: str, terms: Sequence[Term], *, below: int | None, limit: int
    ) -> list[int]: ...

    def is_used(self, workspace: str, word: str, *, without: Collection[int]) -> bool: ...

    def similar(self, workspace: str, word: str, limit: int) -> list[str]: ...


_BACKENDS: dict[str, Backend] = {"sqlite": sqlite, "postgresql": postgresql}


def matching(
    workspace: str, terms: Sequence[Term], *, below: int | None = None, limit: int
) -> list[int]:
    """Ids of WordDocument, the newest first: with all the terms but none of the excluded."""
    if all(term.is_excluded for term in terms):
        return []
    return _BACKENDS[connection.vendor].matching(workspace, terms, below=below, limit=limit)


def is_used(workspace: str, word: str, *, without: Collection[int]) -> bool:
    """Whether any other of the owner's documents has it; best asked of what few of them have."""
    return _BACKENDS[connection.vendor].is_used(workspace, word, without=without)


def similar(workspace: str, word: str, limit: int) -> list[str]:
    """The owner's words that are spelt much like it, the nearest first; it may be one of them."""
    return _BACKENDS[connection.vendor].similar(workspace, word, limit)
