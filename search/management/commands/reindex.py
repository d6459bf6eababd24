"""`manage.py reindex`: builds the indexes anew while search goes on, or checks them."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from search.errors import SearchError
from search.indexing import rebuilding
from search.indexing.checking import Differences, check_vectors, check_words
from search.indexing.vectors import most_changes

_MOST_SHOWN = 20


class Command(BaseCommand):
    help = (
        "Build the search indexes anew, by the embedding model of the settings. Search asks the"
        " old ones until the end; what was broken off is gone on with."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="change nothing: print what the indexes lack or have too much; then it is 1",
        )
        parser.add_argument("--words", action="store_true", help="only the words")
        parser.add_argument("--vectors", action="store_true", help="only the vectors")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.CHAT_SEARCH_ENABLED:
            raise CommandError("CHAT_SEARCH_ENABLED is false: there are no indexes.")
        is_all = options["words"] == options["vectors"]
        words, vectors = is_all or options["words"], is_all or options["vectors"]
        try:
            if options["check"]:
                self._check(words=words, vectors=vectors)
            else:
                self._rebuild(words=words, vectors=vectors)
        except SearchError as error:
            raise CommandError(str(error)) from error

    def _rebuild(self, *, words: bool, vectors: bool) -> None:
        if words:
            with _bar("Words", rebuilding.number_of_sources()) as bar:
                rebuilding.rebuild_words(bar.update)
        if vectors:
            row = rebuilding.building()
            with _bar("Vectors", rebuilding.number_of_sources(after=row.reached)) as bar:
                rebuilding.build_vectors(row, bar.update, most=most_changes())
        self.stdout.write("Done: search asks what was built.")

    def _check(self, *, words: bool, vectors: bool) -> None:
        results = []
        if words:
            results.append(self._shown("Words", check_words()))
        if vectors:
            results.append(self._shown("Vectors", check_vectors()))
        if not all(results):
            sys.exit(1)

    def _shown(self, name: str, found: Differences | None) -> bool:
        if found is None:
            self.stdout.write(f"{name}: there is no index yet.")
            return True
        self.stdout.write(
            f"{name}: {found.checked} checked, {len(found.missing)} missing,"
            f" {len(found.outdated)} outdated, {len(found.orphaned)} orphaned."
        )
        self._list("missing", found.missing)
        self._list("outdated", found.outdated)
        self._list("orphaned", found.orphaned)
        return found.are_none

    def _list(self, word: str, ids: Sequence[UUID]) -> None:
        for id in ids[:_MOST_SHOWN]:
            self.stdout.write(f"  {word} {id}")
        if len(ids) > _MOST_SHOWN:
            self.stdout.write(f"  and {len(ids) - _MOST_SHOWN} more")


def _bar(name: str, total: int) -> "tqdm[Any]":
    """With the rate and the time that is left."""
    return tqdm(total=total, desc=name, unit=" texts", dynamic_ncols=True)
