"""Bills are written at the end of their transaction, in one order that all transactions keep.

Answers end in batches, and several workers add to the same lines and budgets: two transactions
that took them in different orders would wait for each other until the database gives one up.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from accounts import budgets, usage
from accounts.usage import Amounts, Charge


@dataclass(frozen=True, slots=True)
class Bill:
    """What an answer has cost; `holder` is who had reserved for it, None if nobody had to."""

    charges: tuple[Charge, ...]
    holder: UUID | None = None


class _Due(threading.local):
    bills: list[Bill] | None = None


_due = _Due()


@contextmanager
def charging() -> Iterator[None]:
    """Around the work of a transaction: its bills are written when that is done."""
    bills = _due.bills = []
    try:
        yield
        _write(bills)
    finally:
        _due.bills = None


def hand_in(bill: Bill) -> None:
    """Write it with the transaction that is under way, or at once where nobody charges."""
    if _due.bills is not None:
        _due.bills.append(bill)
    else:
        with transaction.atomic():
            _write([bill])


def _write(bills: Sequence[Bill]) -> None:
    usage.record(usage.added_up(charge for bill in bills for charge in bill.charges))
    spent = {bill.holder: _total(bill) for bill in bills if bill.holder is not None}
    if spent:
        budgets.settle(spent)


def _total(bill: Bill) -> Amounts:
    return sum((charge.amounts for charge in bill.charges), start=Amounts())
