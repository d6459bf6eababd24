"""The answer to a conversation as an event stream, and the list of models."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from accounts.callers import Caller
from api.asking import routed
from api.auth import asking_caller
from api.conversations.encoder import ConversationEncoder
from api.conversations.problems import PROBLEMS
from api.conversations.rows import SURFACE, known_form
from api.conversations.serializers import ModelListJson, StreamQuery, model_json
from api.endpoints import endpoint
from api.fallbacks import asked_fallbacks
from api.idempotency import idempotency_of
from api.openapi import documented, refusals
from api.parsing import query_of
from api.responses import json_response
from api.sse import cursor_in, last_event_id, sse_response
from conversations import services
from conversations.access import turn_for
from conversations.errors import TurnNotFound
from conversations.turns.log import Cursor
from conversations.turns.request import Linear, TurnRequest
from conversations.turns.service import find_turn, query, start_turn
from providers.catalogue import catalogue
from providers.registry import registry


@documented(
    operation_id="stream_conversation",
    parameters=[
        OpenApiParameter("model", str, description="Model of this reply."),
        OpenApiParameter("Last-Event-ID", str, OpenApiParameter.HEADER),
    ],
    responses={(200, "text/event-stream"): OpenApiTypes.STR, **refusals(400, 401, 404, 500)},
)
async def _stream(request: HttpRequest, conversation_id: str) -> HttpResponseBase:
    """Answer the conversation; with `Last-Event-ID`, go on with the answer it names."""
    caller = await asking_caller(request)
    form = query_of(request, StreamQuery)
    row_id = known_form(conversation_id)
    if (cursor := cursor_in(last_event_id(request))) is not None:
        return await _resume(caller, row_id, cursor)
    found = await query(services.conversation_to_answer, caller, row_id, surface=SURFACE)
    asked_for = form.model or found.question_model or found.conversation.model
    turn = await start_turn(
        TurnRequest(
            caller=caller,
            history=Linear(SURFACE, row_id),
            asks=(await routed(asked_for), *asked_fallbacks(request)),
            question=None,
            silence_limit=settings.PROVIDER_TIMEOUT_SECONDS,
            idempotency=idempotency_of(request),
            answer_model=asked_for,
        )
    )
    return sse_response(turn, turn.follow(), ConversationEncoder(turn.id.hex))


async def _resume(caller: Caller, conversation_id: UUID, cursor: Cursor) -> HttpResponseBase:
    """Go on after the cursor; never ask again. Raises ConversationError."""
    row = await query(turn_for, caller, cursor.turn_id)
    if row.conversation_id != conversation_id:
        raise TurnNotFound(cursor.turn_id)
    turn = await find_turn(row.id)
    return sse_response(turn, turn.follow(cursor), ConversationEncoder(turn.id.hex))


@documented(
    operation_id="list_models",
    responses={200: ModelListJson, **refusals(401, 500, 502)},
)
async def _models(request: HttpRequest) -> HttpResponse:
    """The default provider's models."""
    await asking_caller(request)
    listing = await catalogue().models(registry().require_default())
    models = [model_json(model) for model in listing.models]
    return json_response(ModelListJson(models=models, cached=listing.cached))


stream = endpoint(GET=_stream, problems=PROBLEMS)
models = endpoint(GET=_models, HEAD=_models, problems=PROBLEMS)
