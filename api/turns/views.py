"""Looking at a turn, following it from anywhere, stopping it from anywhere."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from api.auth import asking_caller
from api.endpoints import endpoint
from api.openapi import documented, refusals
from api.parsing import query_of
from api.responses import json_response
from api.sse import cursor_in, last_event_id, sse_response
from api.turns.encoder import TurnEncoder
from api.turns.serializers import EventsQuery, TurnJson, turn_json
from api.viewsets import RowViewSet
from conversations import services
from conversations.access import turn_for
from conversations.errors import TurnNotFound
from conversations.turns.service import find_turn, query


class TurnViewSet(RowViewSet):
    @extend_schema(operation_id="get_turn", responses={200: TurnJson, **refusals(401, 403, 404)})
    def retrieve(self, request: Request, turn_id: str) -> HttpResponse:
        """The turn, its text so far, and who was asked."""
        return json_response(turn_json(turn_for(self.caller, _known_form(turn_id))))

    @extend_schema(
        operation_id="stop_turn",
        request=None,
        responses={200: TurnJson, 202: TurnJson, **refusals(401, 403, 404)},
    )
    def stop(self, request: Request, turn_id: str) -> HttpResponse:
        """End a running turn within a second; its text so far is kept."""
        turn = turn_for(self.caller, _known_form(turn_id))
        if turn.finished_at is not None:
            return json_response(turn_json(turn))
        services.request_stop(turn)
        return json_response(turn_json(turn), status=202)


@documented(
    operation_id="follow_turn",
    parameters=[
        OpenApiParameter("after", str, description="Cursor of the last event seen."),
        OpenApiParameter("Last-Event-ID", str, OpenApiParameter.HEADER),
    ],
    responses={(200, "text/event-stream"): OpenApiTypes.STR, **refusals(401, 403, 404)},
)
async def _events(request: HttpRequest, turn_id: str) -> HttpResponseBase:
    """The turn's events from the start or after a cursor, while it runs and afterwards."""
    caller = await asking_caller(request)
    seen = last_event_id(request) or query_of(request, EventsQuery).after
    row = await query(turn_for, caller, _known_form(turn_id))
    turn = await find_turn(row.id)
    cursor = cursor_in(seen)
    is_lost = bool(seen) and (cursor is None or cursor.turn_id != row.id)
    follower = turn.log.follow_afresh() if is_lost else turn.follow(cursor)
    return sse_response(turn, follower, TurnEncoder(turn.id.hex))


events = endpoint(GET=_events)


def _known_form(turn_id: str) -> UUID:
    """An id that is no UUID is an id that is not known: raises TurnNotFound."""
    try:
        return UUID(turn_id)
    except ValueError as error:
        raise TurnNotFound(turn_id) from error
