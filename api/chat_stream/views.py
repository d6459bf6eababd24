"""`POST /api/chat/stream`: one question, one stream, chained by response ids."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes

from accounts.callers import Caller
from api.asking import routed
from api.auth import asking_caller
from api.chat_stream.encoder import ChatStreamEncoder
from api.chat_stream.serializers import ChatForm, turn_id_in
from api.endpoints import endpoint
from api.fallbacks import asked_fallbacks
from api.idempotency import idempotency_of
from api.openapi import documented, refusals
from api.parsing import body_of
from api.sse import sse_response
from conversations.access import answered_turn_for
from conversations.errors import AnswerNotFound
from conversations.turns.events import TurnFailed
from conversations.turns.request import Branch, Question, TurnRequest
from conversations.turns.service import Turn, query, start_turn
from providers.errors import PreviousAnswerUnknown
from providers.registry import registry

SURFACE = "chat-stream"
# A refusal comes at once; a stream must not stay silent for long because there might be one.
REFUSAL_SECONDS = 5.0


@documented(
    operation_id="stream_chat",
    request=ChatForm,
    responses={(200, "text/event-stream"): OpenApiTypes.STR, **refusals(401, 404, 422, 503)},
)
async def _stream(request: HttpRequest) -> HttpResponseBase:
    """Ask, and stream the answer as server-sent events."""
    caller = await asking_caller(request)
    form = body_of(request, ChatForm)
    idempotency = idempotency_of(request)
    previous_id = form.previous_response_id or None
    after = await _turn_after(caller, previous_id) if previous_id else None
    ask = await routed(None)
    turn_request = TurnRequest(
        caller=caller,
        history=Branch(SURFACE, after),
        asks=(ask, *asked_fallbacks(request)),
        question=Question(form.message),
        silence_limit=settings.PROVIDER_TIMEOUT_SECONDS,
        idempotency=idempotency,
    )
    turn = await start_turn(turn_request)
    if previous_id and registry().get(ask.provider).capabilities.chains:
        await _refuse_unknown(turn, previous_id)
    return sse_response(turn, turn.follow(), ChatStreamEncoder(turn.id))


chat_stream = endpoint(POST=_stream)


async def _turn_after(caller: Caller, previous_id: str) -> UUID:
    """Raises AnswerNotFound."""
    own_id = turn_id_in(previous_id)
    turn = await query(answered_turn_for, caller, own_id, chain_id=previous_id, surface=SURFACE)
    return turn.id


async def _refuse_unknown(turn: Turn, previous_id: str) -> None:
    """A provider that has forgotten the previous answer is a 404 as well (B-2.7)."""
    end = await turn.begun(patience=REFUSAL_SECONDS)
    if isinstance(end, TurnFailed) and end.fault == PreviousAnswerUnknown.kind:
        raise AnswerNotFound(previous_id)
