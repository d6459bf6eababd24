"""A question from the page, asking again, and following the answer."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import translation

from accounts.callers import Caller
from accounts.errors import Forbidden
from api.asking import named, routed
from api.auth import asking_caller
from api.endpoints import endpoint
from api.idempotency import idempotency_of
from api.pages.browsers import known_form, language_of
from api.pages.changing import turn_in
from api.pages.encoder import BlockEncoder
from api.pages.forms import AgainForm, AskForm, BegunJson
from api.pages.shown import question_shown, turn_shown
from api.parsing import body_of
from api.problems import COMMON, ProblemTable, plain
from api.responses import json_response
from api.sse import cursor_in, last_event_id, sse_response
from conversations import shelf
from conversations.access import question_of, turn_for
from conversations.browsing import conversation_anywhere
from conversations.errors import NothingToAnswer
from conversations.models import Conversation
from conversations.replacing import make_room, undo_room
from conversations.turns.request import Ask, Heading, Linear, Question, TurnRequest
from conversations.turns.service import Turn, find_turn, query, start_turn

# Of the conversations that are begun here: the threads API and its exports have them as well.
SURFACE = "threads"
_TITLE_CHARACTERS = 60
PROBLEMS: ProblemTable = {**COMMON, NothingToAnswer: plain(409, "nothing_to_answer")}


async def _begin(request: HttpRequest) -> HttpResponse:
    """An empty conversation, which no list shows until something is said in it."""
    caller = await asking_caller(request)
    row = await query(
        shelf.begin_titled, caller, surface=SURFACE, title=None, summary=None, metadata={}
    )
    return json_response({"id": str(row.id)}, status=201)


async def _ask(request: HttpRequest, conversation_id: str) -> HttpResponse:
    """Begin an answer; a request that is made again finds the same one."""
    caller = await asking_caller(request)
    form = body_of(request, AskForm)
    row = await query(conversation_anywhere, caller, known_form(conversation_id))
    ask = await _chosen(form.provider, form.model, row)
    question = Question(
        content=form.text, model=ask.model or None, sender_id=str(caller.user_id or "")
    )
    turn = await _started(request, caller, row, ask, question)
    return await _begun(request, caller, turn)


async def _again(request: HttpRequest, conversation_id: str) -> HttpResponse:
    """Another answer to the last question, in the place of the one that is named."""
    caller = await asking_caller(request)
    form = body_of(request, AgainForm)
    answer_id = UUID(form.answer) if form.answer else None
    room = await query(make_room, caller, known_form(conversation_id), answer_id=answer_id)
    try:
        ask = await _chosen(form.provider, form.model, room.conversation)
        turn = await _started(request, caller, room.conversation, ask, None)
    except BaseException:
        await query(undo_room, room)
        raise
    return await _begun(request, caller, turn)


async def _events(request: HttpRequest, turn_id: str) -> HttpResponseBase:
    """The answer as blocks of HTML, from the start or after what was seen."""
    caller = await asking_caller(request)
    row = await query(turn_for, caller, turn_in(turn_id))
    turn = await find_turn(row.id)
    cursor = cursor_in(last_event_id(request) or request.GET.get("after"))
    # Only a log that is exact counts its events as the one did that the cursor is from.
    is_known = cursor is not None and cursor.turn_id == turn.id and turn.log.exact
    seen = cursor.seq if cursor is not None and is_known else 0
    return sse_response(turn, turn.follow(), BlockEncoder(turn.id.hex, seen=seen))


def _guarded(**handlers: Any) -> Any:
    """With Django's own check: without an account, too, no other site's page may ask here."""
    view = endpoint(problems=PROBLEMS, **handlers)
    view.csrf_exempt = False  # type: ignore[attr-defined]
    return view


begin = _guarded(POST=_begin)
ask = _guarded(POST=_ask)
again = _guarded(POST=_again)
events = endpoint(GET=_events)


async def _chosen(provider: str, model: str, row: Conversation) -> Ask:
    """Raises ProviderError."""
    if name := provider or (row.provider if not model else ""):
        return await named(name, model, source="page")
    return await routed(model or row.model)


async def _started(
    request: HttpRequest, caller: Caller, row: Conversation, ask: Ask, question: Question | None
) -> Turn:
    if not settings.CHAT_LLM_ENABLED:
        raise Forbidden("The operator has switched answers off (CHAT_LLM_ENABLED).")
    heading = _heading(question, ask) if question and row.surface == SURFACE else None
    turn_request = TurnRequest(
        caller=caller,
        history=Linear(row.surface, row.id, heading),
        asks=(ask,),
        question=question,
        options=await _options(caller, row, ask),
        silence_limit=settings.CHAT_LLM_IDLE_SECONDS,
        idempotency=idempotency_of(request),
        answer_model=ask.model,
        patient=True,
    )
    return await start_turn(turn_request)


def _heading(question: Question, ask: Ask) -> Heading:
    words = " ".join(question.content[: 4 * _TITLE_CHARACTERS].split())
    title = words[:_TITLE_CHARACTERS]
    if len(words) > len(title):
        title = f"{title.rpartition(' ')[0] or title}…"
    kept = {"model": ask.model, "provider": ask.provider}
    return Heading(title, {name: value for name, value in kept.items() if value})


async def _options(caller: Caller, row: Conversation, ask: Ask) -> dict[str, Any]:
    options = {"user": str(caller.user_id)} if caller.user_id else {}
    external_id = await query(shelf.external_id_of, row, ask.provider)
    return options | ({"conversation_id": external_id} if external_id else {})


def _items(caller: Caller, turn_id: UUID) -> list[Any]:
    question, pending = question_of(turn_id), turn_shown(turn_for(caller, turn_id))
    return [question_shown(question), pending] if question else [pending]


async def _begun(request: HttpRequest, caller: Caller, turn: Turn) -> HttpResponse:
    items = await query(_items, caller, turn.id)
    with translation.override(language_of(request)):
        html = render_to_string("ui/items.html", {"items": items})
    response = json_response(BegunJson(turn=turn.id, html=html), status=202)
    response["X-Turn-ID"] = str(turn.id)
    return response
