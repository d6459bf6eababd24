"""Made-up messages of many owners, of any number, and the same at every run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

WORDS, DIMENSIONS, TOPICS, OTHERS = 50_000, 64, 50, 100
OWNER = "user:00000000-0000-7000-8000-000000000000"
BLOCK, SAID_IN_ONE = 10_000, 20
# One in so many texts has a word that is nowhere else, as names, numbers and slips are.
OWN_WORD = 10
# Ids are as of 2024 on, one a minute.
_FIRST_SECOND, _SECONDS = 1_704_067_200, 60

Numbers = NDArray[np.int64]
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Said:
    id: UUID
    conversation: UUID
    workspace: str
    role: str
    time: float
    text: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """So many messages, of which `own` are one owner's, spread evenly in time.

    A message of the same place has the same text, id and vector in every corpus.
    """

    messages: int
    own: int

    def blocks(self) -> Iterator[list[Said]]:
        for number in range(self.messages // BLOCK):
            places = range(number * BLOCK, (number + 1) * BLOCK)
            yield [
                self._said(place, text) for place, text in zip(places, texts(number), strict=True)
            ]

    def conversations(self) -> Iterator[tuple[UUID, str, float]]:
        """Id, owner, and the time it began."""
        for number in range(self.messages // SAID_IN_ONE):
            place = number * SAID_IN_ONE
            yield _id(place, 1), self.workspace(place), _time(place)

    def workspace(self, place: int) -> str:
        conversation = place // SAID_IN_ONE
        if conversation % (self.messages // self.own) == 0:
            return OWNER
        return f"user:{UUID(int=1 + conversation * 7919 % OTHERS)}"

    def _said(self, place: int, text: str) -> Said:
        return Said(
            id=_id(place, 2),
            conversation=_id(place - place % SAID_IN_ONE, 1),
            workspace=self.workspace(place),
            role="assistant" if place % 2 else "user",
            time=_time(place),
            text=text,
        )


def texts(block: int) -> list[str]:
    """About 40 words each, by Zipf's law."""
    dice = np.random.default_rng([1, block])
    lengths = dice.integers(5, 76, BLOCK)
    chosen = np.searchsorted(_shares(), dice.random(int(lengths.sum()))).tolist()
    ends: Sequence[int] = np.cumsum(lengths).tolist()
    words, begin, made = vocabulary(), 0, []
    for number, end in enumerate(ends):
        own = [] if number % OWN_WORD else [f"{words[block]}{words[number]}"]
        made.append(" ".join([*own, *(words[rank] for rank in chosen[begin:end])]))
        begin = end
    return made


def vectors(block: int) -> Vectors:
    """Of the block's messages: around some topics, those of one conversation around the same."""
    dice = np.random.default_rng([2, block])
    topics = np.repeat(dice.integers(0, TOPICS, BLOCK // SAID_IN_ONE), SAID_IN_ONE)
    return around(topics, dice)


def around(topics: Numbers, dice: np.random.Generator) -> Vectors:
    """A vector of length 1 for each, at a cosine of about 0.7 to its topic's own."""
    noise = dice.normal(scale=DIMENSIONS**-0.5, size=(len(topics), DIMENSIONS))
    return _unit(_topics()[topics] + noise)


@cache
def vocabulary() -> list[str]:
    """The most common first."""
    syllables = [a + b for a, b in product("bdfgklmnprstvz", "aeiou")]
    made = ["".join(parts) for size in (2, 3) for parts in product(syllables, repeat=size)]
    order = np.random.default_rng(3).permutation(len(made))[:WORDS]
    return [made[place] for place in order]


@cache
def _shares() -> NDArray[np.float64]:
    """Cumulative."""
    shares = 1 / (np.arange(WORDS) + 2.7)
    return np.cumsum(shares / shares.sum() * (1 + 1e-12))


@cache
def _topics() -> Vectors:
    return _unit(np.random.default_rng(4).normal(size=(TOPICS, DIMENSIONS)))


def _unit(rows: NDArray[np.float64]) -> Vectors:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    units: Vectors = (rows / lengths).astype(np.float32)
    return units


def _time(place: int) -> float:
    return float(_FIRST_SECOND + place * _SECONDS)


def _id(place: int, kind: int) -> UUID:
    """Of version 7, by the time."""
    return UUID(int=int(_time(place) * 1000) << 80 | 7 << 76 | 2 << 62 | kind << 32 | place)
