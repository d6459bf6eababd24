"""The words that an owner's documents hold, which are offered for those that are misspelt."""

from collections.abc import Collection, Iterable, Iterator

from django.db import connection

from search.models import KnownWord, WordDocument
from search.words.backends import is_used

# Common words are in these, so that the index is asked for no word that many documents hold.
NEWEST = 200
BATCH = 900


def learn(documents: Iterable[WordDocument]) -> None:
    """Within a transaction, which has to be short: the ORM would take ten times as long."""
    # In order, so that two writers do not wait for each other in a circle.
    words = sorted({(row.workspace, word) for row in documents for word in _speakable(row)})
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO search_knownword (workspace, text) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            words,
        )


def only_in(documents: Collection[WordDocument]) -> dict[str, list[str]]:
    """By their owners, the words of these documents that no other of the same owner has."""
    found: dict[str, set[str]] = {}
    for row in documents:
        found.setdefault(row.workspace, set()).update(_speakable(row))
    ids = {row.id for row in documents}
    return {owner: list(_rare(owner, words, ids)) for owner, words in found.items()}


def forget(workspace: str, words: Collection[str]) -> None:
    ordered = sorted(words)
    for start in range(0, len(ordered), BATCH):
        KnownWord.objects.filter(
            workspace=workspace, text__in=ordered[start : start + BATCH]
        ).delete()


def _rare(workspace: str, words: set[str], without: Collection[int]) -> Iterator[str]:
    others = WordDocument.objects.filter(workspace=workspace).exclude(id__in=without)
    common = {
        word for row in others.only("text").order_by("-id")[:NEWEST] for word in row.text.split()
    }
    for word in words - common:
        if not is_used(workspace, word, without=without):
            yield word


def _speakable(document: WordDocument) -> Iterator[str]:
    """Han is not, since each of its characters is a word, and no number is."""
    for word in document.text.split():
        if 3 <= len(word) <= 32 and not word.isdecimal():
            yield word
