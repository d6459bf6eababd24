"""Who has used how much: the stored lines, added up by what somebody wants to know."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from accounts.errors import UserNotFound
from accounts.models import ApiKey, Usage, User
from accounts.usage import Amounts

_AMOUNTS = (
    *("calls", "prompt_tokens", "completion_tokens", "nanodollars", "estimated", "unpriced"),
)


class GroupBy(Enum):
    DAY = "day"
    MODEL = "model"
    PROVIDER = "provider"
    KEY = "key"
    USER = "user"


_FIELDS: Mapping[GroupBy, Sequence[str]] = {
    GroupBy.DAY: ("day",),
    GroupBy.MODEL: ("provider", "model"),
    GroupBy.PROVIDER: ("provider",),
    GroupBy.KEY: ("key_id",),
    GroupBy.USER: ("workspace", "user_id", "user__username"),
}


@dataclass(frozen=True, slots=True)
class Days:
    """From the first to the last, both included, in UTC."""

    first: dt.date
    last: dt.date


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that have the values of `names` in common; `key_name` is what its user calls a key."""

    names: Mapping[str, Any]
    amounts: Amounts
    key_name: str | None = None


def lines_of(days: Days, *, workspace: str | None) -> QuerySet[Usage]:
    """Without a workspace those of everybody."""
    lines = Usage.objects.filter(day__gte=days.first, day__lte=days.last)
    return lines if workspace is None else lines.filter(workspace=workspace)


def workspace_of(name: str) -> str:
    """Of a user by name or id, or of those who have no account; raises UserNotFound."""
    if name in ("anonymous", "shared-key"):
        return name
    user = User.objects.filter(Q(username=name) | Q(id=_id(name))).first()
    if user is None:
        raise UserNotFound(name)
    return f"user:{user.id}"


def grouped(lines: QuerySet[Usage], by: GroupBy) -> list[Group]:
    """In the order of what they are grouped by; days from the last one on."""
    fields = _FIELDS[by]
    order = ("-day",) if by is GroupBy.DAY else fields
    rows = lines.values(*fields).annotate(**_sums()).order_by(*order)
    groups = [Group({name: row[name] for name in fields}, _amounts(row)) for row in rows]
    return _with_key_names(groups) if by is GroupBy.KEY else groups


def total_of(lines: QuerySet[Usage]) -> Amounts:
    return _amounts(lines.aggregate(**_sums()))


def _sums() -> dict[str, Sum]:
    return {f"sum_{name}": Sum(name) for name in _AMOUNTS}


def _amounts(row: Mapping[str, Any]) -> Amounts:
    # PostgreSQL adds whole numbers up to a decimal one.
    return Amounts(**{name: int(row[f"sum_{name}"] or 0) for name in _AMOUNTS})


def _with_key_names(groups: list[Group]) -> list[Group]:
    ids = [UUID(group.names["key_id"]) for group in groups if group.names["key_id"]]
    names = {str(key.id): key.name for key in ApiKey.objects.filter(id__in=ids).only("id", "name")}
    return [Group(group.names, group.amounts, names.get(group.names["key_id"])) for group in groups]


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
