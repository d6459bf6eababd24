"""Answers without a turn are counted and held to budgets like the others (issue 7 point 7)."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError

from accounts import billing
from accounts.callers import ANONYMOUS, Caller
from accounts.errors import BudgetExceeded, ModelHasNoPrice
from accounts.models import Reservation, Usage
from api.openai.asking import steps_of
from conversations.turns.service import engine, query
from conversations.turns.stateless import metered, metered_embedding
from providers.backends.scripted import Scripted
from providers.backends.scripted import Step as ScriptStep
from providers.base import Provider
from providers.counting import tokens_as_sent, tokens_in
from providers.errors import ProviderUnavailable
from providers.events import Finished, RawChunk, ReasoningDelta, TextDelta, ToolCallDelta
from providers.prices import Price
from providers.registry import registry
from providers.resilience.answering import answer
from providers.resilience.steps import Step
from providers.types import Ask, Handling, ProviderRequest
from tests.accounts.budgets import aside, budget_of, somebody, state_of
from tests.conversations.engine_room import ScriptedRegistry, running_engine

pytestmark = pytest.mark.django_db(transaction=True)

ASK = Ask("first", "a", "default")
SECOND = Ask("second", "b", "fallback")
SENT = ({"role": "user", "content": [{"type": "text", "text": "Hello"}, {"type": "image_url"}]},)
PROMPT_TOKENS = tokens_as_sent(SENT)
HELLO: list[ScriptStep] = [
    TextDelta("Hello"),
    Finished("stop", {"prompt_tokens": 3, "completion_tokens": 2}),
]


@pytest.fixture
def ada() -> Caller:
    return somebody()


def asked(caller: Caller, *asks: Ask, **options: Any) -> AsyncGenerator[Step, None]:
    def request_for(ask: Ask, model: str, provider: Provider) -> ProviderRequest:
        return ProviderRequest(model, (), options or {"max_tokens": 100}, as_sent=SENT)

    asks, provider = asks or (ASK,), registry().get("first")
    steps = answer(registry(), asks, request_for, caller="ada")
    return metered(caller, asks, steps, lambda: request_for(ASK, "a", provider))


async def drained(steps: AsyncGenerator[Step, None]) -> None:
    async for _ in steps:
        pass


async def line() -> Usage:
    return await query(Usage.objects.get)


async def test_what_was_used_is_added_up_and_written_now_and_then(ada: Caller) -> None:
    async with running_engine(first=Scripted([HELLO] * 3)):
        for _ in range(3):
            await drained(asked(ada))
        assert not await query(Usage.objects.exists)
        await engine().meter.flush()
        stored = await line()
    assert (stored.calls, stored.prompt_tokens, stored.completion_tokens) == (3, 9, 6)


async def test_what_is_not_yet_written_is_written_when_the_process_ends() -> None:
    async with running_engine(first=Scripted([HELLO])):
        await drained(asked(ANONYMOUS))
    assert (await aside(Usage.objects.get)).workspace == "anonymous"


async def test_a_database_that_is_away_loses_nothing(
    ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_engine(first=Scripted([HELLO])):
        await drained(asked(ada))
        with monkeypatch.context() as patch:
            patch.setattr(billing, "hand_in", _raise)
            with pytest.raises(DatabaseError):
                await engine().meter.flush()
        await engine().meter.flush()
        assert (await line()).calls == 1


async def test_a_reader_who_leaves_pays_for_what_had_come(ada: Caller) -> None:
    budget = await aside(budget_of, ada, 1000)
    async with running_engine(first=Scripted([[TextDelta("so far"), 30.0]])):
        async with aclosing(asked(ada)) as steps:
            async for step in steps:
                if isinstance(step, TextDelta):
                    break
            assert await query(state_of, budget) == (0, PROMPT_TOKENS + 100)
        await engine().meter.flush()
        assert await query(state_of, budget) == (PROMPT_TOKENS + tokens_in("so far"), 0)


async def test_a_reader_who_leaves_pays_for_thoughts_and_calls_too(ada: Caller) -> None:
    thoughts: list[ScriptStep] = [ReasoningDelta("t" * 900), ToolCallDelta(0, "c", "f", "x" * 99)]
    async with running_engine(first=Scripted([[*thoughts, 30.0]])):
        async with aclosing(asked(ada)) as steps:
            async for step in steps:
                if isinstance(step, ToolCallDelta):
                    break
        await engine().meter.flush()
        stored = await line()
    assert (stored.prompt_tokens, stored.completion_tokens) == (PROMPT_TOKENS, 270)


async def test_a_reader_who_leaves_before_the_first_word_pays_for_the_prompt(ada: Caller) -> None:
    async with running_engine(first=Scripted([[RawChunk(b"{}"), 30.0]])):
        async with aclosing(asked(ada)) as steps:
            async for step in steps:
                if isinstance(step, RawChunk):
                    break
        await engine().meter.flush()
        stored = await line()
    assert (stored.prompt_tokens, stored.completion_tokens) == (PROMPT_TOKENS, 0)


async def test_thoughts_that_came_to_nothing_are_paid_to_who_had_them(ada: Caller) -> None:
    cut = Scripted([[ReasoningDelta("t" * 100), ProviderUnavailable("gone")]])
    async with running_engine(first=cut, second=Scripted([HELLO])):
        await drained(asked(ada, ASK, SECOND))
        await engine().meter.flush()
        lines = await query(lambda: list(Usage.objects.order_by("provider")))
    assert [(stored.provider, stored.completion_tokens) for stored in lines] == [
        ("first", 27),
        ("second", 2),
    ]


async def test_of_chunks_as_they_came_all_that_is_written_counts(ada: Caller) -> None:
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": "x" * 99}}
    deltas: list[dict[str, Any]] = [
        {"role": "assistant", "tool_calls": [call]},
        {"reasoning_content": "t" * 100, "reasoning": "t" * 100},
        {"content": [{"type": "text", "text": "a" * 100}]},
    ]
    choices = [{"index": place, "delta": delta} for place, delta in enumerate(deltas)]
    chunks = [RawChunk(json.dumps({"choices": [choice]}).encode()) for choice in choices]
    whole = RawChunk(json.dumps({"choices": [{"message": delta} for delta in deltas]}).encode())
    odd = [RawChunk(b"odd", "a" * 100), RawChunk(b'{"choices": [{"delta": 7}, {}]}')]
    async with running_engine(first=Scripted([[*chunks, whole, *odd, Finished("stop")]])):
        await drained(asked(ada))
        await engine().meter.flush()
        assert (await line()).completion_tokens == 7 * 27


async def test_a_budget_in_money_holds_for_fallbacks_too(settings: Any, ada: Caller) -> None:
    settings.MODEL_PRICES = {"first/*": Price(Decimal(1), Decimal(1))}
    budget = await aside(budget_of, ada, 10**9, unit="usd")
    async with running_engine(first=Scripted(), second=Scripted([HELLO])):
        with pytest.raises(ModelHasNoPrice, match="b"):
            await drained(asked(ada, ASK, SECOND))
        settings.MODEL_PRICES |= {"second/b": Price(Decimal(3), Decimal(9))}
        async with aclosing(asked(ada, SECOND, ASK)) as steps:
            await anext(steps)
            dearest = PROMPT_TOKENS * 3000 + 100 * 9000
            assert await query(state_of, budget) == (0, dearest)


async def test_it_holds_for_the_fallbacks_of_the_operator_too(settings: Any, ada: Caller) -> None:
    def request_for(ask: Ask, model: str, provider: Provider) -> ProviderRequest:
        return ProviderRequest(model, (), as_sent=SENT)

    settings.MODEL_PRICES = {"first/*": Price(Decimal(1), Decimal(1))}
    await aside(budget_of, ada, 10**9, unit="usd")
    async with running_engine(first=Scripted(), second=Scripted()):
        own = registry()
        assert isinstance(own, ScriptedRegistry)
        own.handled = Handling(retries=0, failures=0, fallbacks=("second/b",))
        with pytest.raises(ModelHasNoPrice, match="b"):
            await drained(await steps_of(ada, (ASK,), request_for))


@pytest.mark.parametrize(
    ("options", "tokens"),
    [
        ({"max_tokens": 5, "max_completion_tokens": 70}, 70),
        ({"num_predict": 50}, 50),
        ({"max_output_tokens": 1}, 1024),
        ({"max_tokens": 10, "n": 5}, 50),
        ({"max_tokens": 10, "tools": ["x" * 96]}, 10 + 27),
    ],
)
async def test_as_much_is_reserved_as_may_come(
    ada: Caller, options: dict[str, Any], tokens: int
) -> None:
    budget = await aside(budget_of, ada, 5000)
    async with (
        running_engine(first=Scripted([HELLO])),
        aclosing(asked(ada, **options)) as steps,
    ):
        await anext(steps)
        assert await query(state_of, budget) == (0, PROMPT_TOKENS + tokens)


async def test_a_question_beyond_the_budget_is_not_asked(ada: Caller) -> None:
    await aside(budget_of, ada, 100)
    async with running_engine(first=Scripted()):
        with pytest.raises(BudgetExceeded):
            await drained(asked(ada))
        assert not await query(Reservation.objects.exists)


async def test_of_many_at_once_as_many_are_served_as_fit(ada: Caller) -> None:
    budget = await aside(budget_of, ada, 5 * (PROMPT_TOKENS + 100))
    async with running_engine(first=Scripted([[0.3, *HELLO]] * 5)):
        results = await asyncio.gather(
            *(drained(asked(ada)) for _ in range(50)), return_exceptions=True
        )
        await engine().meter.flush()
        assert await query(state_of, budget) == (25, 0)
    assert results.count(None) == 5
    assert {type(result) for result in results if result} == {BudgetExceeded}


async def test_embeddings_are_counted(ada: Caller) -> None:
    budget = await aside(budget_of, ada, 10)

    async def embed() -> bytes:
        return b'{"data": [], "usage": {"prompt_tokens": 7, "total_tokens": 7}}'

    async with running_engine(first=Scripted()):
        await metered_embedding(ada, ASK, embed, texts="a" * 33)
        await engine().meter.flush()
        assert await query(state_of, budget) == (7, 0)
        with pytest.raises(BudgetExceeded):
            await metered_embedding(ada, ASK, embed, texts=["a" * 33, [1, 2]])


def _raise(bill: object) -> None:
    raise DatabaseError
