"""The JSON of what was found; never the whole of a text."""

import datetime as dt
from uuid import UUID

from api.responses import Answer
from conversations.models import Conversation, Message
from search.results import Match, Mode, Results


class FoundConversationJson(Answer):
    id: UUID
    title: str | None
    surface: str
    product: str
    agent: str
    updated_at: dt.datetime


class FoundMessageJson(Answer):
    id: UUID
    role: str
    model: str | None
    status: str
    created_at: dt.datetime


class FoundJson(Answer):
    """`message` is null for a title or a summary. `highlights` are places in `snippet`, in code
    points: where one begins, and where it is over.

    `more` counts the conversation's further matches, where they are grouped; `score` and what it
    is made of are there when `scores` is true.
    """

    conversation: FoundConversationJson
    message: FoundMessageJson | None
    snippet: str
    snippet_html: str
    highlights: list[list[int]]
    why: list[str]
    similarity: float | None
    more: int | None = None
    score: float | None = None
    scores: dict[str, float] | None = None


class FoundPageJson(Answer):
    """`degraded` says why a way of looking was left out; `complete` is false where the time was
    up before all was looked at.
    """

    items: list[FoundJson]
    next: str | None
    mode: Mode
    degraded: str | None
    complete: bool


def found_page(results: Results, mode: Mode, *, grouped: bool, scored: bool) -> FoundPageJson:
    return FoundPageJson(
        items=[_found(match, grouped=grouped, scored=scored) for match in results.matches],
        next=results.next,
        mode=mode,
        degraded=results.degraded,
        complete=results.is_complete,
    )


def _found(match: Match, *, grouped: bool, scored: bool) -> FoundJson:
    found = FoundJson(
        conversation=_conversation(match.conversation),
        message=_message(match.message) if match.message else None,
        snippet=match.snippet.text,
        snippet_html=match.snippet.html,
        highlights=[list(place) for place in match.snippet.highlights],
        why=[why.value for why in match.why],
        similarity=match.similarity,
    )
    if grouped:
        found.more = match.more
    if scored:
        found.score, found.scores = match.score, dict(match.parts)
    return found


def _conversation(row: Conversation) -> FoundConversationJson:
    return FoundConversationJson(
        id=row.id,
        title=row.title,
        surface=row.surface,
        product=row.product,
        agent=row.agent,
        updated_at=row.updated_at,
    )


def _message(row: Message) -> FoundMessageJson:
    return FoundMessageJson(
        id=row.id, role=row.role, model=row.model, status=row.status, created_at=row.created_at
    )
