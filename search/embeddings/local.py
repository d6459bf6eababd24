"""Embeddings by a sentence-transformers model in this process."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import structlog

from search.embeddings.base import Span, Vector, Vectors
from search.embeddings.hub import model_folder
from search.embeddings.passages import Token, blocks, passages, well_formed
from search.embeddings.prefixes import prefixes_for
from search.errors import ModelUnavailable, TextRefused

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

# The marks around a text, its prefix, and a word that is cut in two and takes one token more.
_RESERVED_TOKENS = 8
_UNLIMITED_MODEL_TOKENS = 512

logger = structlog.get_logger(__name__)


class SentenceTransformerEmbedder:
    """See `Embedder`. `name` is a folder or a name on the Hugging Face hub."""

    def __init__(self, name: str, *, batch_size: int, device: str | None = None) -> None:
        self.name = name
        self._batch_size = batch_size
        self._device = device
        self._prefixes = prefixes_for(name)
        self._loading = Lock()
        self._model: _Model | None = None

    @property
    def is_ready(self) -> bool:
        return self._model is not None

    def load(self) -> None:
        self._loaded()

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        model = self._loaded()
        if not texts:
            return np.empty((0, model.dimensions), dtype=np.float32)
        if self._prefixes:
            return self._encoded(model.bare, [self._prefixes.passage + text for text in texts])
        return self._encoded(model.transformer.encode_document, texts)

    def embed_query(self, text: str) -> Vector:
        model = self._loaded()
        if self._prefixes:
            vectors = self._encoded(model.bare, [self._prefixes.query + text])
        else:
            vectors = self._encoded(model.transformer.encode_query, [text])
        first: Vector = vectors[0]
        return first

    def split(self, text: str) -> list[Span]:
        model = self._loaded()
        tokens = _tokens(model.tokenizer, well_formed(text))
        return list(passages(tokens, budget=model.passage_tokens))

    def _encoded(self, encode: Any, texts: Sequence[str]) -> Vectors:
        try:
            vectors: Vectors = encode(
                [well_formed(text) for text in texts],
                batch_size=self._batch_size,
                show_progress_bar=False,
                convert_to_numpy=True,
                normalize_embeddings=True,
            )
        # Torch's word for all that goes wrong, most of all for a lack of memory.
        except RuntimeError as error:
            message = f"The embedding model '{self.name}' failed: {type(error).__name__}."
            raise ModelUnavailable(message) from error
        if broken := np.flatnonzero(~np.isfinite(vectors).all(axis=1)).tolist():
            raise TextRefused("The embedding model has no vector for a text.", positions=broken)
        return vectors.astype(np.float32, copy=False)

    def _loaded(self) -> _Model:
        with self._loading:
            if self._model is None:
                folder = model_folder(self.name)
                logger.info("embedding_model_load", model=self.name)
                self._model = self._read(folder)
            return self._model

    def _read(self, folder: Path) -> _Model:
        try:
            return _Model(folder, self._device)
        # safetensors raises a bare exception for a damaged file, so that nothing narrower would do.
        except Exception as error:
            raise ModelUnavailable(
                f"The embedding model '{self.name}' cannot be loaded from {folder}: "
                f"{type(error).__name__}: {str(error)[:200]}"
            ) from error


class _Model:
    """A model in memory, and a tokenizer that no embedding sets to cut and to pad."""

    def __init__(self, folder: Path, device: str | None) -> None:
        _quieten()
        import torch
        from sentence_transformers import SentenceTransformer
        from tokenizers import Tokenizer

        # One core stays with the requests.
        torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) - 1))
        self.transformer: SentenceTransformer = SentenceTransformer(
            str(folder), device=device, local_files_only=True
        )
        self.tokenizer = Tokenizer.from_str(self.transformer.tokenizer.backend_tokenizer.to_str())
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        longest = self.transformer.max_seq_length or _UNLIMITED_MODEL_TOKENS
        self.passage_tokens = max(1, longest - _RESERVED_TOKENS)
        # The first call sets up the tokenizer, which two threads cannot do at once.
        self.dimensions = int(self.bare(["warm"], show_progress_bar=False).shape[1])

    def bare(self, texts: list[str], **options: Any) -> Any:
        """Without a prompt of the model's own."""
        return self.transformer.encode(texts, prompt="", **options)


def _quieten() -> None:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    # It warns when a process forks after it has used its own threads.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]


def _tokens(tokenizer: Tokenizer, text: str) -> Iterator[Token]:
    for block in blocks(text):
        encoding = tokenizer.encode(text[block.start : block.end], add_special_tokens=False)
        for start, end in encoding.offsets:
            if end > start:
                yield Token(block.start + start, block.start + end)
