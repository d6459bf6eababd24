"""An answer on its way, as the page shows it."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation

from api.auth import asking_caller
from api.endpoints import endpoint
from api.pages.browsers import language_of
from api.pages.changing import turn_in
from api.pages.encoder import BlockEncoder
from api.pages.phrases import answer_words
from api.sse import cursor_in, last_event_id, sse_response
from conversations.access import turn_for
from conversations.turns.service import find_turn, query


async def _events(request: HttpRequest, turn_id: str) -> HttpResponseBase:
    """The answer as blocks of HTML, from the start or after what was seen."""
    caller = await asking_caller(request)
    row = await query(turn_for, caller, turn_in(turn_id))
    turn = await find_turn(row.id)
    cursor = cursor_in(last_event_id(request) or request.GET.get("after"))
    # Only a log that is exact counts its events as the one did that the cursor is from.
    is_known = cursor is not None and cursor.turn_id == turn.id and turn.log.exact
    seen = cursor.seq if cursor is not None and is_known else 0
    with translation.override(language_of(request)):
        words = answer_words()
    return sse_response(turn, turn.follow(), BlockEncoder(turn.id.hex, seen=seen, words=words))


events = endpoint(GET=_events)
