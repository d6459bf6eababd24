"""What a query finds of what its caller may see, the best first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from search.models import WordDocument
from search.scope import Scope
from search.words.backends import matching, similar
from search.words.query import Term, WordsQuery
from search.words.scoring import Newest, average_length, occurrences, score, spaced, weights_of

# How many of the newest are weighed; older ones only where the filters leave too few of these.
STRICT_STEPS = (250, 600, 900)
PER_TERM = 100
# A conversation's documents could be missed among all those of its owner.
IN_ONE_CONVERSATION = 2_000
CORRECTIONS = 5
CORRECTION_WEIGHT = 0.5
SHORTEST_CORRECTED = 4


@dataclass(frozen=True, slots=True)
class WordHit:
    """A message, or a conversation's title and summary: then `message_id` is None.

    A partial one has only some of the words, or one that is spelt much like a word.
    """

    source_id: UUID
    conversation_id: UUID
    message_id: UUID | None
    score: float
    is_partial: bool


@dataclass(frozen=True, slots=True)
class _Candidate:
    id: int
    source_id: UUID
    conversation_id: UUID
    message_id: UUID | None
    text: str


_Candidates = dict[int, _Candidate]


def find(scope: Scope, query: WordsQuery, *, limit: int) -> list[WordHit]:
    """Those with all the words come first; one hit for a source, of equal ones the newest."""
    if not query.wanted:
        return []
    candidates = _strict(scope, query, limit=limit)
    is_enough = len(_sources(candidates)) >= limit
    if is_enough and len(query.wanted) == 1:
        # With nothing to weigh it against.
        return _ranked(candidates.values(), query, {query.wanted[0]: 1.0})[:limit]
    newest = {term: _newest(scope, term, query) for term in query.wanted}
    weights = weights_of(newest)
    if not is_enough:
        instead = {term: _newest(scope, term, query) for term in _corrections(scope, newest)}
        weights |= {
            term: CORRECTION_WEIGHT * weight for term, weight in weights_of(instead).items()
        }
        ids = {id_ for found in (newest | instead).values() for id_ in found.ids}
        candidates |= _read(scope, ids - candidates.keys())
    return _ranked(candidates.values(), query, weights)[:limit]


def _strict(scope: Scope, query: WordsQuery, *, limit: int) -> _Candidates:
    candidates: _Candidates = {}
    if scope.filters.conversation_id:
        candidates = _rows(scope.documents().order_by("-id")[:IN_ONE_CONVERSATION])
    below: int | None = None
    for step in STRICT_STEPS:
        ids = matching(scope.workspace, query.terms, below=below, limit=step)
        candidates |= _read(scope, ids)
        if len(ids) < step or len(_sources(candidates)) >= limit:
            break
        below = ids[-1]
    return candidates


def _newest(scope: Scope, term: Term, query: WordsQuery) -> Newest:
    ids = matching(scope.workspace, (term, *query.excluded), limit=PER_TERM)
    return Newest(ids, is_all=len(ids) < PER_TERM)


def _corrections(scope: Scope, newest: Mapping[Term, Newest]) -> list[Term]:
    """The caller's own words instead of those that the caller has nowhere."""
    missing = [term for term, found in newest.items() if not found.ids and _may_be_typo(term)]
    known = [w for term in missing for w in similar(scope.workspace, term.text, CORRECTIONS)]
    return [term for word in known if (term := Term((word,))) not in newest]


def _may_be_typo(term: Term) -> bool:
    return len(term.tokens) == 1 and len(term.text) >= SHORTEST_CORRECTED and not term.is_quoted


def _read(scope: Scope, ids: Collection[int]) -> _Candidates:
    return _rows(scope.documents().filter(id__in=ids)) if ids else {}


def _rows(documents: QuerySet[WordDocument]) -> _Candidates:
    fields = ("id", "source_id", "conversation_id", "message_id", "text")
    rows = documents.values_list(*fields)
    return {
        id_: _Candidate(id_, source_id, conversation_id, message_id, spaced(text))
        for id_, source_id, conversation_id, message_id, text in rows
    }


def _sources(candidates: _Candidates) -> set[UUID]:
    return {candidate.source_id for candidate in candidates.values()}


def _ranked(
    candidates: Iterable[_Candidate], query: WordsQuery, weights: Mapping[Term, float]
) -> list[WordHit]:
    fitting = [row for row in candidates if not _has_any(query.excluded, row.text)]
    average = average_length([row.text for row in fitting])
    judged = [
        (
            -row.id,
            WordHit(
                row.source_id,
                row.conversation_id,
                row.message_id,
                score(row.text, weights, average=average),
                is_partial=not all(occurrences(term, row.text) for term in query.wanted),
            ),
        )
        for row in fitting
    ]
    judged.sort(key=lambda pair: (pair[1].is_partial, -pair[1].score, pair[0]))
    best: dict[UUID, WordHit] = {}
    for _, hit in judged:
        if hit.score:
            best.setdefault(hit.source_id, hit)
    return list(best.values())


def _has_any(terms: Sequence[Term], text: str) -> bool:
    return any(occurrences(term, text) for term in terms)
