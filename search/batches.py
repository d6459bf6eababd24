"""Many things, some at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """All of them in their order; only the last batch may be shorter."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
