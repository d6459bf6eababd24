"""The ways of looking, and which of them answers which mode."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import assert_never

from search import regex, semantic
from search.candidates import Candidate, by_meaning, by_pattern, by_words, merged
from search.errors import InvalidPattern, ModelUnavailable, StoreUnavailable, TextRefused
from search.results import Mode
from search.scope import Scope
from search.semantic import SemanticHit
from search.words import finding
from search.words.finding import WordHit
from search.words.query import parse

# What is ranked: further down a person searches again, with other words.
DEEPEST = 100
# What makes an expression of a phrase. A sentence may end in a dot or a question mark.
_SIGNS = frozenset("\\^$.|?*+()[]{}")


@dataclass(frozen=True, slots=True)
class Ranking:
    """The best first; see `Results` for what the other two say."""

    candidates: list[Candidate] = field(default_factory=list)
    degraded: str | None = None
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class _Meant:
    hits: Sequence[SemanticHit] = ()
    degraded: str | None = None


def ranked(scope: Scope, query: str, mode: Mode) -> Ranking:
    """Raises InvalidPattern, in the mode that is for patterns."""
    match mode:
        case Mode.AUTO:
            return _by_all(scope, query)
        case Mode.SEMANTIC:
            meant = _meant(scope, query)
            return Ranking(by_meaning(meant.hits), meant.degraded)
        case Mode.WORDS:
            return Ranking(by_words(_said(scope, query)))
        case Mode.REGEX:
            return by_regex(scope, query)
        case _:
            assert_never(mode)


def in_turn(scope: Scope, phrase: str) -> Ranking:
    """By meaning; where that finds nothing by the words, and then as a regular expression.

    A phrase that can only be meant as an expression is nothing else. Raises InvalidPattern for
    such a one alone.
    """
    meant = _meant(scope, phrase)
    if meant.hits:
        return Ranking(by_meaning(meant.hits), meant.degraded)
    if is_expression(phrase):
        return by_regex(scope, phrase)
    said = by_words([hit for hit in _said(scope, phrase) if not hit.is_partial])
    known = {candidate.source_id for candidate in said}
    scanned = _by_regex_if_it_is_one(scope, phrase)
    said += [found for found in scanned.candidates if found.source_id not in known]
    return Ranking(said, meant.degraded, scanned.is_complete)


def by_regex(scope: Scope, pattern: str, *, limit: int = DEEPEST) -> Ranking:
    """Headings first, and all of it the newest first. Raises InvalidPattern."""
    compiled = regex.compiled(pattern)
    hits: list[regex.RegexHit] = []
    is_complete = True
    if not scope.filters.speak_of_messages:
        headings = regex.scan_headings(scope, compiled, limit=limit, seconds=0.2)
        hits += headings.hits
        is_complete = headings.is_complete
    scan = regex.scan(scope, compiled, limit=limit, seconds=0.6)
    return Ranking(by_pattern([*hits, *scan.hits]), is_complete=is_complete and scan.is_complete)


def is_expression(phrase: str) -> bool:
    """Whether it has signs that no sentence has, or nothing but signs."""
    return not _SIGNS.isdisjoint(phrase.strip().rstrip(".?!")) or not parse(phrase).terms


def _by_all(scope: Scope, query: str) -> Ranking:
    meant = _meant(scope, query)
    found = merged(meant.hits, _said(scope, query))
    if found:
        return Ranking(found, meant.degraded)
    scanned = _by_regex_if_it_is_one(scope, query)
    return Ranking(scanned.candidates, meant.degraded, scanned.is_complete)


def _by_regex_if_it_is_one(scope: Scope, phrase: str) -> Ranking:
    try:
        return by_regex(scope, phrase)
    except InvalidPattern:
        return Ranking()


def _meant(scope: Scope, query: str) -> _Meant:
    try:
        return _Meant(semantic.find(scope, query, limit=DEEPEST))
    except TextRefused:
        return _Meant(degraded="The embedding model does not take this query.")
    except (ModelUnavailable, StoreUnavailable) as error:
        return _Meant(degraded=f"{error.shown} Only words and expressions were looked for.")


def _said(scope: Scope, query: str) -> Sequence[WordHit]:
    return finding.find(scope, parse(query), limit=DEEPEST)
