"""Candidates become matches: their rows, read through the caller's scope, and a snippet each."""

from collections.abc import Sequence

from conversations.models import Conversation, Message
from search.candidates import Candidate
from search.results import Match, Why
from search.scope import Scope
from search.snippets import Snippet, snippet, words_snippet
from search.sources import heading_of
from search.words.query import WordsQuery, parse


def shown(scope: Scope, found: Sequence[tuple[Candidate, int]], query: str) -> list[Match]:
    """In the same order, each with how many more there are; without what is gone meanwhile."""
    ids = [candidate.source_id for candidate, _ in found]
    messages = {row.id: row for row in scope.messages_among(ids)}
    wanted = {candidate.conversation_id for candidate, _ in found}
    homes = {row.id: row for row in scope.conversations().filter(id__in=wanted)}
    words = parse(query)
    return [
        _match(candidate, homes[candidate.conversation_id], message, more, words)
        for candidate, more in found
        if candidate.conversation_id in homes
        and ((message := messages.get(candidate.source_id)) or _is_heading(candidate))
    ]


def _is_heading(candidate: Candidate) -> bool:
    return candidate.source_id == candidate.conversation_id


def _match(
    candidate: Candidate,
    conversation: Conversation,
    message: Message | None,
    more: int,
    words: WordsQuery,
) -> Match:
    text = message.content if message is not None else heading_of(conversation)
    return Match(
        conversation=conversation,
        message=message,
        snippet=_snippet(text, candidate, words),
        why=candidate.why,
        score=candidate.score,
        similarity=candidate.similarity,
        parts=candidate.parts,
        more=more,
    )


def _snippet(text: str, candidate: Candidate, words: WordsQuery) -> Snippet:
    span = candidate.span
    if span is None or span[1] > len(text):
        # It was changed since it was indexed.
        return words_snippet(text, words)
    if Why.REGEX in candidate.why:
        return snippet(text, [span])
    return words_snippet(text, words, within=span)
