"""Merging rankings that have nothing in common but their order."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)

# Of Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual
# rank learning methods", SIGIR 2009.
_K = 60


def ranks(ordered: Sequence[Key]) -> dict[Key, int]:
    """From 1."""
    return {key: place for place, key in enumerate(ordered, start=1)}


def fused(rankings: Sequence[tuple[Mapping[Key, int], float]]) -> list[tuple[Key, float]]:
    """The best first, by the weighted sum of 1 / (60 + rank); of equals, whom the first has."""
    scores: dict[Key, float] = {}
    for places, weight in rankings:
        for key, place in places.items():
            scores[key] = scores.get(key, 0.0) + weight / (_K + place)
    return sorted(scores.items(), key=lambda item: -item[1])
