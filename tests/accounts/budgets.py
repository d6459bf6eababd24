"""People with budgets, for tests in this process."""

import asyncio
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from django.db import connection

from accounts.budget_owners import OWNERS
from accounts.callers import Caller, key_caller, user_caller
from accounts.keys import NewKey, issue_key
from accounts.models import ApiKey, Budget, User
from accounts.usage import Charge, charge

P = ParamSpec("P")
T = TypeVar("T")


def somebody(name: str = "ada") -> Caller:
    OWNERS.forget()
    return user_caller(User.objects.create(username=name, password="!"))


def a_key_of(caller: Caller) -> Caller:
    """A program of the user's."""
    assert caller.user_id is not None
    row = issue_key(caller.user_id, NewKey("program")).row
    return key_caller(ApiKey.objects.select_related("user").get(id=row.id))


def budget_of(caller: Caller, limit: int, **fields: Any) -> Budget:
    """The key's, where the caller is one: tokens of a day, unless `fields` say otherwise."""
    owner = {"key_id": caller.key_id} if caller.key_id else {"user_id": caller.user_id}
    OWNERS.forget()
    return Budget.objects.create(
        **{"period": "day", "unit": "tokens", **owner, **fields}, limit=limit
    )


def state_of(budget: Budget) -> tuple[int, int]:
    """What is spent and what is reserved."""
    budget.refresh_from_db()
    return budget.spent, budget.reserved


def a_charge(caller: Caller, cost: int | None = 5) -> Charge:
    """Of a call that came to ten tokens and two, counted here."""
    return charge(
        caller,
        "first",
        "m",
        prompt_tokens=10,
        completion_tokens=2,
        nanodollars=cost,
        estimated=True,
    )


async def aside(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run it where no engine does; the thread keeps no connection from the next test."""

    def run() -> T:
        try:
            return function(*args, **kwargs)
        finally:
            connection.close()

    return await asyncio.to_thread(run)
