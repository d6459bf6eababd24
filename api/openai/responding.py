"""Asking for a response: as a turn that is kept, or without a trace."""

from collections.abc import AsyncGenerator, Mapping
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest

from accounts.callers import Caller
from api.asking import routed
from api.attaching import AttachmentForm, begun_with, kept_files
from api.fallbacks import asked_fallbacks
from api.idempotency import idempotency_of
from api.openai.asking import steps_of
from api.openai.options import translated
from api.openai.response_forms import ResponseForm, options_of, tools_of, turn_id_in
from api.openai.response_rows import ECHO, SURFACE
from api.openai.translation import chat_messages
from api.problems import request_id_of
from conversations.errors import AnswerNotFound
from conversations.files import NewFile
from conversations.kept import said_before
from conversations.turns.request import Branch, Question, TurnRequest
from conversations.turns.said import as_said
from conversations.turns.service import Turn, query, start_turn
from providers.base import Provider
from providers.registry import registry
from providers.resilience.steps import Step
from providers.types import Ask, ChatMessage, ProviderRequest, SentFile

Said = tuple[ChatMessage, ...]

# OpenAI's newer models want it under this name, and most other servers know only the older one.
_NEWER_NAMES = {"openai", "openrouter"}


async def kept_turn(request: HttpRequest, caller: Caller, form: ResponseForm) -> Turn:
    """Raises ConversationError, ProviderNotConfigured, Forbidden, ValidationFailed."""
    idempotency = idempotency_of(request)
    messages = chat_messages(form.messages(), field="input")
    tools = tools_of(form)
    after, _ = await _before(caller, form)
    ask = await routed(form.model)
    files = await _files(messages, ask)
    turn_request = TurnRequest(
        caller=caller,
        history=Branch(SURFACE, after, retold=True),
        asks=(ask, *asked_fallbacks(request)),
        question=_question(form, messages, files),
        options=_options(form, registry().get(ask.provider)),
        system_prompt=form.instructions or None,
        silence_limit=settings.PROVIDER_TIMEOUT_SECONDS,
        idempotency=idempotency,
        answer_model=form.model,
        request_id=request_id_of(request),
        tools=tools,
    )
    return await begun_with(files, start_turn(turn_request))


async def untraced(
    request: HttpRequest, caller: Caller, form: ResponseForm
) -> AsyncGenerator[Step, None]:
    """Raises the same."""
    asked = chat_messages(form.messages(), field="input")
    tools = tools_of(form)
    _, before = await _before(caller, form)
    system = (ChatMessage("system", form.instructions),) if form.instructions else ()

    def request_for(ask: Ask, model: str, provider: Provider) -> ProviderRequest:
        return ProviderRequest(
            model=model,
            messages=(*system, *before, *asked),
            options=_options(form, provider),
            tools=tools if provider.capabilities.tools else (),
        )

    asks = (await routed(form.model), *asked_fallbacks(request))
    return await steps_of(caller, asks, request_for)


async def _before(caller: Caller, form: ResponseForm) -> tuple[UUID | None, Said]:
    """The turn that gave the previous response, and all that was said; raises AnswerNotFound."""
    if not (name := form.previous_response_id):
        return None, ()
    if (turn_id := turn_id_in(name)) is None:
        raise AnswerNotFound(name)
    return turn_id, await query(said_before, caller, turn_id, name=name, surface=SURFACE)


def _options(form: ResponseForm, provider: Provider) -> Mapping[str, object]:
    options = options_of(form)
    if provider.capabilities.raw and provider.name in _NEWER_NAMES:
        return options
    if not provider.capabilities.raw:
        return translated(options)
    if (most := options.pop("max_completion_tokens", None)) is not None:
        options["max_tokens"] = most
    return options


def _question(
    form: ResponseForm, messages: tuple[ChatMessage, ...], files: tuple[NewFile, ...]
) -> Question:
    """What is shown of the input is what the user says in it, else all of it."""
    by_user = [message.content for message in messages if message.role == "user"]
    is_plain = len(messages) == 1 and bool(by_user)
    return Question(
        "\n\n".join(by_user or (message.content for message in messages)),
        role="user" if by_user else messages[-1].role,
        model=form.model,
        metadata={ECHO: form.echo(), **({} if is_plain else as_said(messages))},
        files=files,
    )


async def _files(messages: tuple[ChatMessage, ...], ask: Ask) -> tuple[NewFile, ...]:
    """Raises InvalidAttachment."""
    files = [file for message in messages for file in message.files]
    return await kept_files(list(map(_form, files)), ask)


def _form(file: SentFile) -> AttachmentForm:
    return AttachmentForm(
        filename=file.filename, content_type=file.content_type, data_base64=file.base64
    )
