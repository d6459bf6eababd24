"""The words index in SQLite's FTS5."""

from collections.abc import Iterable, Sequence
from operator import itemgetter

from django.db import connection

from search.words.query import Term

LEAST_SIMILARITY = 0.4
# The nearest are among those that share the rarest trigrams.
CANDIDATES = 100


def matching(workspace: str, terms: Sequence[Term], *, below: int | None, limit: int) -> list[int]:
    statement = "SELECT rowid FROM search_words WHERE search_words MATCH %s"
    parameters: list[str | int] = [_expression(workspace, terms)]
    if below is not None:
        statement += " AND rowid < %s"
        parameters.append(below)
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} ORDER BY rowid DESC LIMIT %s", [*parameters, limit])
        return [row[0] for row in cursor.fetchall()]


def similar(word: str, limit: int) -> list[str]:
    wanted = _trigrams(f"  {word} ")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT text FROM search_known_words WHERE search_known_words MATCH %s"
            " ORDER BY rank LIMIT %s",
            [" OR ".join(_quoted(trigram) for trigram in sorted(wanted)), CANDIDATES],
        )
        found = {row[0]: _likeness(wanted, _trigrams(row[0])) for row in cursor.fetchall()}
    near = [(text, share) for text, share in found.items() if share >= LEAST_SIMILARITY]
    return [text.strip() for text, _ in sorted(near, key=itemgetter(1), reverse=True)][:limit]


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


def _trigrams(padded: str) -> set[str]:
    return {padded[start : start + 3] for start in range(len(padded) - 2)}


def _likeness(one: set[str], other: Iterable[str]) -> float:
    """Of what both have, how much they share (Jaccard, as pg_trgm's similarity)."""
    return len(one.intersection(other)) / len(one.union(other))
