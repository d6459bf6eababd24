"""What turns cost is counted once, whatever becomes of them (issue 7 point 7)."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError
from django.utils import timezone

from accounts.callers import Caller
from accounts.errors import BudgetExceeded, ModelHasNoPrice
from accounts.models import Reservation, Usage
from conversations.models import Attempt, Conversation, Message, Turn
from conversations.turns import pages, recorder
from conversations.turns.closing import Closing
from conversations.turns.reaper import reap, release_orphans
from conversations.turns.request import Idempotency, TurnRequest
from conversations.turns.service import query, start_turn
from providers.backends.scripted import Scripted, Step
from providers.counting import tokens_in, tokens_of
from providers.errors import ProviderUnavailable
from providers.events import Finished, ReasoningDelta, TextDelta, ToolCallDelta
from providers.prices import Price
from providers.types import ChatMessage
from tests.accounts.budgets import a_key_of, aside, budget_of, somebody, state_of
from tests.conversations.engine_room import request_to, running_engine

pytestmark = pytest.mark.django_db(transaction=True)

USAGE = {"prompt_tokens": 12, "completion_tokens": 8, "total_tokens": 20}
HELLO: list[Step] = [TextDelta("Hello"), Finished("stop", USAGE)]
UNCOUNTED: list[Step] = [TextDelta("Hello there"), Finished("stop")]
PROMPT_TOKENS = tokens_of([ChatMessage("user", "Hello")])


@pytest.fixture
def ada() -> Caller:
    return somebody()


async def question_of(caller: Caller, *names: str, **fields: Any) -> TurnRequest:
    row = await query(Conversation.objects.create, workspace=caller.workspace, surface="test")
    return replace(request_to(row.id, *names), caller=caller, **fields)


@asynccontextmanager
async def turn_under_way(caller: Caller) -> AsyncIterator[UUID]:
    """Its first words are stored."""
    async with running_engine(first=Scripted([[TextDelta("so far"), 30.0]])):
        turn = await start_turn(await question_of(caller))
        while await query(pages.stored_text, turn.id) != "so far":
            await asyncio.sleep(0.02)
        yield turn.id


async def ended(request: TurnRequest) -> None:
    await (await start_turn(request)).result()


async def lines() -> list[Usage]:
    return await query(lambda: list(Usage.objects.order_by("id")))


async def test_two_answers_of_a_model_are_one_line_of_usage(ada: Caller) -> None:
    async with running_engine(first=Scripted([HELLO, HELLO])):
        program = await query(a_key_of, ada)
        for _ in range(2):
            await ended(await question_of(program))
        [line] = await lines()
    assert (line.workspace, line.user_id, line.key_id) == (
        ada.workspace,
        ada.user_id,
        str(program.key_id),
    )
    assert (line.day, line.provider, line.model) == (timezone.now().date(), "first", "a")
    assert (line.calls, line.prompt_tokens, line.completion_tokens) == (2, 24, 16)
    assert (line.estimated, line.unpriced, line.nanodollars) == (0, 2, 0)


async def test_what_the_provider_does_not_count_is_counted_here(ada: Caller) -> None:
    async with running_engine(first=Scripted([UNCOUNTED])):
        await ended(await question_of(ada))
        [line] = await lines()
        attempt = await query(Attempt.objects.get)
    tokens = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": tokens_in("Hello there")}
    assert (line.estimated, line.prompt_tokens, line.completion_tokens) == (1, *tokens.values())
    assert attempt.usage == {**tokens, "total_tokens": sum(tokens.values()), "estimated": True}


async def test_money_is_what_the_list_of_prices_says(settings: Any, ada: Caller) -> None:
    settings.MODEL_PRICES = {"first/a": Price(Decimal("2.5"), Decimal(10))}
    async with running_engine(first=Scripted([HELLO])):
        await ended(await question_of(ada))
        [line] = await lines()
    assert (line.nanodollars, line.unpriced) == (12 * 2500 + 8 * 10_000, 0)


async def test_attempts_that_came_to_nothing_cost_nothing_without_a_count(ada: Caller) -> None:
    gone = Scripted([[ProviderUnavailable("gone")]])
    async with running_engine(first=gone, second=Scripted([HELLO])):
        await ended(await question_of(ada, "first", "second"))
        assert [line.provider for line in await lines()] == ["second"]


async def test_a_stopped_answer_costs_what_had_come(ada: Caller) -> None:
    budget = await aside(budget_of, ada, 5000)
    async with running_engine(first=Scripted([[TextDelta("so far"), 30.0, *HELLO]])):
        turn = await start_turn(await question_of(ada))
        await turn.begun()
        assert await query(state_of, budget) == (0, PROMPT_TOKENS + 1024)
        await query(Turn.objects.filter(id=turn.id).update, stop_requested=True)
        await turn.result()
        spent = PROMPT_TOKENS + tokens_in("so far")
        assert await query(state_of, budget) == (spent, 0)


async def test_thoughts_and_calls_of_an_answer_are_paid_for(ada: Caller) -> None:
    pieces: list[Step] = [ReasoningDelta("t" * 100), ToolCallDelta(0, "c", "f", "x" * 99)]
    gone: list[Step] = [ReasoningDelta("t" * 200), ProviderUnavailable("gone")]
    async with running_engine(first=Scripted([gone]), second=Scripted([[*pieces, Finished()]])):
        await ended(await question_of(ada, "first", "second"))
        stored = {line.provider: line.completion_tokens for line in await lines()}
    assert stored == {"first": 54, "second": 54}


async def test_a_budget_in_money_refuses_fallbacks_without_a_price(
    settings: Any, ada: Caller
) -> None:
    settings.MODEL_PRICES = {"first/*": Price(Decimal(1), Decimal(1))}
    await aside(budget_of, ada, 10**9, unit="usd")
    async with running_engine(first=Scripted(), second=Scripted()):
        with pytest.raises(ModelHasNoPrice):
            await ended(await question_of(ada, "first", "second"))


async def test_an_end_that_is_stored_without_details_is_paid_for(
    monkeypatch: pytest.MonkeyPatch, ada: Caller
) -> None:
    monkeypatch.setattr(recorder, "_attempt_rows", _only_without_details)
    async with running_engine(first=Scripted([HELLO])):
        await ended(await question_of(ada))
        [line] = await lines()
    assert (line.prompt_tokens, line.completion_tokens) == (12, 8)


async def test_a_refused_question_leaves_nothing_behind(ada: Caller) -> None:
    await aside(budget_of, ada, 1000)
    async with running_engine(first=Scripted()):
        for key in (None, Idempotency("key", "digest")):
            with pytest.raises(BudgetExceeded):
                await ended(await question_of(ada, idempotency=key))
        rows = [await query(model.objects.count) for model in (Turn, Message, Reservation, Usage)]
    assert rows == [0, 0, 0, 0]


async def test_a_smaller_answer_was_asked_for_and_fits(ada: Caller) -> None:
    budget = await aside(budget_of, ada, PROMPT_TOKENS + 10)
    async with running_engine(first=Scripted([HELLO])):
        await ended(await question_of(ada, options={"max_tokens": 10}))
        assert await query(state_of, budget) == (20, 0)


async def test_a_repeated_question_is_billed_once(ada: Caller) -> None:
    """It fits once only: a repetition reserves nothing."""
    budget = await aside(budget_of, ada, PROMPT_TOKENS + 1024)
    async with running_engine(first=Scripted([HELLO])):
        request = await question_of(ada, idempotency=Idempotency("key", "digest"))
        for _ in range(3):
            await ended(request)
        assert await query(state_of, budget) == (20, 0)
        assert [line.calls for line in await lines()] == [1]


async def test_a_failed_question_gives_back_what_it_had_reserved(ada: Caller) -> None:
    budget = await aside(budget_of, ada, 5000)
    async with running_engine(first=Scripted([[ProviderUnavailable("gone")]] * 2)):
        await ended(await question_of(ada))
        assert await query(state_of, budget) == (0, 0)


async def test_an_answer_whose_conversation_is_deleted_is_paid_for(ada: Caller) -> None:
    budget = await aside(budget_of, ada, 5000)
    async with running_engine(first=Scripted([[TextDelta("so far"), 30.0]])):
        turn = await start_turn(await question_of(ada))
        await turn.begun()
        await query(Conversation.objects.all().delete)
        await turn.result()
        assert await query(state_of, budget) == (PROMPT_TOKENS + tokens_in("so far"), 0)


async def test_the_reaper_settles_what_a_dead_worker_had_reserved(ada: Caller) -> None:
    program = await aside(a_key_of, ada)
    budget, spent = (
        await aside(budget_of, ada, 5000),
        PROMPT_TOKENS + tokens_in("so far"),
    )
    async with turn_under_way(program) as turn_id:
        await query(Turn.objects.filter(id=turn_id).update, heartbeat_at=long_ago(), worker_id="")
        suspects, _ = await query(reap, {})
        assert (await query(reap, suspects))[1] == [turn_id]
        assert await query(state_of, budget) == (spent, 0)
        [line] = await lines()
        # The worker was not dead after all: its own end changes nothing.
    assert (line.key_id, line.estimated) == (str(program.key_id), 1)
    assert await aside(state_of, budget) == (spent, 0)


async def test_what_a_deleted_turn_had_reserved_is_given_back(ada: Caller) -> None:
    budget = await aside(budget_of, ada, 5000)
    async with turn_under_way(ada):
        await query(Reservation.objects.update, created_at=long_ago())
        await query(release_orphans)
        assert await query(state_of, budget) == (0, PROMPT_TOKENS + 1024)
        await query(Reservation.objects.update, holder=Turn().id)
        await query(release_orphans)
        assert await query(state_of, budget) == (0, 0)


def _only_without_details(closing: Closing) -> list[Attempt]:
    if closing.attempts:
        raise DatabaseError
    return []


def long_ago() -> dt.datetime:
    return timezone.now() - dt.timedelta(minutes=5)
