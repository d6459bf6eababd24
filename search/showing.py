"""Candidates become matches: their rows, read through the caller's scope, and a snippet each."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models.functions import Substr

from conversations.models import Conversation, Message
from search.candidates import Candidate
from search.results import Match, Why
from search.scope import Scope
from search.snippets import Snippet, snippet, words_snippet
from search.sources import heading_of
from search.words.query import WordsQuery, parse

# Of a message: what lies further down is not read for a snippet.
LONGEST_SHOWN = 400_000


def shown(scope: Scope, found: Sequence[tuple[Candidate, int]], query: str) -> list[Match]:
    """In the same order, each with how many more there are; without what is gone meanwhile.

    The messages come without their content, which may be long.
    """
    ids = [candidate.source_id for candidate, _ in found]
    rows = scope.messages_among(ids).defer("content")
    rows_shown = list(rows.annotate(shown=Substr("content", 1, LONGEST_SHOWN)))
    wanted = {candidate.conversation_id for candidate, _ in found}
    homes = {row.id: row for row in scope.conversations().filter(id__in=wanted)}
    messages: dict[UUID, Message] = {row.id: row for row in rows_shown}
    texts = {row.id: heading_of(row) for row in homes.values()}
    texts |= {row.id: row.shown for row in rows_shown}
    words = parse(query)
    return [
        _match(
            candidate,
            homes[candidate.conversation_id],
            messages.get(candidate.source_id),
            _snippet(texts[candidate.source_id], candidate, words),
            more,
        )
        for candidate, more in found
        if candidate.conversation_id in homes and candidate.source_id in texts
    ]


def _match(
    candidate: Candidate,
    conversation: Conversation,
    message: Message | None,
    snippet: Snippet,
    more: int,
) -> Match:
    return Match(
        conversation=conversation,
        message=message,
        snippet=snippet,
        why=candidate.why,
        score=candidate.score,
        similarity=candidate.similarity,
        parts=candidate.parts,
        more=more,
    )


def _snippet(text: str, candidate: Candidate, words: WordsQuery) -> Snippet:
    span = candidate.span
    if span is None or span[1] > len(text):
        # It was changed since it was indexed, or the match is too far down.
        return words_snippet(text, words)
    if Why.REGEX in candidate.why:
        return snippet(text, [span])
    return words_snippet(text, words, within=span)
