"""The words index in SQLite's FTS5."""

import sys
from collections.abc import Collection, Iterator, Sequence

from django.db import connection

from search.words.query import Term

LEAST_SIMILARITY = 0.4
LENGTHS_APART = 2
# So many of the owner's words on each side of it in the alphabet are compared with a word.
NEIGHBOURS = 10_000


def matching(workspace: str, terms: Sequence[Term], *, below: int | None, limit: int) -> list[int]:
    statement = "SELECT rowid FROM search_words WHERE search_words MATCH %s"
    parameters: list[str | int] = [_expression(workspace, terms)]
    if below is not None:
        statement += " AND rowid < %s"
        parameters.append(below)
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} ORDER BY rowid DESC LIMIT %s", [*parameters, limit])
        return [row[0] for row in cursor.fetchall()]


def is_used(workspace: str, word: str, *, without: Collection[int]) -> bool:
    others = f"rowid NOT IN ({', '.join(['%s'] * len(without))})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 1 FROM search_words WHERE search_words MATCH %s AND {others} LIMIT 1",
            [_expression(workspace, (Term((word,)),)), *without],
        )
        return cursor.fetchone() is not None


def similar(workspace: str, word: str, limit: int) -> list[str]:
    """Only such as begin with the same letter."""
    wanted = _trigrams(word)
    near = sorted(
        (-likeness, known)
        for known in _neighbours(workspace, word)
        if (likeness := _likeness(wanted, known)) >= LEAST_SIMILARITY
    )
    return [known for _, known in near[:limit]]


def _neighbours(workspace: str, word: str) -> Iterator[str]:
    first, last = word[0], word[0] + chr(sys.maxunicode)
    lengths = (len(word) - LENGTHS_APART, len(word) + LENGTHS_APART)
    for start, end, direction in ((word, last, "ASC"), (first, word, "DESC")):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT text FROM search_knownword WHERE workspace = %s"
                " AND text >= %s AND text < %s AND length(text) BETWEEN %s AND %s"
                f" ORDER BY text {direction} LIMIT %s",
                [workspace, start, end, *lengths, NEIGHBOURS],
            )
            yield from (row[0] for row in cursor.fetchall())


def _expression(workspace: str, terms: Sequence[Term]) -> str:
    owner = f'owner : "@{workspace.encode().hex()}"'
    wanted = [_phrase(term) for term in terms if not term.is_excluded]
    excluded = [_phrase(term) for term in terms if term.is_excluded]
    expression = f"({' AND '.join([owner, *wanted])})"
    return f"{expression} NOT ({' OR '.join(excluded)})" if excluded else expression


def _phrase(term: Term) -> str:
    return f"text : {_quoted(term.text)}{' *' if term.is_prefix else ''}"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _trigrams(word: str) -> set[str]:
    """Padded as pg_trgm does it, so that a word's beginning counts for more."""
    padded = f"  {word} "
    return {padded[start : start + 3] for start in range(len(padded) - 2)}


def _likeness(wanted: set[str], known: str) -> float:
    """Of the trigrams of both, how many they share (Jaccard, as pg_trgm's similarity)."""
    padded = f"  {known} "
    shared = sum(trigram in padded for trigram in wanted)
    if shared < LEAST_SIMILARITY * len(wanted):
        # Most are so, and need not be taken apart.
        return 0.0
    return shared / len(wanted | _trigrams(known))
