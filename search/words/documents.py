"""What the words index is fed with; whoever calls holds the transaction."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from uuid import UUID

from search.folding import words
from search.models import KnownWord, WordDocument

# PostgreSQL keeps 256 places of a word and 1 MB of words: enough for as many as these.
PART_TOKENS = 3_000
# A phrase across the border of two parts is whole in the first.
OVERLAP_TOKENS = 16
# SQLite takes so many parameters at least (SQLITE_MAX_VARIABLE_NUMBER before 3.32).
BATCH = 900


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
    """Replaces what there was of the same sources; of one source the last document counts."""
    latest = {document.source_id: document for document in documents}
    remove(latest.keys())
    rows = chain.from_iterable(map(_rows, latest.values()))
    while batch := list(islice(rows, BATCH)):
        WordDocument.objects.bulk_create(batch)
        _learn({word for row in batch for word in row.text.split()})


def remove(source_ids: Collection[UUID]) -> None:
    for batch in _batches(source_ids):
        WordDocument.objects.filter(source_id__in=batch).delete()


def remove_conversation(conversation_id: UUID) -> None:
    """All of its messages, and its title and summary."""
    WordDocument.objects.filter(conversation_id=conversation_id).delete()


def digests(source_ids: Collection[UUID]) -> dict[UUID, str]:
    """Of those that are in the index."""
    found: dict[UUID, str] = {}
    for batch in _batches(source_ids):
        rows = WordDocument.objects.filter(source_id__in=batch, part=0)
        found.update(rows.values_list("source_id", "digest"))
    return found


def _rows(document: Document) -> Iterator[WordDocument]:
    for part, tokens in enumerate(_parts(document.text)):
        yield WordDocument(
            workspace=document.workspace,
            conversation_id=document.conversation_id,
            message_id=document.message_id,
            source_id=document.source_id,
            part=part,
            digest=document.digest,
            text=" ".join(tokens),
        )


def _parts(text: str) -> Iterator[list[str]]:
    """At least one, which may be empty: it says that the text is known."""
    rest = chain.from_iterable(words(piece[0]) for piece in _PIECE.finditer(text))
    part = list(islice(rest, PART_TOKENS + OVERLAP_TOKENS))
    yield part
    while more := list(islice(rest, PART_TOKENS)):
        part = [*part[PART_TOKENS:], *more]
        yield part


def _learn(texts: Collection[str]) -> None:
    # In order, so that two writers do not wait for each other in a circle.
    known = sorted(filter(_is_speakable, texts))
    for start in range(0, len(known), BATCH):
        batch = [KnownWord(text=text) for text in known[start : start + BATCH]]
        KnownWord.objects.bulk_create(batch, ignore_conflicts=True)


def _is_speakable(text: str) -> bool:
    """Han is not, since each of its characters is a word, and no number is."""
    return 3 <= len(text) <= 32 and not text.isdecimal()


def _batches(ids: Collection[UUID]) -> Iterator[list[UUID]]:
    rest = iter(ids)
    while batch := list(islice(rest, BATCH)):
        yield batch


# At white space where there is any, so that a long text is never in memory as words.
_PIECE = re.compile(r"(?s).{1,100000}(?!\S)|.{1,100000}")
