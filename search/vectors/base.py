"""What is kept of a passage, and what every vector store can do."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from search.embeddings.base import Vector

Where = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What is known of a source besides its text.

    `time` is in seconds since 1970. `digest` stands for what the vectors were made from.
    """

    owner: str
    conversation: UUID
    time: float
    digest: str
    role: str = ""
    model: str = ""
    provider: str = ""
    product: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """The code points `start` to `end` of a source, which is a message or a conversation.

    `number` counts the passages of one source from 0.
    """

    source_id: UUID
    number: int
    start: int
    end: int
    vector: Vector
    label: Label


@dataclass(frozen=True, slots=True)
class Hit:
    """`similarity` is the cosine: 1 for the same direction, 0 for nothing in common."""

    source_id: UUID
    start: int
    end: int
    similarity: float


class VectorStore(Protocol):
    """The vectors of one generation. All of it raises StoreUnavailable; any thread may call.

    A workspace that has nothing here is an empty one.
    """

    def put(self, workspace: str, passages: Sequence[Passage]) -> None:
        """Replace all passages of the sources concerned: give all that a source has at once."""

    def remove(self, workspace: str, source_ids: Collection[UUID]) -> None: ...

    def remove_conversation(self, workspace: str, conversation_id: UUID) -> None: ...

    def digests(self, workspace: str, source_ids: Collection[UUID]) -> dict[UUID, str]:
        """Only of sources that are here whole."""

    def relabel(self, workspace: str, labels: Mapping[UUID, Label]) -> None:
        """Change what is known of sources and leave their vectors; absent ones stay absent."""

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
        """Best first, one per source: its best passage.

        `where` compares fields of the label, with one value or with any of several. `after` and
        `before` are inclusive seconds since 1970.
        """

    def sources(self, workspace: str) -> Iterator[tuple[UUID, str]]:
        """Each source that is here whole with its digest; read in pages."""

    def workspaces(self) -> Iterator[str]: ...

    def drop(self) -> None:
        """Remove all that the generation holds."""

    def close(self) -> None: ...
