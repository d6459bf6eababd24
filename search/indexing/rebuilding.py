"""Building the indexes anew from what the database says, beside the ones in use."""

from collections.abc import Callable
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from conversations.models import Conversation, Message
from search import meaning, outbox
from search.indexing.syncing import Index
from search.indexing.vectors import VectorsIndex
from search.indexing.words import MOST_CHANGES, WordsIndex
from search.models import VectorIndex, WordDocument
from search.sources import ids_of, sources_of

Progress = Callable[[int], object]
Status = VectorIndex.Status


def number_of_sources(*, after: UUID | None = None) -> int:
    """Messages and headings that a rebuild looks at."""
    rows = _conversations(after)
    counts = rows.aggregate(messages=Count("messages"), conversations=Count("id", distinct=True))
    return int(counts["messages"]) + int(counts["conversations"])


def rebuild_words(progress: Progress) -> None:
    """In place: each text is replaced where it is not as it should be, so that none is missed."""
    index = WordsIndex()
    for id in _conversations(None).values_list("id", flat=True).iterator():
        fill(index, id, progress, most=MOST_CHANGES)
    _remove_orphans()


def building() -> VectorIndex:
    """Where to go on, or a new one. Raises StoreUnavailable."""
    meaning.refuse_to_share()
    row = VectorIndex.objects.filter(status=Status.BUILDING).first()
    if row is not None and not meaning.fits(row):
        meaning.discard(row)
        row = None
    return row or meaning.begun(Status.BUILDING)


def build_vectors(row: VectorIndex, progress: Progress, *, most: int) -> None:
    """Can be broken off anywhere and goes on after the last conversation that was done.

    What changes meanwhile in those that are done waits in the outbox for the switch.
    Raises ModelUnavailable, StoreUnavailable.
    """
    embedder = meaning.embedder_of(row.model)
    embedder.load()
    index = VectorsIndex(meaning.opened(row), embedder)
    for id in _conversations(row.reached).values_list("id", flat=True).iterator():
        fill(index, id, progress, most=most)
        VectorIndex.objects.filter(id=row.id).update(reached=id)
    meaning.switch_to(row)
    outbox.forget_kept()


def fill(index: Index, conversation_id: UUID, progress: Progress, *, most: int) -> None:
    """Bring all of one conversation into the index."""
    ids = ids_of(conversation_id)
    for start in range(0, len(ids), most):
        batch = ids[start : start + most]
        index.put(list(sources_of(batch).values()))
        progress(len(batch))


def _conversations(after: UUID | None) -> QuerySet[Conversation]:
    rows = Conversation.objects.filter(deleted_at=None).order_by("id")
    return rows if after is None else rows.filter(id__gt=after)


def _remove_orphans() -> None:
    """Documents of what is deleted; in batches, because SQLite has one lock for all."""
    conversations = Conversation.objects.filter(id=OuterRef("conversation_id"), deleted_at=None)
    messages = Message.objects.filter(id=OuterRef("message_id"))
    is_message = Q(message_id__isnull=False)
    orphans = WordDocument.objects.filter(~Exists(conversations) | is_message & ~Exists(messages))
    while ids := list(orphans.values_list("id", flat=True)[:MOST_CHANGES]):
        WordDocument.objects.filter(id__in=ids).delete()
