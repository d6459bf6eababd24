"""What the blocks of one answer know of each other: link definitions and footnotes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api.rendering.words import ENGLISH, Words


class References(dict[str, dict[str, Any]]):
    """The link definitions of one block before those known already; remembers vain questions."""

    def __init__(self, known: Mapping[str, dict[str, Any]]) -> None:
        super().__init__()
        self.known = known
        self.missed: set[str] = set()

    def __contains__(self, label: object) -> bool:
        return super().__contains__(label) or label in self.known

    def get(self, label: str, default: Any = None) -> Any:
        """The first definition of the label in the order of the text."""
        found = self.known.get(label) or super().get(label)
        if found is None:
            self.missed.add(label)
            return default
        return found


@dataclass(slots=True)
class Context:
    """Shared by all blocks: `numbers` is empty until the text has ended."""

    namespace: str = ""
    words: Words = ENGLISH
    references: dict[str, dict[str, Any]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    referred: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A block as HTML, what it defines, and the labels it asked for in vain."""

    html: str
    definitions: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    missed: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
