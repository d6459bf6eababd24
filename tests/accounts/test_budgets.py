"""Budgets: what is reserved, settled, refused, renewed, and never lost (issue 7 point 7)."""

import datetime as dt
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import budgets
from accounts.billing import Bill, charging, hand_in
from accounts.budget_owners import BudgetOwners
from accounts.budgets import Estimate, reserve, settle
from accounts.callers import ANONYMOUS, Caller
from accounts.errors import BudgetExceeded, ModelHasNoPrice
from accounts.models import Budget, Reservation, Usage
from accounts.money import nanodollars
from accounts.periods import renewal_of, start_of
from accounts.usage import Amounts
from tests.accounts.budgets import a_charge, a_key_of, budget_of, somebody, state_of

pytestmark = pytest.mark.django_db

CENT = nanodollars(Decimal("0.01"))


def ask(caller: Caller, prompt: int = 40, answer: int = 60, cost: int | None = None) -> UUID:
    holder = uuid4()
    with transaction.atomic():
        reserve(caller, Estimate("m", prompt, answer, cost), holder=holder)
    return holder


def test_what_is_reserved_is_replaced_by_what_was_spent() -> None:
    ada = somebody()
    budget = budget_of(ada, 1000)
    holder = ask(ada)
    assert state_of(budget) == (0, 100)
    settle({holder: Amounts(calls=1, prompt_tokens=40, completion_tokens=7)})
    assert state_of(budget) == (47, 0)
    assert not Reservation.objects.exists()


def test_a_question_that_does_not_fit_is_refused_and_leaves_nothing() -> None:
    ada = somebody()
    budget = budget_of(ada, 250)
    ask(ada), ask(ada)
    with pytest.raises(BudgetExceeded) as refusal:
        ask(ada)
    assert state_of(budget) == (0, 200)
    assert Reservation.objects.count() == 2
    midnight = renewal_of(Budget.Period.DAY, timezone.now())
    assert str(refusal.value) == (
        "The budget of your account, 250 tokens a day, does not hold this question: it may take"
        " 100 tokens, and 50 tokens are left. The budget renews on"
        f" {midnight:%Y-%m-%d} at 00:00 UTC"
    )
    assert 1 <= refusal.value.retry_after <= 24 * 3600


def test_an_answer_may_be_longer_than_its_estimate_and_counts_in_full() -> None:
    ada = somebody()
    budget = budget_of(ada, 100)
    settle({ask(ada): Amounts(prompt_tokens=40, completion_tokens=400)})
    assert state_of(budget) == (440, 0)
    with pytest.raises(BudgetExceeded):
        ask(ada, 1, 1)


def test_settling_twice_counts_once() -> None:
    ada = somebody()
    budget = budget_of(ada, 1000)
    holder = ask(ada)
    for _ in range(2):
        settle({holder: Amounts(prompt_tokens=10)})
    assert state_of(budget) == (10, 0)


def test_a_key_is_held_to_its_own_budget_and_to_its_users() -> None:
    ada = somebody()
    program = a_key_of(ada)
    of_user, of_key = budget_of(ada, 1000), budget_of(program, 150)
    ask(program)
    assert (state_of(of_user), state_of(of_key)) == ((0, 100), (0, 100))
    with pytest.raises(BudgetExceeded, match="The budget of this API key, 150 tokens"):
        ask(program)
    assert (state_of(of_user), state_of(of_key)) == ((0, 100), (0, 100))
    ask(ada)
    assert state_of(of_key) == (0, 100)


def test_a_refusal_of_the_second_budget_gives_the_first_back() -> None:
    ada = somebody()
    program = a_key_of(ada)
    of_key, of_user = budget_of(program, 1000), budget_of(ada, 50)
    with pytest.raises(BudgetExceeded):
        ask(program)
    assert (state_of(of_key), state_of(of_user)) == ((0, 0), (0, 0))


def test_somebody_elses_budget_is_nobody_elses_business() -> None:
    ada, bob = somebody(), somebody("bob")
    budget = budget_of(ada, 10)
    ask(bob)
    assert state_of(budget) == (0, 0)


def test_money_is_counted_in_billionths_of_a_dollar() -> None:
    ada = somebody()
    budget = budget_of(ada, CENT, unit="money", period="month")
    holder = ask(ada, cost=CENT - 1)
    with pytest.raises(BudgetExceeded, match=r"0\.01 US dollars a month.* 0\.000000002 US dollars"):
        ask(ada, cost=2)
    settle({holder: Amounts(nanodollars=150)})
    assert state_of(budget) == (150, 0)


def test_a_budget_in_money_needs_a_price() -> None:
    ada = somebody()
    budget = budget_of(ada, CENT, unit="money")
    with pytest.raises(ModelHasNoPrice, match="MODEL_PRICES"):
        ask(ada, cost=None)
    assert state_of(budget) == (0, 0)


def test_a_free_model_takes_the_least_there_is() -> None:
    ada = somebody()
    budget = budget_of(ada, 1, unit="money")
    ask(ada, cost=0)
    with pytest.raises(BudgetExceeded):
        ask(ada, cost=0)
    assert state_of(budget) == (0, 1)


def test_a_shadow_counts_and_refuses_nothing() -> None:
    ada = somebody()
    budget = budget_of(ada, 150, shadow=True)
    holders = [ask(ada) for _ in range(3)]
    assert state_of(budget) == (0, 300)
    assert budget.passed == 2 and budget.passed_at is not None
    settle({holder: Amounts(prompt_tokens=5) for holder in holders})
    assert state_of(budget) == (15, 0)
    in_money = budget_of(ada, CENT, unit="money", shadow=True)
    ask(ada, cost=None)
    assert state_of(in_money) == (0, 0)


def test_a_new_period_begins_with_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ada = somebody()
    budget = budget_of(ada, 100)
    before = ask(ada)
    tomorrow = timezone.now() + dt.timedelta(days=1)
    monkeypatch.setattr(timezone, "now", lambda: tomorrow)
    ask(ada)
    assert state_of(budget) == (0, 100)
    assert budget.period_start == tomorrow.date()
    # It was asked in the period that is over, and is not counted in this one.
    settle({before: Amounts(prompt_tokens=70)})
    assert state_of(budget) == (0, 100)


def test_a_clock_that_is_behind_does_not_begin_the_old_period_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ada = somebody()
    budget = budget_of(ada, 150)
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now + dt.timedelta(days=1))
    ask(ada)
    monkeypatch.setattr(timezone, "now", lambda: now)
    with pytest.raises(BudgetExceeded):
        ask(ada)
    small = ask(ada, 20, 30)
    settle({small: Amounts(prompt_tokens=50)})
    assert state_of(budget) == (50, 100)


@pytest.mark.parametrize(
    ("period", "moment", "start", "renewal"),
    [
        ("day", "2026-12-31T23:59:59+00:00", "2026-12-31", "2027-01-01"),
        ("month", "2026-12-31T23:59:59+00:00", "2026-12-01", "2027-01-01"),
        ("month", "2028-01-31T00:00:00+00:00", "2028-01-01", "2028-02-01"),
        ("day", "2026-03-01T00:30:00+02:00", "2026-02-28", "2026-03-01"),
    ],
)
def test_periods_are_days_and_months_in_utc(
    period: str, moment: str, start: str, renewal: str
) -> None:
    at = dt.datetime.fromisoformat(moment)
    assert start_of(Budget.Period(period), at).isoformat() == start
    assert renewal_of(Budget.Period(period), at).isoformat() == f"{renewal}T00:00:00+00:00"


def test_what_a_dead_process_had_reserved_is_given_back() -> None:
    ada = somebody()
    budget = budget_of(ada, 1000)
    dead, living = uuid4(), uuid4()
    lease = dt.timedelta(seconds=30)
    reserve(ada, Estimate("m", 40, 60, None), holder=dead, lease=-lease)
    reserve(ada, Estimate("m", 40, 60, None), holder=living, lease=-lease)
    budgets.renew_leases([living], lease)
    assert budgets.release_expired() == 1
    assert state_of(budget) == (0, 100)
    assert Reservation.objects.get().holder == living


def test_a_budget_has_one_owner_and_one_of_each_kind() -> None:
    ada = somebody()
    program = a_key_of(ada)
    budget_of(ada, 10)
    for fields in ({}, {"key_id": program.key_id}, {"user_id": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            budget_of(ada, 10, **fields)


def test_bills_are_added_up_and_written_at_the_end_of_the_transaction() -> None:
    ada = somebody()
    budget = budget_of(ada, 1000)
    bills = [Bill((a_charge(ada),), ask(ada)) for _ in range(2)]
    with transaction.atomic(), charging():
        for bill in bills:
            hand_in(bill)
        assert not Usage.objects.exists()
    line = Usage.objects.get()
    assert (line.calls, line.prompt_tokens, line.completion_tokens) == (2, 20, 4)
    assert (line.nanodollars, line.estimated, line.unpriced) == (10, 2, 0)
    assert state_of(budget) == (24, 0)


def test_a_transaction_that_fails_charges_nothing_and_neither_does_the_next() -> None:
    ada = somebody()
    with pytest.raises(ZeroDivisionError), transaction.atomic(), charging():
        hand_in(Bill((a_charge(ada),)))
        raise ZeroDivisionError
    with charging():
        pass
    assert not Usage.objects.exists()


def test_a_call_without_a_price_is_counted_as_such() -> None:
    hand_in(Bill((a_charge(ANONYMOUS, cost=None), a_charge(ANONYMOUS))))
    line = Usage.objects.get()
    assert (line.workspace, line.user_id, line.key_id) == ("anonymous", None, "")
    assert (line.calls, line.unpriced, line.nanodollars) == (2, 1, 5)


def test_whoever_has_no_budget_is_known_without_a_query() -> None:
    ada, bob = somebody(), somebody("bob")
    program = a_key_of(bob)
    budget_of(ada, 10), budget_of(program, 10)
    now = [0.0]
    owners = BudgetOwners(clock=lambda: now[0])
    assert owners.is_fresh_for(ANONYMOUS) and not owners.is_fresh_for(ada)
    now[0] = 1.0
    owners.read()
    with CaptureQueriesContext(connection) as queries:
        owners.read()
        known = [owners.has_one(caller) for caller in (ada, bob, program, ANONYMOUS)]
    assert known == [True, False, True, False]
    assert not queries.captured_queries
    now[0] = 5.4
    assert owners.is_fresh_for(bob)
    now[0] = 5.6
    assert not owners.is_fresh_for(bob)
