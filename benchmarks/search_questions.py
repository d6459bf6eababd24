"""What is asked of both sizes: queries of several kinds, and what stands in for a model."""

from collections.abc import Sequence

import numpy as np

from benchmarks.search_corpus import SAID_IN_ONE, TOPICS, around, texts, vocabulary
from search.embeddings.base import Span, Vector, Vectors

MOST_COMMON, MIDDLING, RARE = (0, 20), (500, 5_000), (20_000, 50_000)
OF_A_KIND = 22


def words_queries(stride: int, *, seed: int = 5) -> dict[str, list[str]]:
    """By kind. Every phrase is in the first block; of each `stride` conversations one is searched.

    Nothing of a typo is known but words that are spelt much like it.
    """
    dice = np.random.default_rng(seed)
    return {
        "rare": _drawn(dice, RARE),
        "middling": _drawn(dice, MIDDLING),
        "most common": _drawn(dice, MOST_COMMON),
        "two words": _drawn(dice, MOST_COMMON, MIDDLING),
        "three words": _drawn(dice, MOST_COMMON, MIDDLING, RARE),
        "phrase": _phrases(dice, stride),
        "prefix": [f"{word[:3]}*" for word in _drawn(dice, MIDDLING)],
        "minus": [f"{word} -{other}" for word, other in _pairs(dice)],
        "typo": [_misspelt(word) for word in _drawn(dice, MIDDLING)],
    }


def meant_queries(*, first: int = 0) -> dict[str, list[str]]:
    return {"by meaning": [str(first + number) for number in range(200)]}


class SyntheticEmbedder:
    """The vector of a number, as a text, is near one of the corpus's topics."""

    name = "synthetic"
    is_ready = True

    def load(self) -> None:
        """There is nothing to load."""

    def embed_query(self, text: str) -> Vector:
        vector: Vector = self.embed_passages([text])[0]
        return vector

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return np.concatenate([_near_a_topic(int(text)) for text in texts])

    def split(self, text: str) -> list[Span]:
        return [Span(0, len(text))] if text else []


def _near_a_topic(number: int) -> Vectors:
    return around(np.array([number % TOPICS]), np.random.default_rng([6, number]))


def _drawn(dice: np.random.Generator, *ranks: tuple[int, int]) -> list[str]:
    """Queries of one word out of each range of ranks."""
    words = vocabulary()
    return [" ".join(words[dice.integers(*span)] for span in ranks) for _ in range(OF_A_KIND)]


def _phrases(dice: np.random.Generator, stride: int) -> list[str]:
    said = texts(0)
    phrases = []
    for _ in range(OF_A_KIND):
        conversation = stride * int(dice.integers(0, len(said) // SAID_IN_ONE // stride))
        words = said[conversation * SAID_IN_ONE + int(dice.integers(0, SAID_IN_ONE))].split()
        begin = int(dice.integers(0, len(words) - 1))
        phrases.append(f'"{words[begin]} {words[begin + 1]}"')
    return phrases


def _pairs(dice: np.random.Generator) -> list[Sequence[str]]:
    return [query.split() for query in _drawn(dice, MIDDLING, MOST_COMMON)]


def _misspelt(word: str) -> str:
    """With a letter that no word of the corpus has."""
    return f"{word[:-2]}x{word[-1]}"
