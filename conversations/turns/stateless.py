"""Answers that no turn stands behind: counted, and held to the caller's budgets all the same."""

from collections.abc import AsyncGenerator, Awaitable, Callable
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
    model_of,
)
from conversations.turns.storable import storable_text
from providers.counting import tokens_as_sent, tokens_of, tokens_of_input
from providers.events import RawChunk, TextDelta
from providers.prices import cost_of
from providers.resilience.steps import COMPLETED, Attempt, Began, Left, Step
from providers.types import Ask, ProviderRequest

_GONE = "gone"


async def metered(
    caller: Caller,
    ask: Ask,
    steps: AsyncGenerator[Step, None],
    request: Callable[[], ProviderRequest],
) -> AsyncGenerator[Step, None]:
    """The same steps, counted; `request` gives what is asked, where that is needed.

    Before the first one it raises BudgetExceeded or ModelHasNoPrice, and nobody is asked.
    """
    meter, holder = engine().meter, None
    if await meter.limits(caller):
        holder = await meter.reserve(caller, await _estimate(ask, request()))
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
    meter, holder, prompt_tokens = engine().meter, None, tokens_of_input(texts)
    if await meter.limits(caller):
        cost = cost_of(ask.provider, ask.model, prompt_tokens=prompt_tokens, completion_tokens=0)
        holder = await meter.reserve(caller, Estimate(ask.model, prompt_tokens, 0, cost))
    left = Attempt(ask, storable_text(ask.model), timezone.now()).left(COMPLETED)
    usage: dict[str, Any] | None = {}
    try:
        answer = await embed()
        usage = _usage_in(answer)
    finally:
        attempts = counted([replace(left, usage=usage)], text="", prompt_tokens=prompt_tokens)
        meter.take(Bill(charges_of(caller, attempts), holder))
    return answer


async def _estimate(ask: Ask, request: ProviderRequest) -> Estimate:
    model = await model_of(ask)
    prompt_tokens = _prompt_tokens(request)
    return estimate_of(ask.provider, model, prompt_tokens=prompt_tokens, options=request.options)


class _Embedded(msgspec.Struct):
    usage: dict[str, Any] | None = None


_embedded = msgspec.json.Decoder(_Embedded)


def _usage_in(answer: bytes) -> dict[str, Any] | None:
    try:
        return _embedded.decode(answer).usage
    except msgspec.MsgspecError:
        return None


def _prompt_tokens(request: ProviderRequest) -> int:
    return tokens_of(request.messages) + tokens_as_sent(request.as_sent or ())


class _Seen:
    """What went by."""

    def __init__(self) -> None:
        self._left: list[Left] = []
        self._began: Began | None = None
        self._text: list[str] = []

    def take(self, step: Step) -> None:
        match step:
            case TextDelta(text=text) | RawChunk(text=text):
                self._text.append(text)
            case Began():
                self._began = step
            case Left():
                self._began = None
                self._left.append(_storable(step))
            case _:
                pass

    def attempts(self, request: Callable[[], ProviderRequest]) -> tuple[Left, ...]:
        """With the one that was given up because its reader left."""
        attempts = list(self._left)
        if (began := self._began) is not None:
            given_up = Attempt(began.ask, began.model, began.started_at).left(_GONE)
            attempts.append(_storable(given_up))
        if not lacks_count(attempts):
            return tuple(attempts)
        text = "".join(self._text)
        return counted(attempts, text=text, prompt_tokens=_prompt_tokens(request()))


def _storable(left: Left) -> Left:
    return replace(left, model=storable_text(left.model))
