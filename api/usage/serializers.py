"""The JSON of usage; amounts of money are texts, because a float would not be exact."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from accounts.money import dollars, plain
from accounts.usage import Amounts
from accounts.usage_reports import Days, Group, GroupBy
from api.responses import Answer

COLUMNS: Mapping[GroupBy, Sequence[str]] = {
    GroupBy.DAY: ("day",),
    GroupBy.MODEL: ("provider", "model"),
    GroupBy.PROVIDER: ("provider",),
    GroupBy.KEY: ("key", "key_name"),
    GroupBy.USER: ("user", "username"),
}


class AmountsJson(Answer):
    """`cost_usd` is that of the calls with a known price: null where there is none such.

    `unpriced_calls` are the others; of the tokens of `estimated_calls` the provider said nothing.
    """

    calls: int
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cost_usd: str | None
    estimated_calls: int
    unpriced_calls: int


class UsageLineJson(AmountsJson):
    """Of the first fields there are those by which the lines are grouped."""

    day: dt.date | None = None
    provider: str | None = None
    model: str | None = None
    key: str | None = None
    key_name: str | None = None
    user: str | None = None
    username: str | None = None


class UsageJson(Answer):
    first: dt.date
    last: dt.date
    group_by: GroupBy
    items: list[UsageLineJson]
    totals: AmountsJson


def usage_json(days: Days, by: GroupBy, groups: list[Group], total: Amounts) -> UsageJson:
    return UsageJson(
        first=days.first,
        last=days.last,
        group_by=by,
        items=[line_json(group, by) for group in groups],
        totals=AmountsJson(**_amounts(total)),
    )


def line_json(group: Group, by: GroupBy) -> UsageLineJson:
    return UsageLineJson(**_names(group, by), **_amounts(group.amounts))


def _names(group: Group, by: GroupBy) -> dict[str, Any]:
    names = group.names
    if by is GroupBy.KEY:
        return {"key": names["key_id"] or None, "key_name": group.key_name}
    if by is GroupBy.USER:
        user_id = names["user_id"]
        # Of those without an account, whose workspace it is.
        username = names["user__username"] or (None if user_id else names["workspace"])
        return {"user": str(user_id) if user_id else None, "username": username}
    return dict(names)


def _amounts(amounts: Amounts) -> dict[str, Any]:
    is_known = amounts.unpriced < amounts.calls or not amounts.calls
    return {
        "calls": amounts.calls,
        "prompt_tokens": amounts.prompt_tokens,
        "completion_tokens": amounts.completion_tokens,
        "total_tokens": amounts.tokens,
        "cost_usd": plain(dollars(amounts.nanodollars)) if is_known else None,
        "estimated_calls": amounts.estimated,
        "unpriced_calls": amounts.unpriced,
    }
