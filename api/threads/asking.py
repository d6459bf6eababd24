"""Messages that are answered: as a whole, in the background, or as a stream (T-4, T-5)."""

import asyncio
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from accounts.callers import Caller
from api.asking import named, routed
from api.attaching import begun_with, drop_unused, kept_files
from api.auth import asking_user
from api.endpoints import endpoint
from api.fallbacks import asked_fallbacks
from api.idempotency import idempotency_of
from api.openapi import documented, refusals
from api.parsing import body_of, query_of
from api.responses import json_response
from api.sse import sse_response
from api.threads.encoder import DONE, ThreadEncoder, agent_event, running
from api.threads.problems import PROBLEMS, ModelRequired, NoAnswer
from api.threads.rows import SURFACE, id_in
from api.threads.serializers import (
    MessageForm,
    MessageJson,
    MessagePageJson,
    PageQuery,
    message_json,
    message_page,
    with_bytes,
)
from conversations import shelf
from conversations.access import conversation_for, question_of
from conversations.models import Conversation, Message
from conversations.turns.events import TurnFailed
from conversations.turns.questions import accept_question
from conversations.turns.request import Heading, Linear, Question, TurnRequest
from conversations.turns.service import Turn, query, start_turn
from providers.types import Ask

BLANK_TEXT = "Process as expected."
NO_TEXT = "(no text content)"
TITLE_CHARACTERS = 32
_RESPOND_ASYNC = OpenApiParameter(
    "Prefer", str, OpenApiParameter.HEADER, description="`respond-async`: answer 202 at once."
)
_FAULTS = refusals(400, 401, 403, 404, 422, 502, 503)


@documented(
    operation_id="list_thread_messages",
    parameters=[OpenApiParameter("page", int), OpenApiParameter("limit", int)],
    responses={200: MessagePageJson, **refusals(401, 403, 404, 422)},
)
async def _list(request: HttpRequest, thread_id: str) -> HttpResponse:
    """The messages, newest first."""
    caller = await asking_user(request)
    row_id = id_in(thread_id)
    form = query_of(request, PageQuery)
    return json_response(await query(_page, caller, row_id, form))


def _page(caller: Caller, row_id: UUID, form: PageQuery) -> MessagePageJson:
    thread = conversation_for(caller, row_id, surface=SURFACE)
    return message_page(shelf.page_of_messages(thread, number=form.page, limit=form.most))


@documented(
    operation_id="send_thread_message",
    parameters=[_RESPOND_ASYNC],
    request=MessageForm,
    responses={201: MessageJson, 202: MessageJson, **_FAULTS},
)
async def _send(request: HttpRequest, thread_id: str) -> HttpResponse:
    """Ask; the user's message when the answer is stored, or at once with `respond-async`."""
    asking = await _Asking.of(request, thread_id)
    in_background = "respond-async" in request.headers.get("Prefer", "").lower()
    if not settings.CHAT_LLM_ENABLED:
        return json_response(await asking.accepted(), status=202 if in_background else 201)
    turn = await asking.turn()
    if in_background:
        message = await _question_json(turn)
        response = json_response(message.model_copy(update={"status": "queued"}), status=202)
    else:
        response = await _answered(turn)
    response["X-Turn-ID"] = str(turn.id)
    return response


@documented(
    operation_id="stream_thread_message",
    request=MessageForm,
    responses={(200, "text/event-stream"): OpenApiTypes.STR, **_FAULTS},
)
async def _stream(request: HttpRequest, thread_id: str) -> HttpResponseBase:
    """Ask, and stream the agent's chunks as they come."""
    asking = await _Asking.of(request, thread_id)
    thread = str(asking.thread.id)
    if not settings.CHAT_LLM_ENABLED:
        await asking.accepted()
        states = (agent_event(thread, "queued"), agent_event(thread, "completed"), DONE)
        return _short_stream(b"".join(states))
    turn = await asking.turn()
    encoder = ThreadEncoder(thread, turn.id.hex)
    return sse_response(turn, turn.follow(), encoder, heartbeat=running(thread))


messages = endpoint(GET=_list, HEAD=_list, POST=_send, problems=PROBLEMS)
stream = endpoint(POST=_stream, problems=PROBLEMS)


class _Asking:
    """One request to have a message answered, checked so far that only storing can fail."""

    def __init__(
        self, request: HttpRequest, caller: Caller, thread: Conversation, form: MessageForm
    ) -> None:
        self.thread = thread
        self._request = request
        self._caller = caller
        self._form = form
        self._model = (form.model or "").strip() or _text(thread.metadata.get("model"))

    @classmethod
    async def of(cls, request: HttpRequest, thread_id: str) -> "_Asking":
        """Raises what T-5.2 has as an answer in JSON."""
        caller = await asking_user(request)
        row_id = id_in(thread_id)
        form = body_of(request, MessageForm)
        thread = await query(conversation_for, caller, row_id, surface=SURFACE)
        asking = cls(request, caller, thread, form)
        if not asking._model:
            raise ModelRequired
        return asking

    async def accepted(self) -> MessageJson:
        """Store the message, and ask nobody (T-4.6)."""
        question = await self._question(None)
        heading = self._heading("")
        try:
            message = await query(
                accept_question, self._caller, self.thread.id, question, SURFACE, heading
            )
        except Exception:  # not if the client leaves: the turn goes on, with its files
            await drop_unused(question.files, None)
            raise
        return await _json_of(message)

    async def turn(self) -> Turn:
        """Ask, or find the turn that this very request began before."""
        idempotency = idempotency_of(self._request)
        ask = await self._ask()
        question = await self._question(ask)
        turn_request = TurnRequest(
            caller=self._caller,
            history=Linear(SURFACE, self.thread.id, self._heading(ask.provider), unanswered=True),
            asks=(ask, *asked_fallbacks(self._request)),
            question=question,
            options=await self._options(ask),
            silence_limit=settings.CHAT_LLM_IDLE_SECONDS,
            idempotency=idempotency,
            answer_model=ask.model,
            empty_answer=NO_TEXT,
            keep_raw=True,
            patient=True,
        )
        return await begun_with(question.files, start_turn(turn_request))

    async def _ask(self) -> Ask:
        """Raises ProviderError."""
        provider = _text(self._form.given_metadata.get("provider")) or self.thread.provider
        if provider:
            return await named(provider, self._model, source="thread")
        return await routed(self._model)

    async def _question(self, ask: Ask | None) -> Question:
        form = self._form
        return Question(
            content=form.text if form.text.strip() else BLANK_TEXT,
            role=form.sender_type,
            model=self._model,
            sender_id=str(self._caller.user_id),
            metadata=form.given_metadata,
            tokens_count=form.tokens_count,
            correlation_id=form.correlation_id,
            files=await kept_files(form.attachments or (), ask),
        )

    def _heading(self, provider: str) -> Heading:
        label = self._form.model_label or self._model
        text = self._form.text if self._form.text.strip() else BLANK_TEXT
        title = f"{label}: {text[:TITLE_CHARACTERS]}".replace("[", "").replace("]", "")
        kept = {"model": self._model, "model_label": self._form.model_label, "provider": provider}
        return Heading(title[:255], {name: value for name, value in kept.items() if value})

    async def _options(self, ask: Ask) -> dict[str, Any]:
        options = {"user": str(self._caller.user_id)}
        external_id = await query(shelf.external_id_of, self.thread, ask.provider)
        return options | ({"conversation_id": external_id} if external_id else {})


async def _answered(turn: Turn) -> HttpResponse:
    result = await turn.result()
    if isinstance(result.end, TurnFailed):
        raise NoAnswer(turn.id, result.end.message)
    return json_response(await _question_json(turn), status=201)


async def _question_json(turn: Turn) -> MessageJson:
    message = await query(question_of, turn.id)
    assert message is not None
    return await _json_of(message)


async def _json_of(message: Message) -> MessageJson:
    if message.attachments.all():
        return await asyncio.to_thread(with_bytes, message)
    return message_json(message)


def _short_stream(body: bytes) -> HttpResponse:
    response = HttpResponse(body, content_type="text/event-stream; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
