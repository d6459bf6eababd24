"""Cutting a text into overlapping passages, in one pass and with one passage in memory."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from search.embeddings.base import Span

OVERLAP = 0.15
# Near the end of a block a space is looked for, so that words stay whole.
_BLOCK = 16_384
_SEAM = 1024


class Token(NamedTuple):
    """Code points of a text and how many of the model's tokens they take."""

    start: int
    end: int
    weight: float = 1.0


def passages(tokens: Iterable[Token], *, budget: float) -> Iterator[Span]:
    """Spans of up to `budget` in weight; each begins with the last 15 % of the one before."""
    held: deque[Token] = deque()
    weight, fresh = 0.0, False
    for token in tokens:
        if fresh and weight + token.weight > budget:
            yield Span(held[0].start, held[-1].end)
            weight = _shortened(held, min(budget * OVERLAP, budget - token.weight))
        held.append(token)
        weight, fresh = weight + token.weight, True
    if fresh:
        yield Span(held[0].start, held[-1].end)


def blocks(text: str) -> Iterator[Span]:
    """The text in pieces of bounded length, cut at spaces where there are any."""
    start = 0
    while start < len(text):
        end = start + _BLOCK
        if end < len(text):
            seam = max(text.rfind(space, end - _SEAM, end) for space in (" ", "\n"))
            end = seam if seam > start else end
        yield Span(start, min(end, len(text)))
        start = end


def well_formed(text: str) -> str:
    """The text, as long as before, without the lone surrogates that UTF-8 cannot carry."""
    return text.encode("utf-8", "replace").decode()


def _shortened(held: deque[Token], limit: float) -> float:
    weight = sum(token.weight for token in held)
    while held and weight > limit:
        weight -= held.popleft().weight
    return weight
