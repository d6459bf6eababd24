"""Searching, as clients ask for it: a page of messages, or the conversations they are in."""

import time
from collections.abc import Callable, Sequence
from uuid import UUID

from conversations.ids import new_id
from search import measures, regex
from search.candidates import Candidate, by_pattern
from search.looking import DEEPEST, in_turn, ranked
from search.paging import Place, search_id
from search.results import FoundConversation, Match, Mode, Results
from search.scope import Scope
from search.showing import shown

_MATCHES_OF_ONE = 3
_MOST_ROUNDS = 4
_HEADING_SECONDS, _MESSAGE_SECONDS = 0.2, 0.6


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
    groups: list[list[Candidate]] = []
    for _ in range(_MOST_ROUNDS):
        candidates = in_turn(scope, phrase).candidates
        groups += _by_conversation(candidates)
        if len(groups) >= limit or len(candidates) < DEEPEST:
            break
        # One that is full of it must not hide the others.
        scope = scope.without(group[0].conversation_id for group in groups)
    best = [(candidate, 0) for group in groups[:limit] for candidate in group[:_MATCHES_OF_ONE]]
    found: dict[UUID, list[Match]] = {}
    for match in shown(scope.without(()), best, phrase):
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
    hits: list[regex.RegexHit] = []
    if not place.is_past_headings and not scope.filters.speak_of_messages:
        wanted = place.offset + limit
        headings = regex.scan_headings(scope, pattern, limit=wanted, seconds=_HEADING_SECONDS)
        hits += headings.hits[place.offset :]
        if len(headings.hits) >= wanted:
            further = _moved(place, wanted)
            return Results(shown(scope, group(by_pattern(hits)), query), next=str(further))
        if not headings.is_complete:
            return Results(
                shown(scope, group(by_pattern(hits)), query),
                next=str(_moved(place, len(headings.hits))),
                is_complete=False,
            )
    most = limit - len(hits)
    scan = regex.scan(scope, pattern, below=place.below, limit=most, seconds=_MESSAGE_SECONDS)
    further = Place(place.search, place.until, below=scan.reached, is_past_headings=True)
    return Results(
        shown(scope, group(by_pattern([*hits, *scan.hits])), query),
        next=None if scan.is_complete else str(further),
        is_complete=scan.is_complete or len(scan.hits) >= most,
    )


def _moved(place: Place, offset: int) -> Place:
    return Place(place.search, place.until, offset, place.below)


def _each(candidates: Sequence[Candidate]) -> list[tuple[Candidate, int]]:
    return [(candidate, 0) for candidate in candidates]


def _grouped(candidates: Sequence[Candidate]) -> list[tuple[Candidate, int]]:
    """The best of each conversation, and how many more there are in it."""
    return [(group[0], len(group) - 1) for group in _by_conversation(candidates)]


def _by_conversation(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    """In the order of the best of each."""
    groups: dict[UUID, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(candidate.conversation_id, []).append(candidate)
    return list(groups.values())
