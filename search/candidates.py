"""What ways of looking have found, before anything of it is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from search.ranking import fused, ranks
from search.regex import RegexHit
from search.results import Why
from search.semantic import SemanticHit
from search.words.finding import WordHit

# A text with only some of the words is found by chance more often than by intent.
_PARTIAL_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message or a heading; `span` is the place in its text that was found, if one was."""

    source_id: UUID
    conversation_id: UUID
    why: tuple[Why, ...]
    score: float
    similarity: float | None = None
    span: tuple[int, int] | None = None
    parts: Mapping[str, float] = field(default_factory=dict)


def by_meaning(hits: Sequence[SemanticHit]) -> list[Candidate]:
    return [
        Candidate(
            hit.source_id,
            hit.conversation_id,
            (Why.MEANING,),
            hit.similarity,
            similarity=hit.similarity,
            span=(hit.start, hit.end),
            parts={"similarity": hit.similarity},
        )
        for hit in hits
    ]


def by_words(hits: Sequence[WordHit]) -> list[Candidate]:
    return [
        Candidate(
            hit.source_id,
            hit.conversation_id,
            (Why.WORDS,),
            hit.score,
            parts={"bm25": hit.score},
        )
        for hit in hits
    ]


def by_pattern(hits: Sequence[RegexHit]) -> list[Candidate]:
    return [
        Candidate(
            hit.message_id or hit.conversation_id,
            hit.conversation_id,
            (Why.REGEX,),
            1.0,
            span=(hit.start, hit.end),
        )
        for hit in hits
    ]


def merged(meaning: Sequence[SemanticHit], words: Sequence[WordHit]) -> list[Candidate]:
    """By reciprocal rank."""
    near = {candidate.source_id: candidate for candidate in by_meaning(meaning)}
    said = {candidate.source_id: candidate for candidate in by_words(words)}
    whole = ranks([hit.source_id for hit in words if not hit.is_partial])
    partly = {id: place for id, place in ranks(list(said)).items() if id not in whole}
    meant = ranks(list(near))
    scores = fused([(meant, 1.0), (whole, 1.0), (partly, _PARTIAL_WEIGHT)])
    places = {"meaning": meant, "words": whole | partly}
    return [_joined(near.get(id), said.get(id), score, _parts(id, places)) for id, score in scores]


def _joined(
    near: Candidate | None, said: Candidate | None, score: float, parts: dict[str, float]
) -> Candidate:
    found = [candidate for candidate in (near, said) if candidate is not None]
    for candidate in found:
        parts |= candidate.parts
    return Candidate(
        found[0].source_id,
        found[0].conversation_id,
        tuple(why for candidate in found for why in candidate.why),
        score,
        similarity=near.similarity if near else None,
        span=near.span if near else None,
        parts=parts,
    )


def _parts(id: UUID, places: Mapping[str, Mapping[UUID, int]]) -> dict[str, float]:
    return {name: float(ranked[id]) for name, ranked in places.items() if id in ranked}
