"""Building the indexes anew from what the database says, beside the ones in use."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from uuid import UUID

from django.db.models import Count, QuerySet

from conversations.models import Conversation
from search import meaning, outbox
from search.errors import TextRefused
from search.indexing.syncing import Index
from search.indexing.vectors import VectorsIndex
from search.indexing.words import MOST_CHANGES, WordsIndex
from search.models import VectorIndex
from search.sources import Source, ids_of, sources_of

Progress = Callable[[int], object]
Status = VectorIndex.Status
_PAGE = 500


def number_of_sources(*, after: UUID | None = None) -> int:
    """Messages and headings that a rebuild looks at."""
    rows = _conversations(after)
    counts = rows.aggregate(messages=Count("messages"), conversations=Count("id", distinct=True))
    return int(counts["messages"]) + int(counts["conversations"])


def rebuild_words(progress: Progress) -> None:
    """In place: each text is replaced where it is not as it should be, so that none is missed."""
    index = WordsIndex()
    for id in _conversations_after(None):
        fill(outbox.Lane.WORDS, index, id, progress, most=MOST_CHANGES)
    _remove_orphans(index)


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
    index = VectorsIndex(meaning.opened(row), embedder, row.id)
    for id in _conversations_after(row.reached):
        fill(outbox.Lane.VECTORS, index, id, progress, most=most)
        VectorIndex.objects.filter(id=row.id).update(reached=id)
    meaning.switch_to(row)
    outbox.forget_kept()


def fill(
    lane: outbox.Lane, index: Index, conversation_id: UUID, progress: Progress, *, most: int
) -> None:
    """Bring all of one conversation into the index; what it refuses is set aside."""
    ids = ids_of(conversation_id)
    for start in range(0, len(ids), most):
        batch = ids[start : start + most]
        sources = sources_of(batch)
        _put(lane, index, list(sources.values()))
        if again := _changed_since(sources):
            outbox.note(conversation_id, again, lanes=[lane])
        progress(len(batch))


def _put(lane: outbox.Lane, index: Index, sources: Sequence[Source]) -> None:
    try:
        index.put(sources)
    except TextRefused as error:
        if len(sources) == 1:
            outbox.set_aside(lane, sources[0].conversation_id, sources[0].source_id, error)
            return
        for source in sources:
            _put(lane, index, [source])


def _changed_since(sources: Mapping[UUID, Source]) -> list[UUID]:
    """Who else indexed these may have been overwritten with what is no longer so."""
    now = sources_of(list(sources))
    return [
        id
        for id, source in sources.items()
        if (after := now.get(id)) is None or after.digest != source.digest
    ]


def _conversations(after: UUID | None) -> QuerySet[Conversation]:
    rows = Conversation.objects.filter(deleted_at=None).order_by("id")
    return rows if after is None else rows.filter(id__gt=after)


def _conversations_after(id: UUID | None) -> Iterator[UUID]:
    """In pages: a cursor left open would keep SQLite from writing beside it."""
    while ids := list(_conversations(id).values_list("id", flat=True)[:_PAGE]):
        yield from ids
        id = ids[-1]


def _remove_orphans(index: WordsIndex) -> None:
    while gone := list(outbox.orphans().values_list("source_id", "workspace")[:MOST_CHANGES]):
        for source_id, workspace in gone:
            index.remove(workspace, [source_id])
