"""What an OpenAI-compatible embeddings endpoint answers.

https://platform.openai.com/docs/api-reference/embeddings/create
"""

import binascii
from base64 import b64decode
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import msgspec
import numpy as np

from search.embeddings.base import Vectors
from search.errors import ModelUnavailable, SearchError, TextRefused

_ABOUT_THE_TEXT = {400, 413, 422}
_HINTS = {
    401: "check CHAT_EMBEDDING_API_KEY",
    403: "check CHAT_EMBEDDING_API_KEY",
    404: "check CHAT_EMBEDDING_API_BASE and CHAT_EMBEDDING_MODEL_NAME",
    429: "its quota is used up for now",
}


class _Row(msgspec.Struct):
    embedding: list[float] | str
    index: int | None = None


class _Answer(msgspec.Struct):
    data: list[_Row]


def vectors_of(body: bytes, wanted: int) -> Vectors:
    """Shape (wanted, dimensions), of length 1, in the order of the texts.

    Raises ModelUnavailable.
    """
    try:
        rows = _ordered(msgspec.json.decode(body, type=_Answer).data, wanted)
        vectors = np.stack([_numbers(row.embedding) for row in rows])
    except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
        message = f"The embedding endpoint's answer cannot be read: {type(error).__name__}."
        raise ModelUnavailable(message) from error
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or not lengths.all():
        raise TextRefused("The embedding endpoint has no vector for a text.")
    unit: Vectors = (vectors / lengths).astype(np.float32)
    return unit


def refusal(answer: httpx.Response) -> SearchError:
    """The body is left alone: it may repeat the text."""
    status = answer.status_code
    if status in _ABOUT_THE_TEXT:
        return TextRefused(f"The embedding endpoint refused a text with status {status}.")
    hint = f": {_HINTS[status]}" if status in _HINTS else ""
    return ModelUnavailable(
        f"The embedding endpoint answered with status {status}{hint}.",
        retry_after=_seconds(answer.headers.get("retry-after", "")),
    )


def _ordered(rows: list[_Row], wanted: int) -> list[_Row]:
    """Raises ValueError unless there is one row for each text."""
    by_index = {
        position if row.index is None else row.index: row for position, row in enumerate(rows)
    }
    if len(rows) != wanted or by_index.keys() != set(range(wanted)):
        raise ValueError
    return [by_index[position] for position in range(wanted)]


def _numbers(embedding: list[float] | str) -> Vectors:
    """A string is little-endian float32 in base64."""
    if isinstance(embedding, str):
        return np.frombuffer(b64decode(embedding, validate=True), dtype="<f4")
    return np.array(embedding, dtype=np.float32)


def _seconds(retry_after: str) -> float | None:
    """From a number of seconds or an HTTP date."""
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
