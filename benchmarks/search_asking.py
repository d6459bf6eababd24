"""Asks two sizes the same queries in turn, and tells how much longer the larger one takes."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from unittest.mock import patch

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.callers import Caller
from benchmarks.search_corpus import OWNER
from benchmarks.search_questions import SyntheticEmbedder
from chatproject.database import database_settings
from search import semantic
from search.meaning import Meaning
from search.results import Mode
from search.scope import Scope
from search.services import search_messages
from search.vectors.generations import Generations

PAGE = 20


@dataclass(frozen=True, slots=True)
class Side:
    """A size: where its rows are, and its vectors."""

    database: BaseDatabaseWrapper
    meaning: Meaning

    @contextmanager
    def in_use(self) -> Iterator[None]:
        connections[DEFAULT_DB_ALIAS] = self.database
        with patch.object(semantic, "to_search", lambda: self.meaning):
            yield


@contextmanager
def sides(urls: Iterable[str], folder: Path) -> Iterator[list[Side]]:
    """One for each database, with the generation of vectors that has the same place."""
    settings = {str(place): database_settings(url) for place, url in enumerate(urls)}
    connections.settings.update(
        connections.configure_settings({**settings, DEFAULT_DB_ALIAS: settings["0"]})
    )
    generations = Generations(folder)
    databases = [connections.create_connection(alias) for alias in settings]
    try:
        yield [
            Side(database, Meaning(generations.store(number), SyntheticEmbedder()))
            for number, database in enumerate(databases, start=1)
        ]
    finally:
        generations.close_all()
        for database in databases:
            _close(database)


@dataclass(frozen=True, slots=True)
class Asked:
    """Seconds that each query took, and how many it found."""

    seconds: Sequence[float]
    found: Sequence[int]

    def percentile(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@dataclass(frozen=True, slots=True)
class Compared:
    name: str
    small: Asked
    large: Asked

    @property
    def ratio(self) -> float:
        return self.large.percentile(0.95) / self.small.percentile(0.95)

    def line(self) -> str:
        cells = [f"{self.name:<16}"]
        for asked in (self.small, self.large):
            p50, p95 = (1000 * asked.percentile(share) for share in (0.5, 0.95))
            cells.append(f"{p50:8.1f} {p95:8.1f} {sum(asked.found) / len(asked.found):6.1f}")
        return "  ".join([*cells, f"{self.ratio:6.2f}"])


HEAD = f"{'ms':<16}  {'p50':>8} {'p95':>8} {'found':>6}  {'p50':>8} {'p95':>8} {'found':>6}   ratio"


def warm_up(small: Side, large: Side, queries: Mapping[str, Sequence[str]], mode: Mode) -> None:
    """With others than what is measured, as a server that has been up for a while."""
    for query in chain.from_iterable(queries.values()):
        _asked(small, query, mode)
        _asked(large, query, mode)


def compared(
    small: Side, large: Side, queries: Mapping[str, Sequence[str]], mode: Mode
) -> list[Compared]:
    """By kind, and then all of them together under the mode's name."""
    kinds = [_compared(name, small, large, kind, mode) for name, kind in queries.items()]
    return [*kinds, _together(mode.value, kinds)] if len(kinds) > 1 else kinds


def _compared(name: str, small: Side, large: Side, queries: Sequence[str], mode: Mode) -> Compared:
    pairs = [(_asked(small, query, mode), _asked(large, query, mode)) for query in queries]
    return Compared(name, _joined([one for one, _ in pairs]), _joined([one for _, one in pairs]))


def _together(name: str, kinds: Sequence[Compared]) -> Compared:
    return Compared(
        name, _joined([kind.small for kind in kinds]), _joined([kind.large for kind in kinds])
    )


def _joined(parts: Sequence[Asked]) -> Asked:
    return Asked(
        [seconds for part in parts for seconds in part.seconds],
        [found for part in parts for found in part.found],
    )


def _asked(side: Side, query: str, mode: Mode) -> Asked:
    scope = Scope(Caller(kind="user", workspace=OWNER))
    with side.in_use():
        began = time.perf_counter()
        results = search_messages(scope, query, mode=mode, limit=PAGE)
        return Asked([time.perf_counter() - began], [len(results.matches)])


def _close(database: BaseDatabaseWrapper) -> None:
    database.close()
    # Threads of a pool would outlive it.
    if close_pool := getattr(database, "close_pool", None):
        close_pool()
