"""Which embedder this process uses."""

from dataclasses import dataclass, field
from functools import cache

from search.embeddings.base import Embedder
from search.embeddings.endpoint import EndpointEmbedder
from search.embeddings.local import SentenceTransformerEmbedder


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingSettings:
    """Without an `api_base` the model runs in this process, on `device` or the best there is."""

    model: str
    batch_size: int
    device: str | None = None
    api_base: str = ""
    api_key: str = field(default="", repr=False)


@cache
def embedder_for(settings: EmbeddingSettings) -> Embedder:
    """The same one each time, as a model is large. It is not loaded yet."""
    if settings.api_base:
        return EndpointEmbedder(
            settings.api_base,
            model=settings.model,
            api_key=settings.api_key,
            batch_size=settings.batch_size,
        )
    return SentenceTransformerEmbedder(
        settings.model, batch_size=settings.batch_size, device=settings.device
    )
