"""Embeddings from any OpenAI-compatible endpoint, so that this process holds no model."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import msgspec
import numpy as np

from search.embeddings.answers import refusal, vectors_of
from search.embeddings.base import Span, Vector, Vectors
from search.embeddings.estimate import estimated_tokens
from search.embeddings.passages import passages, well_formed
from search.embeddings.prefixes import Prefixes, prefixes_for
from search.errors import ModelUnavailable, TextRefused

PASSAGE_TOKENS = 400
_MAX_ANSWER = 64 * 1024 * 1024
_QUERIES_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class _Patience:
    """`times` are those of single steps, `longest` is in seconds."""

    times: httpx.Timeout
    longest: float


_FOR_PASSAGES = _Patience(httpx.Timeout(60.0, connect=5.0), longest=120.0)
# Somebody waits for the results.
_FOR_QUERIES = _Patience(httpx.Timeout(3.0, connect=1.0), longest=3.0)


class EndpointEmbedder:
    """See `Embedder`. Asks `POST {base_url}/embeddings`."""

    def __init__(self, base_url: str, *, model: str, api_key: str, batch_size: int) -> None:
        self.name = model
        self._url = base_url.rstrip("/") + "/embeddings"
        self._batch_size = batch_size
        self._prefixes = prefixes_for(model) or Prefixes("", "")
        self._dimensions: int | None = None
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = httpx.Client(
            headers=headers | {"Accept-Encoding": "identity"},
            trust_env=False,
            follow_redirects=False,
        )
        self._queries = ThreadPoolExecutor(_QUERIES_AT_ONCE, thread_name_prefix="embed-query")

    @property
    def is_ready(self) -> bool:
        return True

    def load(self) -> None:
        """Nothing is to be loaded."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """A batch that is refused is asked for again, one text at a time."""
        prefixed = [self._prefixes.passage + text for text in texts]
        found: list[Vectors] = [np.empty((0, self._dimensions or 0), np.float32)]
        refused: list[int] = []
        for start in range(0, len(prefixed), self._batch_size):
            batch = prefixed[start : start + self._batch_size]
            try:
                found.append(self._asked(batch, _FOR_PASSAGES))
            except TextRefused:
                refused += [start + position for position in self._refused(batch, found)]
        if refused:
            message = "The embedding endpoint refuses some of the texts."
            raise TextRefused(message, positions=refused)
        return np.concatenate(found[1:] or found)

    def embed_query(self, text: str) -> Vector:
        # In a thread: httpx limits each step but not the sum of them, and not the name's lookup.
        asked = self._queries.submit(self._asked, [self._prefixes.query + text], _FOR_QUERIES)
        try:
            vector: Vector = asked.result(_FOR_QUERIES.longest)[0]
        except TimeoutError as error:
            asked.cancel()
            raise ModelUnavailable("The embedding endpoint is too slow for a query.") from error
        return vector

    def split(self, text: str) -> list[Span]:
        return list(passages(estimated_tokens(text), budget=PASSAGE_TOKENS))

    def close(self) -> None:
        self._queries.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    def _refused(self, texts: Sequence[str], found: list[Vectors]) -> Iterator[int]:
        """The positions of those that are refused; the vectors of the others go to `found`."""
        for position, text in enumerate(texts):
            try:
                found.append(self._asked([text], _FOR_PASSAGES))
            except TextRefused:
                yield position

    def _asked(self, texts: Sequence[str], patience: _Patience) -> Vectors:
        question = {"model": self.name, "input": [well_formed(text) for text in texts]}
        question["encoding_format"] = "float"
        body = self._post(msgspec.json.encode(question), patience)
        vectors = vectors_of(body, len(texts))
        dimensions = vectors.shape[1]
        if self._dimensions not in (None, dimensions):
            raise ModelUnavailable(
                f"The embedding endpoint gave {self._dimensions} dimensions before and now "
                f"{dimensions}: another model answers for '{self.name}'."
            )
        self._dimensions = dimensions
        return vectors

    def _post(self, question: bytes, patience: _Patience) -> bytes:
        headers = {"Content-Type": "application/json"}
        try:
            with self._client.stream(
                "POST", self._url, content=question, headers=headers, timeout=patience.times
            ) as answer:
                body = _read(answer, patience.longest)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            message = f"The embedding endpoint cannot be reached: {type(error).__name__}."
            raise ModelUnavailable(message) from error
        if not answer.is_success:
            raise refusal(answer)
        return body


def _read(answer: httpx.Response, longest: float) -> bytes:
    deadline, pieces, size = time.monotonic() + longest, [], 0
    for piece in answer.iter_raw():
        pieces.append(piece)
        size += len(piece)
        if size > _MAX_ANSWER or time.monotonic() > deadline:
            raise ModelUnavailable("The embedding endpoint's answer is too large or too slow.")
    return b"".join(pieces)
