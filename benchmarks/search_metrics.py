"""The labelled messages and queries, and how well a way of searching serves them.

nDCG after Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques" (2002),
with the exponential gain of Burges et al., "Learning to rank using gradient descent" (2005).
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from pathlib import Path
from statistics import fmean
from typing import Any, Protocol

FOLDER = Path(__file__).resolve().parent / "search"
DEPTH = 10
SINGLE = ("semantic", "words", "regex")
HYBRID = "hybrid"
MODES = (*SINGLE, HYBRID)


@dataclass(frozen=True, slots=True)
class Said:
    id: str
    conversation: str
    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Query:
    """`relevant` grades the ids of messages: 2 answers the query, 1 helps; others are 0."""

    query: str
    kind: str
    language: str
    relevant: Mapping[str, int]


class Retriever(Protocol):
    def ranked(self, query: str, mode: str) -> list[str]:
        """Ids of labelled messages, the best first; `mode` is one of MODES."""
        ...


@dataclass(frozen=True, slots=True)
class Judged:
    query: Query
    mode: str
    ndcg: float
    recall: float


def messages() -> list[Said]:
    return [Said(**row) for row in _rows("messages.jsonl")]


def queries() -> list[Query]:
    return [Query(**row) for row in _rows("queries.jsonl")]


def ndcg(ranked: Sequence[str], relevant: Mapping[str, int]) -> float:
    """From 0 to 1, of the first DEPTH ids: 1 where no order could be better."""
    best = _gain(sorted(relevant.values(), reverse=True))
    return _gain([relevant.get(id, 0) for id in ranked]) / best


def recall(ranked: Sequence[str], relevant: Mapping[str, int]) -> float:
    """The share of the relevant messages, whatever their grade, among the first DEPTH ids."""
    return len(set(ranked[:DEPTH]) & set(relevant)) / len(relevant)


def judge(retriever: Retriever, asked: Sequence[Query]) -> list[Judged]:
    return [_judged(retriever, query, mode) for query in asked for mode in MODES]


def hybrid_wins(judged: Sequence[Judged]) -> bool:
    """Whether it is above each single mode in both measures."""
    means = {mode: _means(judged, mode) for mode in MODES}
    best = means[HYBRID]
    return all(best[0] > means[mode][0] and best[1] > means[mode][1] for mode in SINGLE)


def table(judged: Sequence[Judged]) -> Iterator[str]:
    """Lines with the means for each mode: of all queries, of each kind, of each language."""
    yield " " * 15 + "".join(f"{mode:>16}" for mode in MODES)
    yield f"{'':10}{'n':>5}" + f"{f'nDCG@{DEPTH}':>10}{f'R@{DEPTH}':>6}" * len(MODES)
    yield _line("all", judged)
    yield ""
    yield from _lines_by(lambda one: one.query.kind, judged)
    yield ""
    yield from _lines_by(lambda one: one.query.language, judged)


def _judged(retriever: Retriever, query: Query, mode: str) -> Judged:
    ranked = retriever.ranked(query.query, mode)
    return Judged(query, mode, ndcg(ranked, query.relevant), recall(ranked, query.relevant))


def _lines_by(noun: Callable[[Judged], str], judged: Sequence[Judged]) -> Iterator[str]:
    for name in dict.fromkeys(map(noun, judged)):
        yield _line(name, [one for one in judged if noun(one) == name])


def _line(name: str, judged: Sequence[Judged]) -> str:
    means = [_means(judged, mode) for mode in MODES]
    cells = "".join(f"{gained:10.3f}{found:6.3f}" for gained, found in means)
    return f"{name:10}{len(judged) // len(MODES):5}{cells}"


def _means(judged: Sequence[Judged], mode: str) -> tuple[float, float]:
    ours = [one for one in judged if one.mode == mode]
    return fmean(one.ndcg for one in ours), fmean(one.recall for one in ours)


def _gain(grades: Sequence[int]) -> float:
    return sum((2.0**grade - 1) / log2(rank + 1) for rank, grade in enumerate(grades[:DEPTH], 1))


def _rows(name: str) -> Iterator[dict[str, Any]]:
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        yield json.loads(line)
