"""However many ask at once, a budget gives what it holds and not one answer more (issue 7)."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import httpx
import pytest

from providers.counting import tokens_of
from providers.types import ChatMessage
from tests.api.accounts import Account, by_key, signed_up
from tests.api.spending import give_budget, state_of_budget, used
from tests.client import Databases, Server, Upstream
from tests.conftest import QUICK, UNLIMITED, found

PROMPT = "spend it"
AT_ONCE, SERVED = 200, 10
PROMPT_TOKENS, ANSWER_TOKENS = tokens_of([ChatMessage("user", PROMPT)]), 1024
# What is reserved is what it costs.
USAGE = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": ANSWER_TOKENS}
COST = PROMPT_TOKENS + ANSWER_TOKENS


@dataclass(frozen=True)
class Crowd:
    """One user's programs, and the workers that they ask."""

    account: Account
    headers: Mapping[str, str]
    workers: Sequence[Server]


@pytest.fixture(scope="module")
def crowds(
    database_kind: str, databases: Databases, upstream: Upstream
) -> Iterator[dict[int, Crowd]]:
    """By the number of workers: processes of their own on one database.

    All budgets are there before a worker looks who has one: it would not look again for seconds.
    """
    url = found(lambda: databases.new(database_kind))
    workers = [Server.start(url, {**UNLIMITED, **QUICK}, upstream) for _ in range(4)]
    yield {number: a_crowd(workers[:number]) for number in (1, 4)}
    for worker in workers:
        worker.stop()


@pytest.mark.parametrize("workers", [1, 4])
async def test_of_two_hundred_at_once_ten_are_served(
    crowds: dict[int, Crowd], workers: int, upstream: Upstream, database_kind: str
) -> None:
    upstream.script({"text": "Spent."}, {"finish": "stop"}, {"usage": USAGE}, match=PROMPT)
    crowd, began = crowds[workers], time.monotonic()
    answers = await asked_at_once(crowd)
    seconds = time.monotonic() - began
    print(f"\n{AT_ONCE} at once, {workers} workers, {database_kind}: {seconds:.2f} s")

    statuses = Counter(answer.status_code for answer in answers)
    assert statuses == {200: SERVED, 429: AT_ONCE - SERVED}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["error"]["code"] == "budget_exceeded"
    assert int(refused.headers["Retry-After"]) >= 1
    asked = upstream.requests("/chat/completions")
    assert len([call for call in asked if PROMPT in str(call["body"])]) == SERVED
    assert state_of_budget(crowd.account) == (SERVED * COST, 0)
    totals = used(crowd.account)["totals"]
    assert (totals["calls"], totals["total_tokens"]) == (SERVED, SERVED * COST)


def a_crowd(workers: Sequence[Server]) -> Crowd:
    account = signed_up(workers[0])
    give_budget(account, SERVED * COST + COST - 1)
    return Crowd(account, by_key(account.new_key()), workers)


async def asked_at_once(crowd: Crowd) -> list[httpx.Response]:
    limits = httpx.Limits(max_connections=AT_ONCE)
    client = httpx.AsyncClient(
        headers=crowd.headers, limits=limits, timeout=60, trust_env=False, verify=False
    )
    urls = [f"{worker.url}/api/chat/stream" for worker in crowd.workers]
    async with client:
        asks = (
            client.post(urls[number % len(urls)], json={"message": PROMPT})
            for number in range(AT_ONCE)
        )
        return await asyncio.gather(*asks)
