"""The words index in PostgreSQL's full text search."""

from collections.abc import Collection, Sequence

from django.db import connection

from search.words.query import Term

LEAST_SIMILARITY = 0.4
# The newest of a common word are soon found by looking at the owner's documents one by one. The
# index would gather all that have it, so that it is asked only for what is rare among these.
NEWEST, FARTHEST = 500, 5_000


def matching(workspace: str, terms: Sequence[Term], *, below: int | None, limit: int) -> list[int]:
    wanted = _expression(workspace, terms)
    found, border = _among_newest(workspace, wanted, below=below, window=NEWEST)
    expected = NEWEST * limit // max(len(found), 1)
    if border is not None and len(found) < limit and expected <= FARTHEST:
        more, border = _among_newest(workspace, wanted, below=border, window=expected)
        found += more
    if border is not None and len(found) < limit:
        found += _indexed(wanted, below=border, limit=limit - len(found))
    return found[:limit]


def is_used(workspace: str, word: str, *, without: Collection[int]) -> bool:
    """The order keeps the planner from reading row by row instead of asking the index."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM search_worddocument WHERE tsv @@ %s::tsquery AND NOT id = ANY(%s)"
            " ORDER BY id + 0 LIMIT 1",
            [_expression(workspace, (Term((word,)),)), list(without)],
        )
        return cursor.fetchone() is not None


def similar(workspace: str, word: str, limit: int) -> list[str]:
    """None where the server has no trigrams."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('search_known_words') IS NULL")
        if cursor.fetchall()[0][0]:
            return []
        cursor.execute(
            "SELECT text FROM search_knownword"
            " WHERE workspace = %s AND text %% %s AND similarity(text, %s) >= %s"
            " ORDER BY similarity(text, %s) DESC, text LIMIT %s",
            [workspace, word, word, LEAST_SIMILARITY, word, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def _among_newest(
    workspace: str, wanted: str, *, below: int | None, window: int
) -> tuple[list[int], int | None]:
    """Those found, and the id below which there is more to look at, if there is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH newest AS MATERIALIZED ("
            " SELECT id, tsv @@ %s::tsquery AS is_found FROM search_worddocument"
            " WHERE workspace = %s AND id < %s ORDER BY id DESC LIMIT %s)"
            " SELECT array_agg(id ORDER BY id DESC) FILTER (WHERE is_found), min(id), count(*)"
            " FROM newest",
            [wanted, workspace, (1 << 63) - 1 if below is None else below, window],
        )
        found, border, count = cursor.fetchall()[0]
    return found or [], border if count == window else None


def _indexed(wanted: str, *, below: int, limit: int) -> list[int]:
    """The sum keeps the planner from reading all rows in the order of their ids instead."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM search_worddocument WHERE tsv @@ %s::tsquery AND id < %s"
            " ORDER BY id + 0 DESC LIMIT %s",
            [wanted, below, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def _expression(workspace: str, terms: Sequence[Term]) -> str:
    wanted = [_phrase(term) for term in terms if not term.is_excluded]
    excluded = [f"!({_phrase(term)})" for term in terms if term.is_excluded]
    return " & ".join([_quoted(f"@{workspace}"), *wanted, *excluded])


def _phrase(term: Term) -> str:
    phrase = " <-> ".join(map(_quoted, term.tokens))
    return f"({phrase}{':*' if term.is_prefix else ''})"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
