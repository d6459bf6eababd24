"""Sessions: rows through a viewset, messages through an async view."""

from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request

from api.auth import asking_caller
from api.endpoints import endpoint
from api.fallbacks import asked_fallbacks
from api.idempotency import idempotency_of
from api.openapi import documented, refusals
from api.parsing import body_of, path_uuid
from api.problems import ProblemTable
from api.responses import json_response, no_content
from api.sessions.problems import PROBLEMS, MemoryLimitTooHigh
from api.sessions.replies import asks_for, reply_to
from api.sessions.serializers import (
    MessageForm,
    ReplyJson,
    SessionForm,
    SessionJson,
    SessionWithHistoryJson,
    session_json,
    session_with_history_json,
)
from api.viewsets import RowViewSet, django_request
from conversations import services
from conversations.access import conversation_for
from conversations.turns.request import Linear, Question, TurnRequest
from conversations.turns.service import query, start_turn
from providers.registry import registry

SURFACE = "sessions"


class SessionViewSet(RowViewSet):
    problems: ClassVar[ProblemTable] = PROBLEMS

    @extend_schema(
        operation_id="create_session",
        request=SessionForm,
        responses={201: SessionJson, **refusals(400, 401, 422, 503)},
    )
    def create(self, request: Request) -> HttpResponse:
        """Begin a session."""
        form = body_of(django_request(request), SessionForm)
        limit = checked_memory_limit(form.memory_limit) or settings.MEMORY_DEFAULT
        session = services.begin_conversation(
            self.caller,
            surface=SURFACE,
            provider=_checked_provider(form.provider),
            fallback_provider=_plain(form.fallback_provider),
            memory_limit=limit,
            metadata=form.metadata,
        )
        return json_response(session_json(session), status=201)

    @extend_schema(
        operation_id="get_session",
        responses={200: SessionWithHistoryJson, **refusals(401, 404, 422)},
    )
    def retrieve(self, request: Request, session_id: str) -> HttpResponse:
        """The session with its visible history."""
        session = conversation_for(self.caller, _id_in(session_id), surface=SURFACE)
        return json_response(session_with_history_json(session, services.history_of(session.id)))

    @extend_schema(
        operation_id="delete_session",
        responses={204: OpenApiResponse(description="Gone"), **refusals(401, 404, 422)},
    )
    def destroy(self, request: Request, session_id: str) -> HttpResponse:
        """Remove the session and its messages."""
        services.delete_conversation(self.caller, _id_in(session_id), surface=SURFACE)
        return no_content()


@documented(
    operation_id="send_session_message",
    request=MessageForm,
    responses={200: ReplyJson, **refusals(400, 401, 404, 422, 502, 503)},
)
async def _send(request: HttpRequest, session_id: str) -> HttpResponse:
    """Ask, and answer when the whole reply is there and stored."""
    caller = await asking_caller(request)
    conversation_id = _id_in(session_id)
    form = body_of(request, MessageForm)
    idempotency = idempotency_of(request)
    session = await query(conversation_for, caller, conversation_id, surface=SURFACE)
    memory_limit = checked_memory_limit(form.memory_limit) or session.memory_limit
    turn_request = TurnRequest(
        caller=caller,
        history=Linear(SURFACE, conversation_id),
        asks=(*await asks_for(form, session), *asked_fallbacks(request)),
        question=Question(form.content, role=form.role),
        options=form.options or {},
        system_prompt=settings.INITIAL_SYSTEM_PROMPT,
        memory_limit=memory_limit,
        answer_limit=settings.PROVIDER_TIMEOUT_SECONDS,
        idempotency=idempotency,
    )
    turn = await start_turn(turn_request)
    reply = await reply_to(conversation_id, turn_request.asks, await turn.result())
    response = json_response(reply)
    response["X-Turn-ID"] = str(turn.id)
    return response


send_message = endpoint(POST=_send, problems=PROBLEMS)


def checked_memory_limit(requested: int | None) -> int | None:
    """Raises MemoryLimitTooHigh."""
    if requested is not None and requested > settings.MEMORY_MAX:
        raise MemoryLimitTooHigh(requested)
    return requested


def _checked_provider(name: str | None) -> str:
    """The provider named, or an empty text; raises ProviderError (S-1.4, S-1.5)."""
    if name is None:
        registry().require_default()
        return ""
    registry().get(name)
    return _plain(name)


def _plain(name: str | None) -> str:
    """As given, trimmed and in lower case."""
    return (name or "").strip().lower()


def _id_in(session_id: str) -> UUID:
    return path_uuid("session_id", session_id)
