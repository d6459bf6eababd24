"""Answers that no turn stands behind: counted, and held to the caller's budgets all the same."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import msgspec
from django.utils import timezone

from accounts.billing import Bill
from accounts.budgets import Estimate
from accounts.callers import Caller
from conversations.turns.service import engine
from conversations.turns.spending import (
    charges_of,
    counted,
    estimate_of,
    lacks_count,
    with_models,
)
from conversations.turns.storable import storable_text
from providers.counting import tokens_as_sent, tokens_of, tokens_of_input, tokens_of_schemas
from providers.prices import cost_of
from providers.resilience.steps import COMPLETED, Attempt, Began, Left, Step
from providers.types import Ask, ProviderRequest

_GONE = "gone"


async def metered(
    caller: Caller,
    asks: Sequence[Ask],
    steps: AsyncGenerator[Step, None],
    request: Callable[[], ProviderRequest],
) -> AsyncGenerator[Step, None]:
    """The same steps, counted; `request` gives what is asked, where that is needed.

    `asks` are all that may be asked: as much is reserved as the dearest of them may take.

    Before the first one it raises BudgetExceeded or ModelHasNoPrice, and nobody is asked.
    """
    meter, holder = engine().meter, None
    if await meter.limits(caller):
        holder = await meter.reserve(caller, await _estimate(asks, request()))
    seen = _Seen()
    try:
        async with aclosing(steps):
            async for step in steps:
                seen.take(step)
                yield step
    finally:
        meter.take(Bill(charges_of(caller, seen.attempts(request)), holder))


async def metered_embedding(
    caller: Caller, ask: Ask, embed: Callable[[], Awaitable[bytes]], *, texts: Any
) -> bytes:
    """What `embed` gives, counted; `texts` are the request's input.

    Raises BudgetExceeded, ModelHasNoPrice, and what `embed` does.
    """
    meter, holder = engine().meter, None
    # There may be millions of tokens, which others need not wait for.
    in_thread = isinstance(texts, list)
    prompt_tokens = (
        await asyncio.to_thread(tokens_of_input, texts) if in_thread else tokens_of_input(texts)
    )
    if await meter.limits(caller):
        cost = cost_of(ask.provider, ask.model, prompt_tokens=prompt_tokens, completion_tokens=0)
        holder = await meter.reserve(caller, Estimate(ask.model, prompt_tokens, 0, cost))
    left = Attempt(ask, storable_text(ask.model), timezone.now()).left(COMPLETED)
    usage: dict[str, Any] | None = {}
    try:
        answer = await embed()
        usage = _usage_in(answer)
    finally:
        attempts = counted([replace(left, usage=usage)], prompt_tokens=prompt_tokens)
        meter.take(Bill(charges_of(caller, attempts), holder))
    return answer


async def _estimate(asks: Sequence[Ask], request: ProviderRequest) -> Estimate:
    named = await with_models(asks)
    return estimate_of(named, prompt_tokens=_prompt_tokens(request), options=request.options)


class _Embedded(msgspec.Struct):
    usage: dict[str, Any] | None = None


_embedded = msgspec.json.Decoder(_Embedded)


def _usage_in(answer: bytes) -> dict[str, Any] | None:
    try:
        return _embedded.decode(answer).usage
    except msgspec.MsgspecError:
        return None


def _prompt_tokens(request: ProviderRequest) -> int:
    said = tokens_of(request.messages) + tokens_as_sent(request.as_sent or ())
    return said + tokens_of_schemas(request.options, request.tools)


class _Seen:
    """What went by."""

    def __init__(self) -> None:
        self._left: list[Left] = []
        self._current: Attempt | None = None

    def take(self, step: Step) -> None:
        match step:
            case Began(attempt=attempt):
                self._current = attempt
            case Left():
                self._leave(step)
            case _:
                pass

    def attempts(self, request: Callable[[], ProviderRequest]) -> tuple[Left, ...]:
        """With the one that was given up because its reader left."""
        if (attempt := self._current) is not None:
            self._leave(attempt.left(_GONE))
        if not lacks_count(self._left):
            return tuple(self._left)
        return counted(self._left, prompt_tokens=_prompt_tokens(request()))

    def _leave(self, left: Left) -> None:
        self._left.append(replace(left, model=storable_text(left.model)))
        self._current = None
