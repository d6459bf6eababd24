"""What callers have used: one line for each day, caller, key and model."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.callers import Caller
from accounts.spending import Usage

_LONGEST_PROVIDER, _LONGEST_MODEL = 64, 255


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """Of which the tokens are added up."""

    day: dt.date
    workspace: str
    user: str
    key: str
    provider: str
    model: str


@dataclass(frozen=True, slots=True)
class Amounts:
    """As in `Usage`."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    nanodollars: int = 0
    estimated: int = 0
    unpriced: int = 0

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.nanodollars + other.nanodollars,
            self.estimated + other.estimated,
            self.unpriced + other.unpriced,
        )

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True)
class Charge:
    """One call of a provider, and what it came to."""

    line: Line
    amounts: Amounts


def charge(
    caller: Caller,
    provider: str,
    model: str,
    *,
    prompt_tokens: int,
    completion_tokens: int,
    nanodollars: int | None,
    estimated: bool,
) -> Charge:
    """Now; without `nanodollars` the price is not known."""
    line = Line(
        day=dt.datetime.now(dt.UTC).date(),
        workspace=caller.workspace,
        user=str(caller.user_id or ""),
        key=str(caller.key_id or ""),
        provider=provider[:_LONGEST_PROVIDER],
        model=model[:_LONGEST_MODEL],
    )
    amounts = Amounts(
        calls=1,
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        nanodollars=nanodollars or 0,
        estimated=int(estimated),
        unpriced=int(nanodollars is None),
    )
    return Charge(line, amounts)


def added_up(charges: Iterable[Charge]) -> dict[Line, Amounts]:
    totals: defaultdict[Line, Amounts] = defaultdict(Amounts)
    for one in charges:
        totals[one.line] += one.amounts
    return dict(totals)


def record(totals: Mapping[Line, Amounts]) -> None:
    """Add to the stored lines; within a transaction, in the one order that all of them keep."""
    if totals:
        with connection.cursor() as cursor:
            cursor.executemany(_ADD, [_values(line, totals[line]) for line in sorted(totals)])


# Written out, because each answer waits for it: the same by `F()` takes ten times the CPU.
_NAMES = ("day", "workspace", "user_id", "key_id", "provider", "model")
_SUMS = tuple(field.name for field in fields(Amounts))
_ADD = (
    f"INSERT INTO accounts_usage ({', '.join((*_NAMES, *_SUMS))})"
    f" VALUES ({', '.join(['%s'] * (len(_NAMES) + len(_SUMS)))})"
    " ON CONFLICT (workspace, day, key_id, provider, model) DO UPDATE SET "
    + ", ".join(f"{name} = accounts_usage.{name} + excluded.{name}" for name in _SUMS)
)
_user_id = Usage._meta.get_field("user")


def _values(line: Line, amounts: Amounts) -> tuple[Any, ...]:
    user_id = UUID(line.user) if line.user else None
    return (
        connection.ops.adapt_datefield_value(line.day),
        line.workspace,
        _user_id.get_db_prep_value(user_id, connection),
        line.key,
        line.provider,
        line.model,
        *(getattr(amounts, name) for name in _SUMS),
    )
