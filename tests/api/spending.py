"""Budgets and usage of people at a running server."""

from typing import Any

from tests.api.accounts import Account, execute

_BUDGET = (
    'INSERT INTO accounts_budget (user_id, key_id, period, unit, "limit", shadow, period_start,'
    " spent, reserved, passed, created_at) SELECT {owner}, 'month', 'tokens',"
    " CAST(? AS bigint), FALSE, '1970-01-01', 0, 0, 0, CURRENT_TIMESTAMP FROM {table}"
)


def give_budget(account: Account, tokens: int) -> None:
    """To the user, for this month."""
    statement = _BUDGET.format(owner="id, NULL", table="accounts_user WHERE username = ?")
    execute(account.server, statement, tokens, account.username)


def state_of_budget(account: Account) -> tuple[int, int]:
    """What is spent and what is reserved."""
    owner = "(SELECT id FROM accounts_user WHERE username = ?)"
    statement = f"SELECT spent, reserved FROM accounts_budget WHERE user_id = {owner}"
    [(spent, reserved)] = execute(account.server, statement, account.username)
    return spent, reserved


def used(account: Account, query: str = "") -> dict[str, Any]:
    answer = account.server.get(f"/api/usage?{query}", headers=account.headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
