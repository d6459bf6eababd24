"""Answers without a turn are counted and held to budgets like the others (issue 7 point 7)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
from django.db import DatabaseError

from accounts import billing
from accounts.callers import ANONYMOUS, Caller
from accounts.errors import BudgetExceeded
from accounts.models import Reservation, Usage
from conversations.turns.service import engine, query
from conversations.turns.stateless import metered, metered_embedding
from providers.backends.scripted import Scripted
from providers.backends.scripted import Step as ScriptStep
from providers.base import Provider
from providers.counting import tokens_as_sent, tokens_in
from providers.events import Finished, TextDelta
from providers.registry import registry
from providers.resilience.answering import answer
from providers.resilience.steps import Step
from providers.types import Ask, ProviderRequest
from tests.accounts.budgets import aside, budget_of, somebody, state_of
from tests.conversations.engine_room import running_engine

pytestmark = pytest.mark.django_db(transaction=True)

ASK = Ask("first", "a", "default")
SENT = ({"role": "user", "content": [{"type": "text", "text": "Hello"}, {"type": "image_url"}]},)
PROMPT_TOKENS = tokens_as_sent(SENT)
HELLO: list[ScriptStep] = [
    TextDelta("Hello"),
    Finished("stop", {"prompt_tokens": 3, "completion_tokens": 2}),
]


@pytest.fixture
def ada() -> Caller:
    return somebody()


def asked(caller: Caller) -> AsyncGenerator[Step, None]:
    def request_for(ask: Ask, model: str, provider: Provider) -> ProviderRequest:
        return ProviderRequest(model, (), {"max_tokens": 100}, as_sent=SENT)

    provider = registry().get("first")
    steps = answer(registry(), (ASK,), request_for, caller="ada")
    return metered(caller, ASK, steps, lambda: request_for(ASK, "a", provider))


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
