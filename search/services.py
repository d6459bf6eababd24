"""Searching, as clients ask for it: a page of messages, or the conversations they are in."""

import time
from collections.abc import Callable, Sequence

from conversations.ids import new_id
from search import measures, regex
from search.candidates import Candidate, by_pattern
from search.looking import in_turn, ranked
from search.paging import Place, search_id
from search.results import FoundConversation, Match, Mode, Results
from search.scope import Scope
from search.showing import shown

_MATCHES_OF_ONE = 3
_SECONDS = 0.8


def search_messages(
    scope: Scope,
    query: str,
    *,
    mode: Mode,
    limit: int,
    cursor: str | None = None,
    grouped: bool = False,
) -> Results:
    """One page, the best first; regular expressions find the newest first, however many.

    Raises InvalidPattern, InvalidCursor.
    """
    began = time.monotonic()
    search = search_id(scope, query, mode, grouped=grouped)
    place = Place.parse(cursor, search) if cursor else Place(search, until=new_id())
    group = _grouped if grouped else _each
    if mode == Mode.REGEX:
        results = _page_of_scan(scope, query, place, limit, group)
    else:
        results = _page_of_ranking(scope, query, mode, place, limit, group)
    measures.searched(mode.value, time.monotonic() - began)
    return results


def search_conversations(scope: Scope, phrase: str, *, limit: int) -> list[FoundConversation]:
    """Those with the best matches first. Raises InvalidPattern."""
    began = time.monotonic()
    by_conversation: dict[object, list[Candidate]] = {}
    for candidate in in_turn(scope, phrase).candidates:
        by_conversation.setdefault(candidate.conversation_id, []).append(candidate)
    groups = list(by_conversation.values())[:limit]
    best = [(candidate, 0) for group in groups for candidate in group[:_MATCHES_OF_ONE]]
    found: dict[object, list[Match]] = {}
    for match in shown(scope, best, phrase):
        found.setdefault(match.conversation.id, []).append(match)
    measures.searched("threads", time.monotonic() - began)
    return [
        FoundConversation(matches[0].conversation, matches[0].similarity, matches)
        for matches in found.values()
    ]


_Group = Callable[[Sequence[Candidate]], list[tuple[Candidate, int]]]


def _page_of_ranking(
    scope: Scope, query: str, mode: Mode, place: Place, limit: int, group: _Group
) -> Results:
    ranking = ranked(scope, query, mode)
    # What came since the first page would shift the others.
    now = new_id()
    known = [f for f in ranking.candidates if not place.until < f.source_id <= now]
    groups = group(known)
    end = place.offset + limit
    return Results(
        shown(scope, groups[place.offset : end], query),
        next=str(_moved(place, end)) if len(groups) > end else None,
        degraded=ranking.degraded,
        is_complete=ranking.is_complete,
    )


def _page_of_scan(scope: Scope, query: str, place: Place, limit: int, group: _Group) -> Results:
    """Headings come first; then messages, in steps that may each be cut short by the clock."""
    pattern = regex.compiled(query)
    headings: Sequence[regex.RegexHit] = ()
    if place.below is None and not scope.filters.speak_of_messages:
        most = place.offset + limit
        headings = regex.scan_headings(scope, pattern, limit=most, seconds=0.2).hits
        if len(headings) >= most:
            page = group(by_pattern(headings[place.offset :]))
            return Results(shown(scope, page, query), next=str(_moved(place, most)))
    own = headings[place.offset :]
    scan = regex.scan(
        scope, pattern, below=place.below, limit=limit - len(own), seconds=_SECONDS - 0.2
    )
    page = group(by_pattern([*own, *scan.hits]))
    further = Place(place.search, place.until, below=scan.reached)
    return Results(
        shown(scope, page, query),
        next=None if scan.is_complete else str(further),
        is_complete=scan.is_complete or len(own) + len(scan.hits) >= limit,
    )


def _moved(place: Place, offset: int) -> Place:
    return Place(place.search, place.until, offset, place.below)


def _each(candidates: Sequence[Candidate]) -> list[tuple[Candidate, int]]:
    return [(candidate, 0) for candidate in candidates]


def _grouped(candidates: Sequence[Candidate]) -> list[tuple[Candidate, int]]:
    """The best of each conversation, and how many more there are in it."""
    counts: dict[object, int] = {}
    best: dict[object, Candidate] = {}
    for candidate in candidates:
        best.setdefault(candidate.conversation_id, candidate)
        counts[candidate.conversation_id] = counts.get(candidate.conversation_id, -1) + 1
    return [(candidate, counts[id]) for id, candidate in best.items()]
