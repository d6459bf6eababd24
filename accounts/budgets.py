"""Budgets: an estimate is reserved before a question is asked, and settled when it is answered.

Each is one conditional update: however many ask at once, no two are promised the same tokens.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts import measures
from accounts.callers import Caller
from accounts.errors import BudgetExceeded, ModelHasNoPrice
from accounts.periods import renewal_of, start_of
from accounts.spending import Budget, Reservation
from accounts.usage import Amounts


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an answer may take at most: tokens of both sides, and their price where it is known."""

    model: str
    prompt_tokens: int
    answer_tokens: int
    nanodollars: int | None

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.answer_tokens


def reserve(
    caller: Caller, estimate: Estimate, *, holder: UUID, lease: dt.timedelta | None = None
) -> bool:
    """Take the estimate from each of the caller's budgets; whether there are any.

    In a transaction of its own, and after its other writes: see `accounts.billing`. Raises
    BudgetExceeded, ModelHasNoPrice; then it has to be rolled back.
    """
    now = timezone.now()
    held = [_taken(budget, estimate, holder, now) for budget in _own(caller)]
    rows = [row for row in held if row is not None]
    for row in rows:
        row.key_id = str(caller.key_id or "")
        row.lease_until = now + lease if lease else None
    Reservation.objects.bulk_create(rows)
    return bool(rows)


def refuse_early(caller: Caller, estimate: Estimate) -> None:
    """Raises BudgetExceeded where a look is enough to know that `reserve` would."""
    now = timezone.now()
    for budget in _own(caller):
        amount = _amount(budget, estimate) or 0
        start = start_of(Budget.Period(budget.period), now)
        used = budget.spent + budget.reserved if budget.period_start >= start else 0
        if not budget.shadow and used + amount > budget.limit:
            measures.budget_passed(shadow=False)
            raise _exceeded(budget, amount, start, now)


def settle(spent: Mapping[UUID, Amounts]) -> None:
    """Put what the holders have spent in the place of what they had reserved; once only."""
    # Locked, so that of the asking process and the reaper only one finds them.
    rows = Reservation.objects.select_for_update(of=("self",)).select_related("budget")
    held = list(rows.filter(holder__in=spent).order_by("id"))
    Reservation.objects.filter(id__in=[row.id for row in held]).delete()
    changes: defaultdict[tuple[int, dt.date], list[int]] = defaultdict(lambda: [0, 0])
    for row in held:
        change = changes[row.budget_id, row.period_start]
        change[0] += row.amount
        change[1] += _in_unit(row.budget, spent[row.holder])
    for (budget_id, period_start), (released, used) in sorted(changes.items()):
        # What was asked in a period that is over belongs to that one.
        Budget.objects.filter(id=budget_id, period_start=period_start).update(
            reserved=Greatest(F("reserved") - released, 0), spent=F("spent") + used
        )


def renew_leases(holders: Iterable[UUID], lease: dt.timedelta) -> None:
    Reservation.objects.filter(holder__in=holders).update(lease_until=timezone.now() + lease)


def release_expired() -> int:
    """Give back what processes that died had reserved without a turn; how many holders."""
    expired = Reservation.objects.filter(lease_until__lt=timezone.now())
    holders = set(expired.values_list("holder", flat=True))
    settle({holder: Amounts() for holder in holders})
    return len(holders)


def _own(caller: Caller) -> QuerySet[Budget]:
    """In the one order in which all transactions take them."""
    own = Q(user=caller.user_id) | Q(key__isnull=False, key=caller.key_id)
    return Budget.objects.filter(own).order_by("id")


def _taken(
    budget: Budget, estimate: Estimate, holder: UUID, now: dt.datetime
) -> Reservation | None:
    """None for a shadow that cannot tell the price."""
    amount = _amount(budget, estimate)
    if amount is None:
        return None
    start = start_of(Budget.Period(budget.period), now)
    rows = Budget.objects.filter(id=budget.id)
    with_room = rows.alias(used=_used(start)).filter(used__lte=F("limit") - amount)
    if not _add(with_room, amount, start):
        measures.budget_passed(shadow=budget.shadow)
        if not budget.shadow:
            budget.refresh_from_db()
            raise _exceeded(budget, amount, start, now)
        _add(rows, amount, start)
        rows.update(passed=F("passed") + 1, passed_at=now)
    # Another clock may be ahead: what counts is the period that the row is in now.
    budget.refresh_from_db(fields=["period_start"])
    return Reservation(
        budget=budget,
        holder=holder,
        amount=amount,
        period_start=budget.period_start,
        prompt_tokens=estimate.prompt_tokens,
    )


def _amount(budget: Budget, estimate: Estimate) -> int | None:
    """In the budget's unit, never 0; None for a shadow that cannot tell the price."""
    if budget.unit == Budget.Unit.TOKENS:
        return max(1, estimate.tokens)
    if estimate.nanodollars is not None:
        return max(1, estimate.nanodollars)
    if budget.shadow:
        return None
    raise ModelHasNoPrice(estimate.model)


def _is_current(start: dt.date) -> Q:
    return Q(period_start__gte=start)


def _used(start: dt.date) -> Case:
    """What is taken of the period; nothing, where the row still counts an earlier one."""
    return Case(When(_is_current(start), then=F("spent") + F("reserved")), default=Value(0))


def _add(rows: QuerySet[Budget], amount: int, start: dt.date) -> int:
    return rows.update(
        spent=Case(When(_is_current(start), then=F("spent")), default=Value(0)),
        reserved=Case(When(_is_current(start), then=F("reserved") + amount), default=Value(amount)),
        period_start=Case(When(_is_current(start), then=F("period_start")), default=Value(start)),
    )


def _exceeded(budget: Budget, amount: int, start: dt.date, now: dt.datetime) -> BudgetExceeded:
    used = budget.spent + budget.reserved if budget.period_start >= start else 0
    return BudgetExceeded(
        owner="key" if budget.key_id else "user",
        period=budget.period,
        unit=budget.unit,
        limit=budget.limit,
        left=max(0, budget.limit - used),
        needed=amount,
        renews_at=renewal_of(Budget.Period(budget.period), now),
    )


def _in_unit(budget: Budget, amounts: Amounts) -> int:
    return amounts.tokens if budget.unit == Budget.Unit.TOKENS else amounts.nanodollars
