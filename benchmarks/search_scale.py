"""How much longer a search takes among a million messages than among ten thousand.

python benchmarks/search_scale.py [--database sqlite] [--messages 1000000] [--own 200000]

Exits with 1 where the p95 of a mode has grown more than threefold on one of the databases.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

# Run as a file, its own folder comes first, in which `search` is the data.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django

from benchmarks.search_corpus import BLOCK, Corpus
from tests.services import PostgresServer

MOST_GROWTH = 3.0
DATABASES = ("sqlite", "postgresql")
SMALL, LARGE = "small", "large"


@dataclass(frozen=True, slots=True)
class Places:
    """Where both sizes are kept: the URLs of a database by size, and a folder of vectors."""

    urls: dict[str, str]
    vectors: Path


def main() -> int:
    options = _options()
    corpora = {
        SMALL: Corpus(options.base, options.base),
        LARGE: Corpus(options.messages, options.own),
    }
    kinds = [options.database] if options.database else list(DATABASES)
    with _loaded(kinds, corpora) as loaded:
        # A process of its own for each, as Django is set up once.
        grown = [_alone(kind, places, corpora) for kind, places in loaded.items()]
    return 1 if max(grown) > MOST_GROWTH else 0


def measure(kind: str, places: Places, corpora: dict[str, Corpus]) -> float:
    """Prints what was measured, and gives the largest growth of a mode's p95."""
    _set_up(places.urls[SMALL], places.vectors)
    from benchmarks.search_asking import HEAD, compared, sides, warm_up
    from benchmarks.search_questions import meant_queries, words_queries
    from search.results import Mode

    stride = corpora[LARGE].messages // corpora[LARGE].own
    with sides(places.urls.values(), places.vectors) as (small, large):
        warm_up(small, large, words_queries(stride, seed=7), Mode.WORDS)
        words = compared(small, large, words_queries(stride), Mode.WORDS)
        warm_up(small, large, meant_queries(first=1_000), Mode.SEMANTIC)
        meant = compared(small, large, meant_queries(), Mode.SEMANTIC)
    sizes = " and ".join(f"{size.own:,} of {size.messages:,}" for size in corpora.values())
    lines = [f"{kind}: {sizes} messages", HEAD, *(row.line() for row in [*words, *meant])]
    print("\n".join(lines), flush=True)
    return max(words[-1].ratio, meant[-1].ratio)


def load_vectors(folder: Path, corpora: dict[str, Corpus]) -> None:
    _set_up(f"sqlite:///{folder}.sqlite3", folder)
    from benchmarks.search_loading import load_vectors as load
    from search.vectors.generations import Generations

    generations = Generations(folder)
    for number, corpus in enumerate(corpora.values(), start=1):
        load(corpus, generations.store(number))
    generations.close_all()


def load_rows(url: str, corpus: Corpus) -> None:
    _set_up(url, Path(tempfile.gettempdir()))
    from django.core.management import call_command
    from django.db import connections

    from benchmarks.search_loading import load_rows as load

    call_command("migrate", verbosity=0)
    load(corpus)
    connections.close_all()


@contextmanager
def _loaded(kinds: Sequence[str], corpora: dict[str, Corpus]) -> Iterator[dict[str, Places]]:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="parley-scale-") as name, _urls(kinds, name) as urls:
        vectors = Path(name) / "vectors"
        with ProcessPoolExecutor(2, get_context("spawn"), max_tasks_per_child=1) as pool:
            loads: list[Future[None]] = [pool.submit(load_vectors, vectors, corpora)]
            for by_size in urls.values():
                loads += [pool.submit(load_rows, by_size[size], corpora[size]) for size in corpora]
            for load in loads:
                load.result()
        print(f"loaded in {time.monotonic() - began:.0f} s", flush=True)
        yield {kind: Places(by_size, vectors) for kind, by_size in urls.items()}


@contextmanager
def _urls(kinds: Sequence[str], folder: str) -> Iterator[dict[str, dict[str, str]]]:
    """Of empty databases, by kind and size."""
    urls: dict[str, dict[str, str]] = {}
    if "sqlite" in kinds:
        urls["sqlite"] = {size: f"sqlite:///{folder}/{size}.sqlite3" for size in (SMALL, LARGE)}
    if "postgresql" not in kinds:
        yield urls
        return
    server = PostgresServer.found_or_started()
    names = {size: f"parley_scale_{size}_{os.getpid()}" for size in (SMALL, LARGE)}
    try:
        urls["postgresql"] = {size: server.create_database(name) for size, name in names.items()}
        yield urls
    finally:
        for name in names.values():
            server.drop_database(name)
        server.stop()


def _alone(kind: str, places: Places, corpora: dict[str, Corpus]) -> float:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(measure, kind, places, corpora).result()


def _set_up(url: str, folder: Path) -> None:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "chatproject.settings",
        "DATABASE_URL": url,
        "CHAT_CHROMA_PERSIST_DIRECTORY": str(folder),
    }
    django.setup()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=DATABASES, help="only this one")
    parser.add_argument("--messages", type=int, default=1_000_000, help="of all owners")
    parser.add_argument("--own", type=int, default=200_000, help="of the one who searches")
    parser.add_argument("--base", type=int, default=BLOCK, help="all of one owner, to compare with")
    options = parser.parse_args()
    if any(count % BLOCK for count in (options.messages, options.own, options.base)):
        parser.error(f"Give multiples of {BLOCK}.")
    if options.messages % options.own:
        parser.error("Give --messages as a multiple of --own.")
    return options


if __name__ == "__main__":
    sys.exit(main())
