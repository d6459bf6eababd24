"""Searching by meaning: the nearest passages, as far as the caller may see them."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from search.meaning import to_search
from search.scope import Scope
from search.vectors.base import Hit, Where

# What the index cannot look at, such as a surface or a user's lists, is left out afterwards.
_SPARE = 5


@dataclass(frozen=True, slots=True)
class SemanticHit:
    """A message or a heading, with the place of its best passage and its cosine similarity."""

    source_id: UUID
    conversation_id: UUID
    start: int
    end: int
    similarity: float


def find(scope: Scope, phrase: str, *, limit: int) -> list[SemanticHit]:
    """Best first, none below the least similarity. Raises ModelUnavailable, StoreUnavailable."""
    meaning = to_search()
    if meaning is None:
        return []
    filters = scope.filters
    found = meaning.store.find(
        scope.workspace,
        meaning.embedder.embed_query(phrase),
        limit=limit * _SPARE if _is_checked_afterwards(scope) else limit,
        where=_where(scope),
        after=filters.after.timestamp() if filters.after else None,
        before=filters.before.timestamp() if filters.before else None,
    )
    near = [hit for hit in found if hit.similarity >= settings.CHAT_SEARCH_MIN_SIMILARITY]
    return _visible(scope, near)[:limit]


def _where(scope: Scope) -> Where:
    filters = scope.filters
    wanted = {
        "conversation": str(filters.conversation_id or ""),
        "role": filters.role,
        "model": filters.model,
        "product": filters.product,
        "agent": filters.agent,
    }
    return {name: value for name, value in wanted.items() if value}


def _is_checked_afterwards(scope: Scope) -> bool:
    filters, caller = scope.filters, scope.caller
    lists = caller.allowed_products or caller.allowed_agents
    return bool(filters.surface or filters.provider or filters.thread_model or lists)


def _visible(scope: Scope, hits: Iterable[Hit]) -> list[SemanticHit]:
    """As the database has it now: an index may be behind."""
    hits = list(hits)
    ids = [hit.source_id for hit in hits]
    homes = dict(scope.messages().filter(id__in=ids).values_list("id", "conversation_id"))
    if not scope.filters.speak_of_messages:
        homes |= dict(scope.conversations().filter(id__in=ids).values_list("id", "id"))
    return [
        SemanticHit(hit.source_id, homes[hit.source_id], hit.start, hit.end, hit.similarity)
        for hit in hits
        if hit.source_id in homes
    ]
