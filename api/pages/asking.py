"""A question from the page, another version of one, and another answer."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation

from accounts.callers import Caller
from accounts.errors import Forbidden
from api.asking import named, routed
from api.attaching import InvalidAttachment, begun_with, kept_files
from api.auth import asking_caller
from api.endpoints import endpoint
from api.idempotency import idempotency_of
from api.pages.browsers import known_form, language_of
from api.pages.forms import AgainForm, AskForm, BegunJson
from api.pages.shown import begun_items
from api.parsing import body_of
from api.problems import COMMON, ProblemTable, plain, request_id_of
from api.responses import json_response
from conversations import services, shelf
from conversations.access import ANYWHERE, conversation_for, turn_for
from conversations.browsing import files_of_question, latest_message_id
from conversations.errors import NothingToAnswer, NotOnPath
from conversations.models import Conversation
from conversations.turns.request import Heading, Linear, Question, TurnRequest
from conversations.turns.service import Turn, query, start_turn
from providers.types import Ask

# Of the conversations that are begun here: the threads API and its exports have them as well.
SURFACE = "threads"
_TITLE_CHARACTERS = 60
PROBLEMS: ProblemTable = {
    **COMMON,
    NothingToAnswer: plain(409, "nothing_to_answer"),
    NotOnPath: plain(409, "conflict"),
    InvalidAttachment: plain(400, "invalid_attachment"),
}


async def _ask_first(request: HttpRequest) -> HttpResponse:
    """A question that begins a conversation; where it is refused, nothing is left of that."""
    caller = await asking_caller(request)
    form = body_of(request, AskForm)
    _refuse_if_off()
    row = await query(
        shelf.begin_titled, caller, surface=SURFACE, title=None, summary=None, metadata={}
    )
    try:
        turn = await _asked(request, caller, row, form)
        found = await query(turn_for, caller, turn.id)
    except Exception:  # not if the client leaves: the turn goes on, with its files
        await query(services.delete_conversation, caller, row.id, surface=SURFACE)
        raise
    if found.conversation_id != row.id:
        # It was asked before, and its answer got lost.
        await query(services.delete_conversation, caller, row.id, surface=SURFACE)
    return await _begun(request, caller, turn)


async def _ask(request: HttpRequest, conversation_id: str) -> HttpResponse:
    """Begin an answer; a request that is made again finds the same one."""
    caller = await asking_caller(request)
    form = body_of(request, AskForm)
    _refuse_if_off()
    row = await query(conversation_for, caller, known_form(conversation_id), surface=ANYWHERE)
    return await _begun(request, caller, await _asked(request, caller, row, form))


async def _again(request: HttpRequest, conversation_id: str) -> HttpResponse:
    """Another answer; the one that there is, if there is one, stays beside it."""
    caller = await asking_caller(request)
    form = body_of(request, AgainForm)
    _refuse_if_off()
    row = await query(conversation_for, caller, known_form(conversation_id), surface=ANYWHERE)
    message_id = UUID(form.message) if form.message else await query(latest_message_id, row)
    if message_id is None:
        raise NothingToAnswer
    ask = await _chosen(form.provider, form.model, row)
    turn = await _started(request, caller, row, ask, None, instead_of=message_id)
    return await _begun(request, caller, turn)


def _guarded(**handlers: Any) -> Any:
    """With Django's own check: without an account, too, no other site's page may ask here."""
    view = endpoint(problems=PROBLEMS, **handlers)
    view.csrf_exempt = False  # type: ignore[attr-defined]
    return view


ask_first = _guarded(POST=_ask_first)
ask = _guarded(POST=_ask)
again = _guarded(POST=_again)


def _refuse_if_off() -> None:
    if not settings.CHAT_LLM_ENABLED:
        raise Forbidden("The operator has switched answers off (CHAT_LLM_ENABLED).")


async def _asked(request: HttpRequest, caller: Caller, row: Conversation, form: AskForm) -> Turn:
    ask = await _chosen(form.provider, form.model, row)
    old_id = UUID(form.instead_of) if form.instead_of else None
    copied = await query(files_of_question, row, old_id, form.kept_ids) if old_id else ()
    files = await kept_files(form.attachments, ask, copied=copied)
    question = Question(
        content=form.text,
        model=ask.model or None,
        sender_id=str(caller.user_id or ""),
        files=files,
    )
    beginning = _started(request, caller, row, ask, question, instead_of=old_id)
    return await begun_with(files, beginning)


async def _chosen(provider: str, model: str, row: Conversation) -> Ask:
    """Raises ProviderError."""
    if name := provider or (row.provider if not model else ""):
        return await named(name, model, source="page")
    return await routed(model or row.model)


async def _started(
    request: HttpRequest,
    caller: Caller,
    row: Conversation,
    ask: Ask,
    question: Question | None,
    *,
    instead_of: UUID | None,
) -> Turn:
    heading = _heading(question, ask) if question and row.surface == SURFACE else None
    options = {"user": str(caller.user_id)} if caller.user_id else {}
    if instead_of is None:
        # Otherwise what the provider itself remembers holds what is to be replaced.
        options |= await _remembered(row, ask)
    turn_request = TurnRequest(
        caller=caller,
        history=Linear(row.surface, row.id, heading, instead_of=instead_of),
        asks=(ask,),
        question=question,
        options=options,
        silence_limit=settings.CHAT_LLM_IDLE_SECONDS,
        idempotency=idempotency_of(request),
        answer_model=ask.model,
        patient=True,
        request_id=request_id_of(request),
    )
    return await start_turn(turn_request)


def _heading(question: Question, ask: Ask) -> Heading:
    words = " ".join(question.content[: 4 * _TITLE_CHARACTERS].split())
    title = words[:_TITLE_CHARACTERS]
    if len(words) > len(title):
        title = f"{title.rpartition(' ')[0] or title}…"
    kept = {"model": ask.model, "provider": ask.provider}
    return Heading(title, {name: value for name, value in kept.items() if value})


async def _remembered(row: Conversation, ask: Ask) -> dict[str, str]:
    external_id = await query(shelf.external_id_of, row, ask.provider)
    return {"conversation_id": external_id} if external_id else {}


async def _begun(request: HttpRequest, caller: Caller, turn: Turn) -> HttpResponse:
    row, items = await query(_row_and_items, caller, turn.id)
    with translation.override(language_of(request)):
        html = render_to_string("ui/items.html", {"items": items})
    begun = BegunJson(turn=turn.id, conversation=row, html=html)
    response = json_response(begun, status=202)
    response["X-Turn-ID"] = str(turn.id)
    return response


def _row_and_items(caller: Caller, turn_id: UUID) -> tuple[UUID, Sequence[Any]]:
    row = turn_for(caller, turn_id)
    return row.conversation_id, begun_items(row)
