"""What became of each item of a file."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Result = Literal["created", "updated", "unchanged", "refused"]
Format = Literal["parley", "chatgpt"]

# More than these nobody reads: beyond, only what needs attention is listed.
MOST_LISTED = 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """`line` counts from 1: of the file, or of the list in ChatGPT's. `id` is the file's."""

    line: int
    type: str
    id: str | None
    result: Result
    reason: str | None = None


@dataclass(slots=True)
class Report:
    """`is_complete` is false for a file that ends before its last line."""

    format: Format = "parley"
    is_complete: bool = False
    counts: dict[str, Counter[Result]] = field(default_factory=dict)
    total: int = 0
    _first: list[Outcome] = field(default_factory=list)
    _notable: list[Outcome] = field(default_factory=list)

    def add(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            self.total += 1
            self.counts.setdefault(outcome.type, Counter())[outcome.result] += 1
            if len(self._first) < MOST_LISTED:
                self._first.append(outcome)
            is_notable = outcome.reason is not None or outcome.result in ("updated", "refused")
            if is_notable and len(self._notable) < MOST_LISTED:
                self._notable.append(outcome)

    @property
    def items(self) -> list[Outcome]:
        """All of them; of more than `MOST_LISTED` only those that are updated or have a reason."""
        return self._first if self.total <= MOST_LISTED else self._notable

    @property
    def refused(self) -> int:
        return sum(count["refused"] for count in self.counts.values())
