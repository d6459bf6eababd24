"""Searching by meaning: the nearest passages, as far as the caller may see them."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from search.errors import ModelUnavailable, StoreElsewhere, StoreUnavailable
from search.meaning import Meaning, to_search
from search.scope import Scope
from search.vectors.base import Hit, Where

# What the index cannot look at, such as a surface or a user's lists, is left out afterwards.
_SPARE = 5
# How long nobody asks what has just failed.
_PAUSE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class SemanticHit:
    """A message or a heading, with the place of its best passage and its cosine similarity."""

    source_id: UUID
    conversation_id: UUID
    start: int
    end: int
    similarity: float


def find(scope: Scope, phrase: str, *, limit: int) -> list[SemanticHit]:
    """Best first, none below the least similarity. Raises ModelUnavailable, StoreUnavailable.

    After a failure these are raised at once for a while, so that no more searches wait for it.
    """
    _circuit.pass_through()
    with _circuit.opened_by(StoreUnavailable):
        meaning = to_search()
    if meaning is None:
        return []
    with _circuit.opened_by(ModelUnavailable, StoreUnavailable):
        found = _asked(meaning, scope, phrase, limit)
    _circuit.close()
    near = [hit for hit in found if hit.similarity >= settings.CHAT_SEARCH_MIN_SIMILARITY]
    return _visible(scope, near)[:limit]


def reset() -> None:
    """Forget the last failure."""
    _circuit.close()


class _Circuit:
    """Open after a failure: one caller in `_PAUSE_SECONDS` tries again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failure: ModelUnavailable | StoreUnavailable | None = None
        self._until = 0.0

    def pass_through(self) -> None:
        with self._lock:
            failure, now = self._failure, time.monotonic()
            if failure and now >= self._until:
                failure, self._until = None, now + _PAUSE_SECONDS
        if failure:
            # The old one would gather a traceback for each that raises it.
            raise type(failure)(*failure.args)

    @contextmanager
    def opened_by(self, *kinds: type[ModelUnavailable] | type[StoreUnavailable]) -> Iterator[None]:
        try:
            yield
        # Where the index is costs nothing to find out.
        except StoreElsewhere:
            raise
        except kinds as error:
            with self._lock:
                self._failure = type(error)(*error.args)
                self._until = time.monotonic() + _PAUSE_SECONDS
            raise

    def close(self) -> None:
        with self._lock:
            self._failure = None


_circuit = _Circuit()


def _asked(meaning: Meaning, scope: Scope, phrase: str, limit: int) -> list[Hit]:
    filters = scope.filters
    return meaning.store.find(
        scope.workspace,
        meaning.embedder.embed_query(phrase),
        limit=limit * _SPARE if _is_checked_afterwards(scope) else limit,
        where=_where(scope),
        after=filters.after.timestamp() if filters.after else None,
        before=filters.before.timestamp() if filters.before else None,
    )


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
    return bool(
        filters.excluded or filters.surface or filters.provider or filters.thread_model or lists
    )


def _visible(scope: Scope, hits: Iterable[Hit]) -> list[SemanticHit]:
    """As the database has it now: an index may be behind."""
    hits = list(hits)
    ids = [hit.source_id for hit in hits]
    homes = dict(scope.messages_among(ids).values_list("id", "conversation_id"))
    if not scope.filters.speak_of_messages:
        homes |= dict(scope.conversations().filter(id__in=ids).values_list("id", "id"))
    return [
        SemanticHit(hit.source_id, homes[hit.source_id], hit.start, hit.end, hit.similarity)
        for hit in hits
        if hit.source_id in homes
    ]
