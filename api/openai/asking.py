"""Asking without a turn: nothing is stored, and the call has no memory (O-3.7)."""

import functools
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from django.conf import settings

from accounts.callers import Caller
from api.asking import routed
from api.errors import ValidationFailed
from api.openai.options import translated
from api.openai.questions import ChatQuestion
from api.openai.translation import chat_messages, tool_specs
from conversations.turns.permission import may_ask, refuse_models
from conversations.turns.stateless import metered
from providers.base import Provider
from providers.registry import registry
from providers.resilience.answering import Patience, RequestFor, answer
from providers.resilience.chain import May, with_fallbacks
from providers.resilience.steps import Step
from providers.types import Ask, ProviderRequest


async def ask(
    caller: Caller, question: ChatQuestion, instead: Sequence[Ask], *, keep_raw: bool
) -> AsyncGenerator[Step, None]:
    """Everything that happens until the answer ends; not a byte is asked for before it is read.

    Raises Forbidden, ProviderNotConfigured, and ValidationFailed for what the provider cannot be
    told. With `keep_raw` OpenAI-like providers give the bytes of their answer; `instead` are
    asked when the first one fails.
    """
    chosen = await routed(question.model)
    said = functools.cache(lambda: chat_messages(question.messages))
    if not registry().get(chosen.provider).capabilities.raw:
        said()

    def may_answer(fallback: Ask) -> bool:
        """OpenAI-like providers take what the others cannot be told."""
        if registry().get(fallback.provider).capabilities.raw:
            return True
        with suppress(ValidationFailed):
            said()
            return True
        return False

    def request_for(asked: Ask, model: str, provider: Provider) -> ProviderRequest:
        if provider.capabilities.raw:
            return _as_sent(question, model, keep_raw=keep_raw)
        return ProviderRequest(
            model=model,
            messages=said(),
            options=translated(question.options),
            tools=tool_specs(question.options) if provider.capabilities.tools else (),
        )

    asks = (chosen, *filter(may_answer, instead))
    return await steps_of(caller, asks, request_for, may_answer, options=question.options)


async def steps_of(
    caller: Caller,
    asks: Sequence[Ask],
    request_for: RequestFor,
    may_answer: May = lambda fallback: True,
    *,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> AsyncGenerator[Step, None]:
    """The same, of whoever is asked whatever; raises Forbidden."""
    await refuse_models(caller, asks, options)

    def may(fallback: Ask) -> bool:
        return may_ask(caller, fallback.provider, fallback.model) and may_answer(fallback)

    chain = with_fallbacks(registry(), asks, may)
    steps = answer(
        registry(),
        chain,
        request_for,
        caller=str(caller.key_id or caller.workspace),
        patience=Patience(silence=settings.PROVIDER_TIMEOUT_SECONDS),
    )
    first, provider = asks[0], registry().get(asks[0].provider)
    return metered(caller, chain, steps, lambda: request_for(first, first.model, provider))


def _as_sent(question: ChatQuestion, model: str, *, keep_raw: bool) -> ProviderRequest:
    return ProviderRequest(
        model=model,
        messages=(),
        options=question.options,
        keep_raw=keep_raw,
        as_sent=question.messages,
    )
