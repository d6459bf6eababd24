"""How well a text answers a query: BM25 over what is known of the words without counting all."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from search.words.query import Term

K1, B = 1.2, 0.75


@dataclass(frozen=True, slots=True)
class Newest:
    """Ids of the newest documents with a term, the newest first; all of them or so many."""

    ids: Sequence[int]
    is_all: bool

    def gap(self, top: int) -> float:
        """How far apart such documents are: the reciprocal of their share of all ids."""
        oldest = 0 if self.is_all else self.ids[-1] - 1
        return (top - oldest) / max(len(self.ids), 1)


def weights_of(found: Mapping[Term, Newest]) -> dict[Term, float]:
    """A rare term weighs more (inverse document frequency)."""
    top = max((newest.ids[0] for newest in found.values() if newest.ids), default=1)
    return {term: math.log1p(newest.gap(top)) for term, newest in found.items()}


def spaced(text: str) -> str:
    """A document's text with each word between two spaces of its own, to be counted fast."""
    return f" {text.replace(' ', '  ')} "


def occurrences(term: Term, text: str) -> int:
    """In a spaced text."""
    phrase = "  ".join(term.tokens)
    return text.count(f" {phrase}" if term.is_prefix else f" {phrase} ")


def average_length(texts: Collection[str]) -> float:
    return sum(map(_length, texts)) / max(len(texts), 1)


def score(text: str, weights: Mapping[Term, float], *, average: float) -> float:
    """Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009)."""
    slack = K1 * (1 - B + B * _length(text) / average)
    total = 0.0
    for term, weight in weights.items():
        count = occurrences(term, text)
        total += weight * count * (K1 + 1) / (count + slack)
    return total


def _length(text: str) -> int:
    return text.count(" ") // 2
