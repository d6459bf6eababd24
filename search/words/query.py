"""The query language: words, "phrases", prefix*, -minus; whatever is typed means something."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from search.folding import words

MOST_TERMS = 32
MOST_TOKENS = 64
# A prefix of one letter would stand for a large part of all words.
SHORTEST_PREFIX = 2


@dataclass(frozen=True, slots=True)
class Term:
    """Folded words that stand side by side; of a prefix, the last one goes on."""

    tokens: tuple[str, ...]
    is_prefix: bool = False
    is_excluded: bool = False
    is_quoted: bool = False

    @property
    def text(self) -> str:
        return " ".join(self.tokens)


@dataclass(frozen=True, slots=True)
class WordsQuery:
    terms: tuple[Term, ...]

    @property
    def wanted(self) -> tuple[Term, ...]:
        """Without any, nothing is found."""
        return tuple(term for term in self.terms if not term.is_excluded)

    @property
    def excluded(self) -> tuple[Term, ...]:
        return tuple(term for term in self.terms if term.is_excluded)


def parse(text: str) -> WordsQuery:
    """A quote without its other half is no quote, and a minus inside a word is no minus."""
    return WordsQuery(tuple(islice(dict.fromkeys(_terms(text)), MOST_TERMS)))


def _terms(text: str) -> Iterator[Term]:
    for item in _ITEM.finditer(text):
        minus, straight, angled, curly, bare = item.groups()
        quoted = straight or angled or curly or ""
        if tokens := words(quoted or bare or "")[:MOST_TOKENS]:
            yield Term(
                tuple(tokens),
                is_prefix=_is_prefix(bare or "", tokens[-1]),
                is_excluded=bool(minus),
                is_quoted=bool(quoted),
            )


def _is_prefix(bare: str, last: str) -> bool:
    return bare.endswith("*") and len(last) >= SHORTEST_PREFIX


_ITEM = re.compile(
    # People paste commands: `-k` and `--soft` take nothing away.
    r"""((?<!\S)-(?!-|[A-Za-z]\b))?
    (?: "([^"]*)" | «([^«»]*)» | [“„]([^“”„]*)[“”] | ([^\s"«»“”„]+) )""",
    re.VERBOSE,
)
