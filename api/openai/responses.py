"""`/v1/responses`: answers that can be followed, taken up again and continued by their ids."""

import datetime as dt
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter

from accounts.callers import Caller
from api.endpoints import endpoint
from api.openai.callers import calling
from api.openai.documents import OBJECT, OBJECT_OR_STREAM, refusals
from api.openai.problems import PROBLEMS, ResponseFailed
from api.openai.relay import streamed
from api.openai.responding import kept_turn, untraced
from api.openai.response_encoders import EndEncoder, StepEncoder, TurnEncoder, drained
from api.openai.response_events import ResponseEvents
from api.openai.response_forms import ResponseForm, StreamQuery, id_of, turn_id_in
from api.openai.response_rows import SURFACE, deleted_json, echo_of, kept_response
from api.openapi import documented
from api.parsing import body_of, query_of
from api.responses import json_response
from api.sse import sse_response
from conversations import kept
from conversations.errors import TurnNotFound
from conversations.turns.events import TurnFailed
from conversations.turns.service import Turn, find_turn, query


@documented(
    operation_id="create_response",
    request=ResponseForm,
    responses={**OBJECT_OR_STREAM, **refusals(400, 401, 403, 404, 422, 429, 502, 503)},
)
async def _create(request: HttpRequest) -> HttpResponseBase:
    """Answer, and keep the answer unless `store` is false."""
    caller = await calling(request)
    form = body_of(request, ResponseForm)
    if not form.is_stored:
        return await _untraced(request, caller, form)
    turn = await kept_turn(request, caller, form)
    if form.stream:
        return await _stream(caller, turn)
    if not form.background:
        end = (await turn.result()).end
        if isinstance(end, TurnFailed):
            raise ResponseFailed(end.message, turn.id)
    return await _shown(caller, turn.id)


@documented(
    operation_id="get_response",
    parameters=[
        OpenApiParameter("stream", str, description="`true` for the events."),
        OpenApiParameter("starting_after", str, description="Number of the last event seen."),
    ],
    responses={**OBJECT_OR_STREAM, **refusals(400, 401, 403, 404)},
)
async def _retrieve(request: HttpRequest, response_id: str) -> HttpResponseBase:
    """The response as it is; with `stream=true` its events, after the last one that was seen."""
    caller = await calling(request)
    form = query_of(request, StreamQuery)
    turn_id = _turn_id(response_id)
    if not form.wants_stream:
        return await _shown(caller, turn_id)
    await query(kept.kept_turn, caller, turn_id, surface=SURFACE)
    return await _stream(caller, await find_turn(turn_id), after=form.after)


@documented(operation_id="delete_response", responses={**OBJECT, **refusals(401, 403, 404)})
async def _delete(request: HttpRequest, response_id: str) -> HttpResponse:
    """Forget the response; what followed it stays."""
    caller = await calling(request)
    turn_id = _turn_id(response_id)
    await query(kept.forget_turn, caller, turn_id, surface=SURFACE)
    return json_response(deleted_json(turn_id))


responses = endpoint(POST=_create, problems=PROBLEMS)
response = endpoint(GET=_retrieve, DELETE=_delete, problems=PROBLEMS)


async def _untraced(request: HttpRequest, caller: Caller, form: ResponseForm) -> HttpResponseBase:
    steps = await untraced(request, caller, form)
    events = ResponseEvents(id_of(uuid4()), dt.datetime.now(dt.UTC), form.echo())
    if form.stream:
        return await streamed(steps, StepEncoder(events))
    return json_response(await drained(steps, events))


async def _stream(caller: Caller, turn: Turn, *, after: int = -1) -> HttpResponseBase:
    found = await query(kept.kept_turn, caller, turn.id, surface=SURFACE)
    events = ResponseEvents(
        id_of(turn.id), found.turn.created_at, echo_of(found.asked), model=found.turn.model
    )
    if after >= 0 and not turn.log.exact:
        return sse_response(turn, turn.follow(), EndEncoder(events, after=after))
    return sse_response(turn, turn.follow(), TurnEncoder(events, after=after))


async def _shown(caller: Caller, turn_id: UUID) -> HttpResponse:
    found = await query(kept.kept_turn, caller, turn_id, surface=SURFACE)
    answer = json_response(kept_response(found))
    answer["X-Turn-ID"] = str(turn_id)
    return answer


def _turn_id(name: str) -> UUID:
    """An id that is not in our form is an id that is not known: raises TurnNotFound."""
    if (turn_id := turn_id_in(name)) is None:
        raise TurnNotFound(name)
    return turn_id
