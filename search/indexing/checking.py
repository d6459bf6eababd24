"""Comparing the indexes with what the database says."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from conversations.models import Conversation, Message
from search import meaning
from search.batches import batches
from search.models import VectorIndex, WordDocument
from search.sources import sources_of
from search.vectors.base import VectorStore

_BATCH = 500


@dataclass(slots=True)
class Differences:
    """Ids of messages, or of conversations for their headings.

    `missing` are not in the index, `outdated` are otherwise there, and `orphaned` are only there.
    """

    checked: int = 0
    missing: list[UUID] = field(default_factory=list)
    outdated: list[UUID] = field(default_factory=list)
    orphaned: list[UUID] = field(default_factory=list)

    @property
    def are_none(self) -> bool:
        return not (self.missing or self.outdated or self.orphaned)


def check_words() -> Differences:
    rows = WordDocument.objects.filter(part=0).order_by("id")
    known = rows.values_list("source_id", "digest").iterator(chunk_size=_BATCH)
    return _compared(dict(known))


def check_vectors() -> Differences | None:
    """None where there is no index yet. Raises StoreUnavailable."""
    row = VectorIndex.objects.filter(status=VectorIndex.Status.ACTIVE).first()
    if row is None:
        return None
    with meaning.opened_to_check(row) as store:
        return _compared_with(store)


def _compared_with(store: VectorStore) -> Differences:
    known: dict[UUID, str] = {}
    strays: list[UUID] = []
    for workspace in store.workspaces():
        for id, digest in store.sources(workspace):
            # The same message under two owners.
            strays += [id] if id in known else []
            known[id] = digest
    found = _compared(known)
    found.orphaned += strays
    return found


def _compared(known: dict[UUID, str]) -> Differences:
    found = Differences()
    for ids in batches(_all_ids(), _BATCH):
        for id, source in sources_of(ids).items():
            found.checked += 1
            digest = known.pop(id, None)
            if digest is None:
                found.missing.append(id)
            elif digest != source.digest:
                found.outdated.append(id)
    found.orphaned += known
    return found


def _all_ids() -> Iterator[UUID]:
    for model in (Conversation, Message):
        yield from model.objects.values_list("id", flat=True).iterator(chunk_size=_BATCH)
