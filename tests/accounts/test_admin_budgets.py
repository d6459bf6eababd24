"""Budgets and usage on the admin site (issue 7 point 7)."""

from typing import Any

import pytest

from accounts.billing import Bill, hand_in
from accounts.budget_owners import OWNERS
from accounts.callers import ANONYMOUS, Caller
from accounts.models import Budget, Usage, User
from tests.accounts.admin_pages import administrator, page, sent, statements
from tests.accounts.budgets import a_charge, a_key_of, budget_of, somebody

pytestmark = pytest.mark.django_db

BUDGETS, USAGE = "/admin/accounts/budget/", "/admin/accounts/usage/"


@pytest.fixture
def eve() -> User:
    return administrator("eve")


@pytest.fixture
def ada() -> Caller:
    return somebody()


def added(by: User, **fields: Any) -> str:
    """What the form answers; nothing where the budget is stored."""
    form = {"period": "month", "unit": "money", "amount": "12.50", **fields}
    response = sent(f"{BUDGETS}add/", by, form)
    return "" if response.status_code == 302 else response.content.decode()


def test_a_budget_in_money_is_given_in_dollars(
    eve: User, ada: Caller, django_capture_on_commit_callbacks: Any
) -> None:
    OWNERS.read()
    with django_capture_on_commit_callbacks(execute=True):
        assert not added(eve, user=str(ada.user_id))
    budget = Budget.objects.get()
    assert (budget.limit, budget.user_id, budget.period) == (12_500_000_000, ada.user_id, "month")
    assert not OWNERS.is_fresh_for(ada)
    assert 'value="12.5"' in page(f"{BUDGETS}{budget.pk}/change/", eve)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"unit": "tokens", "amount": "0.5"}, "Tokens are whole"),
        ({"amount": "-1"}, "greater than or equal to 0"),
        ({"key": "both"}, "choose one of them"),
        ({"user": ""}, "choose one of them"),
    ],
)
def test_a_budget_that_makes_no_sense_is_refused(
    eve: User, ada: Caller, fields: dict[str, str], reason: str
) -> None:
    if "key" in fields:
        fields = {"key": str(a_key_of(ada).key_id)}
    assert reason in added(eve, **{"user": str(ada.user_id), **fields})
    assert not Budget.objects.exists()


def test_a_change_of_the_limit_leaves_what_is_spent(eve: User, ada: Caller) -> None:
    budget = budget_of(ada, 100, spent=40)
    response = sent(f"{BUDGETS}{budget.pk}/change/", eve, {"amount": "300", "shadow": "on"})
    assert response.status_code == 302
    budget.refresh_from_db()
    assert (budget.limit, budget.shadow, budget.spent, budget.unit) == (300, True, 40, "tokens")


def test_the_lists_say_whose_and_how_much(eve: User, ada: Caller) -> None:
    program = a_key_of(ada)
    budget_of(program, 150)
    hand_in(Bill((a_charge(program), a_charge(ANONYMOUS, cost=None))))
    assert "program (parley_" in page(BUDGETS, eve)
    text = page(USAGE, eve)
    assert "program (parley_" in text and "0.000000005" in text and "no price" in text


def test_the_lists_cost_the_same_however_long_they_are(eve: User, ada: Caller) -> None:
    budget_of(ada, 1)
    hand_in(Bill((a_charge(ada),)))
    few = [len(statements(path, eve)) for path in (BUDGETS, USAGE)]
    for number in range(5):
        other = somebody(f"user{number}")
        budget_of(a_key_of(other), 1)
        hand_in(Bill((a_charge(a_key_of(other)),)))
    many = [len(statements(path, eve)) for path in (BUDGETS, USAGE)]
    # One more, for the names of keys.
    assert many[0] == few[0] and many[1] <= few[1] + 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=ada", True),
        ("q=first", True),
        ("q=nobody", False),
        ("period=today", True),
        ("period=week&counts=estimated", True),
        ("period=month&counts=unpriced", False),
    ],
)
def test_usage_is_searched_and_filtered(eve: User, ada: Caller, query: str, found: bool) -> None:
    hand_in(Bill((a_charge(ada),)))
    assert ("0.000000005" in page(f"{USAGE}?{query}", eve)) is found


def test_usage_is_exported_without_formulas(eve: User) -> None:
    somebody_with_tricks = somebody("=cmd|'/c calc'!A1")
    hand_in(Bill((a_charge(somebody_with_tricks),)))
    action = {"action": "export", "_selected_action": str(Usage.objects.get().pk)}
    response = sent(USAGE, eve, action)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    header, line = response.content.decode().splitlines()
    assert header.startswith("day,workspace,username,key,")
    assert ",'=cmd|'/c calc'!A1," in line and line.endswith(",first,m,1,10,2,0.000000005,1,0")
