"""The vector index as a lane fills it."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from uuid import UUID

from django.conf import settings

from search.embeddings.base import Embedder, Span, Vector
from search.models import VectorIndex
from search.sources import DIGEST_CHARACTERS, Source
from search.vectors.base import Label, Passage, VectorStore

# Of a text that is longer than a book's chapter, the rest is found by its words.
MOST_PASSAGES = 200
# Chroma takes many at once much faster, and little is done again after a crash.
_LEAST_CHANGES = 64


def most_changes() -> int:
    """How many texts are indexed together."""
    return max(_LEAST_CHANGES, 4 * int(settings.CHAT_EMBEDDING_BATCH_SIZE))


class VectorsIndex:
    """`number` is that of the row of the index."""

    def __init__(self, store: VectorStore, embedder: Embedder, number: int) -> None:
        self._store = store
        self._embedder = embedder
        self._number = number

    def is_in_use(self) -> bool:
        active = VectorIndex.objects.select_for_update().filter(
            id=self._number, status=VectorIndex.Status.ACTIVE
        )
        return active.first() is not None

    def put(self, sources: Sequence[Source]) -> None:
        ordered = sorted(sources, key=lambda source: source.workspace)
        for workspace, own in groupby(ordered, key=lambda source: source.workspace):
            self._put(workspace, list(own))

    def remove(self, workspace: str, source_ids: Sequence[UUID]) -> None:
        self._store.remove(workspace, source_ids)

    def remove_conversation(self, workspace: str, conversation_id: UUID) -> None:
        self._store.remove_conversation(workspace, conversation_id)

    def _put(self, workspace: str, sources: Sequence[Source]) -> None:
        known = self._store.digests(workspace, [source.source_id for source in sources])
        new: list[Source] = []
        labels: dict[UUID, Label] = {}
        for source in sources:
            digest = known.get(source.source_id, "")
            if digest[:DIGEST_CHARACTERS] != source.text_digest:
                new.append(source)
            elif digest != source.digest:
                labels[source.source_id] = _label(source)
        if labels:
            self._store.relabel(workspace, labels)
        if new:
            self._store.put(workspace, list(self._passages(new)))

    def _passages(self, sources: Sequence[Source]) -> Iterable[Passage]:
        spans = [
            (source, number, span)
            for source in sources
            for number, span in enumerate(self._spans(source.text))
        ]
        texts = [source.text[span.start : span.end] for source, _, span in spans]
        vectors: Sequence[Vector] = list(self._embedder.embed_passages(texts)) if texts else []
        for (source, number, span), vector in zip(spans, vectors, strict=True):
            yield Passage(
                source_id=source.source_id,
                number=number,
                start=span.start,
                end=span.end,
                vector=vector,
                label=_label(source),
            )

    def _spans(self, text: str) -> list[Span]:
        """At least one: what has no words for the model is in the index nevertheless."""
        return self._embedder.split(text)[:MOST_PASSAGES] or [Span(0, len(text))]


def _label(source: Source) -> Label:
    return Label(
        owner=source.workspace,
        conversation=source.conversation_id,
        time=source.time,
        digest=source.digest,
        role=source.role,
        model=source.model,
        product=source.product,
        agent=source.agent,
    )
