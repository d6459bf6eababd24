"""`POST /search/threads`: the threads in which something was said (T-6.2 to T-6.4)."""

from typing import Annotated, ClassVar
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from pydantic import Field, StringConstraints
from rest_framework.request import Request

from accounts.callers import Caller
from api.openapi import refusals
from api.parsing import Body, body_of
from api.problems import ProblemTable, plain
from api.responses import Answer, json_response
from api.threads.problems import PROBLEMS
from api.threads.rows import SURFACE, OwnRows
from api.threads.serializers import MOST_PER_PAGE, PaginationJson, ThreadJson, thread_json
from api.viewsets import django_request
from search.errors import InvalidPattern, SearchDisabled, require_search
from search.results import FoundConversation, Match
from search.scope import Filters, Scope
from search.services import search_conversations

MOST_MATCHES = 3
# More than any model reads: what is longer would only take its time.
LONGEST_PHRASE = 10_000


class InvalidPhrase(Exception):
    def __init__(self) -> None:
        super().__init__("Phrase must not be blank")


class SearchForm(Body):
    phrase: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_PHRASE)]
    model_id: str | None = None
    limit: Annotated[int, Field(ge=1)] = 20

    @property
    def most(self) -> int:
        return min(self.limit, MOST_PER_PAGE)


class MatchJson(Answer):
    """`message_id` is null for the thread's title or summary."""

    message_id: UUID | None
    snippet: str
    snippet_html: str
    why: list[str]
    similarity: float | None


class FoundThreadJson(Answer):
    thread: ThreadJson
    similarity: float | None
    matches: list[MatchJson]


class FoundThreadsJson(Answer):
    items: list[FoundThreadJson]
    pagination: PaginationJson
    best_similarity: float | None
    similarity_threshold: float | None
    best_distance: float | None
    distance_threshold: float | None
    min_similarity: float | None


class ThreadSearchViewSet(OwnRows):
    problems: ClassVar[ProblemTable] = {
        **PROBLEMS,
        InvalidPhrase: plain(400, "invalid_phrase"),
        InvalidPattern: plain(400, "invalid_regex"),
        SearchDisabled: plain(503, "search_disabled"),
    }

    @extend_schema(
        operation_id="search_threads",
        request=SearchForm,
        responses={200: FoundThreadsJson, **refusals(400, 401, 422, 503)},
    )
    def search(self, request: Request) -> HttpResponse:
        """Threads by what their messages, title or summary mean or say, best first."""
        require_search()
        form = body_of(django_request(request), SearchForm)
        if not form.phrase.strip():
            raise InvalidPhrase
        scope = Scope(self.caller, Filters(surface=SURFACE, thread_model=form.model_id or ""))
        found = search_conversations(scope, form.phrase, limit=form.most)
        return json_response(_found_threads(self.caller, found, limit=form.most))


def _found_threads(
    caller: Caller, found: list[FoundConversation], *, limit: int
) -> FoundThreadsJson:
    similarities = [row.similarity for row in found if row.similarity is not None]
    best = max(similarities, default=None)
    least = settings.CHAT_SEARCH_MIN_SIMILARITY
    return FoundThreadsJson(
        items=[_found_thread(caller, row) for row in found],
        pagination=PaginationJson(total=len(found), page=1, limit=limit, has_more=False),
        best_similarity=best,
        similarity_threshold=least,
        best_distance=None if best is None else 1 - best,
        distance_threshold=1 - least,
        min_similarity=least,
    )


def _found_thread(caller: Caller, found: FoundConversation) -> FoundThreadJson:
    return FoundThreadJson(
        thread=thread_json(caller, found.conversation),
        similarity=found.similarity,
        matches=[_match_json(match) for match in found.matches[:MOST_MATCHES]],
    )


def _match_json(match: Match) -> MatchJson:
    return MatchJson(
        message_id=match.message.id if match.message else None,
        snippet=match.snippet.text,
        snippet_html=match.snippet.html,
        why=[why.value for why in match.why],
        similarity=match.similarity,
    )
