"""What the words index is fed with, in transactions that each are short."""

import re
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from search.batches import batches
from search.folding import words
from search.models import WordDocument
from search.words import known

# PostgreSQL keeps 256 places of a word and 1 MB of words: enough for as many as these.
PART_TOKENS = 3_000
# A phrase across the border of two parts is whole in the first.
OVERLAP_TOKENS = 16
# SQLite takes so many parameters at least (SQLITE_MAX_VARIABLE_NUMBER before 3.32).
BATCH = 900
# SQLite's one lock is held while these are written: turns wait for it.
MOST_CHARACTERS = 300_000
READ_AT_ONCE = 50
# As often does a writer that waits for the lock look whether it is free.
PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Document:
    """A message's text, or a conversation's title and summary: then `message_id` is None."""

    workspace: str
    conversation_id: UUID
    message_id: UUID | None
    digest: str
    text: str

    @property
    def source_id(self) -> UUID:
        return self.message_id or self.conversation_id


def put(documents: Sequence[Document]) -> None:
    """Replaces what there was of the same sources; of one source the last document counts.

    A source's digest is known as soon as all of its text is there.
    """
    latest = {document.source_id: document for document in documents}
    remove(latest.keys())
    for portion in _portions(chain.from_iterable(map(_rows, latest.values()))):
        _write(portion)


def remove(source_ids: Collection[UUID]) -> None:
    for batch in batches(source_ids, BATCH):
        _remove(WordDocument.objects.filter(source_id__in=batch))


def remove_conversation(conversation_id: UUID) -> None:
    """All of its messages, and its title and summary."""
    _remove(WordDocument.objects.filter(conversation_id=conversation_id))


def digests(source_ids: Collection[UUID]) -> dict[UUID, str]:
    """Of those that are in the index."""
    found: dict[UUID, str] = {}
    for batch in batches(source_ids, BATCH):
        rows = WordDocument.objects.filter(source_id__in=batch, part=0)
        found.update(rows.values_list("source_id", "digest"))
    return found


def _write(rows: Sequence[WordDocument]) -> None:
    """Beside another writer of the same sources, whose text may be older: the last one wins."""
    ids, current = {row.source_id for row in rows}, {row.digest for row in rows}
    others = WordDocument.objects.filter(source_id__in=ids).exclude(digest__in=current)
    with transaction.atomic():
        others.delete()
        WordDocument.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["source_id", "part"],
            update_fields=["workspace", "conversation", "message", "digest", "text"],
        )
        known.learn(rows)


def _remove(documents: QuerySet[WordDocument]) -> None:
    """First what has the digests, so that what is broken off is begun again."""
    ids = list(documents.order_by("part", "id").values_list("id", flat=True))
    for start in range(0, len(ids), READ_AT_ONCE):
        some = WordDocument.objects.filter(id__in=ids[start : start + READ_AT_ONCE])
        for portion in _portions(some.order_by("part", "id")):
            _remove_portion(portion)


def _remove_portion(rows: Sequence[WordDocument]) -> None:
    gone = known.only_in(rows)
    with transaction.atomic():
        WordDocument.objects.filter(id__in=[row.id for row in rows]).delete()
        for workspace, texts in gone.items():
            known.forget(workspace, texts)


def _portions(rows: Iterable[WordDocument]) -> Iterator[list[WordDocument]]:
    """What one transaction takes: the rows are made before it begins."""
    portion: list[WordDocument] = []
    size = 0
    for row in rows:
        if portion and (len(portion) == BATCH or size + len(row.text) > MOST_CHARACTERS):
            yield portion
            time.sleep(PAUSE_SECONDS)
            portion, size = [], 0
        portion.append(row)
        size += len(row.text)
    if portion:
        yield portion


def _rows(document: Document) -> list[WordDocument]:
    """The first part, whose digest counts, comes last."""
    parts = list(enumerate(_parts(document.text)))
    return [
        WordDocument(
            workspace=document.workspace,
            conversation_id=document.conversation_id,
            message_id=document.message_id,
            source_id=document.source_id,
            part=part,
            digest=document.digest,
            text=text,
        )
        for part, text in reversed(parts)
    ]


def _parts(text: str) -> Iterator[str]:
    """At least one, which may be empty: it says that the text is known."""
    rest = chain.from_iterable(words(piece[0]) for piece in _PIECE.finditer(text))
    part = list(islice(rest, PART_TOKENS + OVERLAP_TOKENS))
    yield " ".join(part)
    while more := list(islice(rest, PART_TOKENS)):
        part = [*part[PART_TOKENS:], *more]
        yield " ".join(part)


# At white space where there is any, so that a long text is never in memory as words.
_PIECE = re.compile(r"(?s).{1,100000}(?!\S)|.{1,100000}")
