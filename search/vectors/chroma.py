"""The vector store in Chroma: one collection for each workspace of a generation."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import numpy as np

from search.batches import batches
from search.embeddings.base import Vector
from search.vectors.base import Hit, Label, Passage, Where
from search.vectors.connection import Connection, faults
from search.vectors.records import condition, id_of, labelled, of_sources, record_of, source_of

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection as ChromaCollection

T = TypeVar("T")

_PAGE = 500
_LISTED = 5000
# A source of many passages must not crowd out the others.
_SPARE = 3
_FARTHEST = 2000


class ChromaStore:
    """See `VectorStore`. The collections' names begin with `parley-<generation>-`."""

    def __init__(self, connection: Connection, generation: int) -> None:
        self._connection = connection
        self._prefix = f"parley-{generation}-"
        self._where = f"for generation {generation}"
        with faults(self._where):
            self._batch = min(connection.api.get_max_batch_size(), _PAGE)

    def put(self, workspace: str, passages: Sequence[Passage]) -> None:
        # The first passage comes last: it stands for the whole source, whatever interrupts this.
        ordered = sorted(passages, key=lambda passage: -passage.number)
        new = {id_of(passage.source_id, passage.number) for passage in ordered}
        with faults(self._where):
            collection = self._made(workspace)
            old = self._ids(collection, {passage.source_id for passage in ordered})
            self._delete(collection, sorted(set(old) - new))
            for batch in batches(ordered, self._batch):
                collection.upsert(
                    ids=[id_of(passage.source_id, passage.number) for passage in batch],
                    embeddings=np.stack([passage.vector for passage in batch]),
                    metadatas=[record_of(passage) for passage in batch],
                )

    def remove(self, workspace: str, source_ids: Collection[UUID]) -> None:
        with faults(self._where):
            if collection := self._found(workspace):
                self._delete(collection, self._ids(collection, source_ids))

    def remove_conversation(self, workspace: str, conversation_id: UUID) -> None:
        wanted: Any = {"conversation": str(conversation_id)}
        with faults(self._where):
            if collection := self._found(workspace):
                while ids := collection.get(where=wanted, limit=self._batch, include=[])["ids"]:
                    self._delete(collection, ids)

    def digests(self, workspace: str, source_ids: Collection[UUID]) -> dict[UUID, str]:
        digests: dict[UUID, str] = {}
        with faults(self._where):
            if collection := self._found(workspace):
                firsts = [id_of(source_id, 0) for source_id in source_ids]
                for batch in batches(firsts, self._batch):
                    digests.update(_digests(_described(collection, batch)))
        return digests

    def relabel(self, workspace: str, labels: Mapping[UUID, Label]) -> None:
        with faults(self._where):
            if collection := self._found(workspace):
                # As with `put`, the first passages, which hold the digests, come last.
                ids = sorted(self._ids(collection, labels), key=_is_first)
                for batch in batches(ids, self._batch):
                    new = [labelled(labels[source_of(id)]) for id in batch]
                    collection.update(ids=batch, metadatas=list(new))

    def find(
        self,
        workspace: str,
        vector: Vector,
        *,
        limit: int,
        where: Where | None = None,
        after: float | None = None,
        before: float | None = None,
    ) -> list[Hit]:
        if limit < 1 or () in (where or {}).values():
            return []
        wanted, ask = condition(where, after, before), min(limit * _SPARE, _FARTHEST)
        with faults(self._where):
            collection = self._found(workspace)
            while collection:
                found = _queried(collection, vector, ask, wanted)
                best = _best_of_sources(found)
                if len(best) >= limit or len(found) < ask or ask >= _FARTHEST:
                    return _hits(collection, best[:limit], workspace)
                ask = min(ask * _SPARE, _FARTHEST)
        return []

    def sources(self, workspace: str) -> Iterator[tuple[UUID, str]]:
        """Of what is here at the first step; what is removed since is left out."""
        for batch in batches(self._first_ids(workspace), self._batch):
            with faults(self._where):
                collection = self._found(workspace)
                page = _digests(_described(collection, batch)) if collection else {}
            yield from page.items()

    def workspaces(self) -> Iterator[str]:
        for metadata in [metadata for _, metadata in self._collections()]:
            yield str(metadata["workspace"])

    def drop(self) -> None:
        for name in [name for name, _ in self._collections()]:
            with faults(self._where), suppress(_missing()):
                self._connection.api.delete_collection(name)

    def close(self) -> None:
        with faults(self._where):
            self._connection.close()

    def _collections(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Name and metadata, read as a whole: the offsets move when some are removed."""
        rows: list[tuple[str, Mapping[str, Any]]] = []
        offset, api = 0, self._connection.api
        with faults(self._where):
            while page := api.list_collections(limit=_PAGE, offset=offset):
                rows += [(row.name, row.metadata or {}) for row in page]
                offset += len(page)
        return [row for row in rows if row[0].startswith(self._prefix)]

    def _name(self, workspace: str) -> str:
        return self._prefix + hashlib.sha256(workspace.encode()).hexdigest()[:32]

    def _found(self, workspace: str) -> ChromaCollection | None:
        try:
            model = self._connection.api.get_collection(self._name(workspace))
        except _missing():
            return None
        return _opened(self._connection, model)

    def _made(self, workspace: str) -> ChromaCollection:
        model = self._connection.api.get_or_create_collection(
            self._name(workspace),
            configuration={"hnsw": {"space": "cosine"}},
            metadata={"workspace": workspace},
        )
        return _opened(self._connection, model)

    def _ids(self, collection: ChromaCollection, source_ids: Collection[UUID]) -> list[str]:
        ids: list[str] = []
        for batch in batches(source_ids, self._batch):
            wanted: Any = of_sources(batch)
            ids += collection.get(where=wanted, include=[])["ids"]
        return ids

    def _first_ids(self, workspace: str) -> list[str]:
        firsts: list[str] = []
        with faults(self._where):
            collection, offset = self._found(workspace), 0
            while collection:
                ids = collection.get(limit=_LISTED, offset=offset, include=[])["ids"]
                if not ids:
                    break
                firsts += filter(_is_first, ids)
                offset += len(ids)
        return firsts

    def _delete(self, collection: ChromaCollection, ids: Collection[str]) -> None:
        # The first passages go first, as nothing may look whole that is not.
        for batch in batches(sorted(ids, key=_is_first, reverse=True), self._batch):
            collection.delete(ids=batch)


def _missing() -> type[Exception]:
    from chromadb.errors import NotFoundError

    return NotFoundError


def _opened(connection: Connection, model: Any) -> ChromaCollection:
    from chromadb.api.models.Collection import Collection

    return Collection(client=connection.api, model=model, embedding_function=None)


def _queried(
    collection: ChromaCollection, vector: Vector, ask: int, wanted: Any
) -> list[tuple[str, float]]:
    """Ids and distances, the nearest first; the metadata would take ten times as long."""
    found: Any = collection.query(
        query_embeddings=vector[np.newaxis], n_results=ask, where=wanted, include=["distances"]
    )
    return list(zip(found["ids"][0], found["distances"][0], strict=True))


def _best_of_sources(found: list[tuple[str, float]]) -> list[tuple[str, float]]:
    best: dict[UUID, tuple[str, float]] = {}
    for record_id, distance in found:
        best.setdefault(source_of(record_id), (record_id, distance))
    return list(best.values())


def _hits(
    collection: ChromaCollection, found: list[tuple[str, float]], workspace: str
) -> list[Hit]:
    rows = _described(collection, [record_id for record_id, _ in found])
    return [
        Hit(source_of(record_id), row["start"], row["end"], 1.0 - distance)
        for record_id, distance in found
        if (row := rows.get(record_id)) and row["owner"] == workspace
    ]


def _described(collection: ChromaCollection, ids: list[str]) -> dict[str, Any]:
    """The metadata of those that are there, by id."""
    got: Any = collection.get(ids=ids, include=["metadatas"]) if ids else {}
    return dict(zip(got["ids"], got["metadatas"], strict=True)) if got else {}


def _digests(rows: Mapping[str, Any]) -> dict[UUID, str]:
    return {source_of(record_id): row["digest"] for record_id, row in rows.items()}


def _is_first(record_id: str) -> bool:
    return record_id.endswith(":0")
