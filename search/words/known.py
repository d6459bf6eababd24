"""The words that an owner's documents hold, which are offered for those that are misspelt."""

from collections.abc import Collection, Iterable, Iterator

from search.models import KnownWord, WordDocument
from search.words.backends import holders

# Common words are in these, so that the index is asked for no word that many documents hold.
NEWEST = 200
BATCH = 900


def learn(documents: Iterable[WordDocument]) -> None:
    # In order, so that two writers do not wait for each other in a circle.
    known = sorted({(row.workspace, word) for row in documents for word in _speakable(row)})
    for start in range(0, len(known), BATCH):
        rows = [KnownWord(workspace=owner, text=text) for owner, text in known[start : start + BATCH]]
        KnownWord.objects.bulk_create(rows, ignore_conflicts=True)


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
        KnownWord.objects.filter(workspace=workspace, text__in=ordered[start : start + BATCH]).delete()


def _rare(workspace: str, words: set[str], without: Collection[int]) -> Iterator[str]:
    others = WordDocument.objects.filter(workspace=workspace).exclude(id__in=without)
    common = {word for row in others.only("text").order_by("-id")[:NEWEST] for word in row.text.split()}
    for word in words - common:
        if set(holders(workspace, word, limit=len(without) + 1)) <= set(without):
            yield word


def _speakable(document: WordDocument) -> Iterator[str]:
    """Han is not, since each of its characters is a word, and no number is."""
    for word in document.text.split():
        if 3 <= len(word) <= 32 and not word.isdecimal():
            yield word
