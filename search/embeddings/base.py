"""What every embedder can do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]
    Vectors = NDArray[np.float32]
else:
    # A server that has nothing to embed does without numpy.
    Vector = Vectors = Any


@dataclass(frozen=True, slots=True)
class Span:
    """The code points of a text from `start` to before `end`."""

    start: int
    end: int


class Embedder(Protocol):
    """Vectors are float32 of length 1, so that their dot product is the cosine.

    `name` identifies the vectors: those of two names cannot be compared. Any thread may call.
    """

    name: str

    @property
    def is_ready(self) -> bool:
        """Whether `embed_query` answers without loading a model first."""

    def load(self) -> None:
        """Make ready, once; gigabytes may have to be read. Raises ModelUnavailable."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Shape (texts, dimensions). Raises ModelUnavailable and TextRefused."""

    def embed_query(self, text: str) -> Vector:
        """Shape (dimensions,). Raises ModelUnavailable and TextRefused."""

    def split(self, text: str) -> list[Span]:
        """Overlapping passages that the model can take whole; none where there is no text.

        Raises ModelUnavailable.
        """
