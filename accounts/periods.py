"""The days and months of budgets, in UTC."""

import datetime as dt
from typing import assert_never

from accounts.spending import Budget


def start_of(period: Budget.Period, moment: dt.datetime) -> dt.date:
    """The first day of the period that a moment is in."""
    today = moment.astimezone(dt.UTC).date()
    match period:
        case Budget.Period.DAY:
            return today
        case Budget.Period.MONTH:
            return today.replace(day=1)
        case _ as never:
            assert_never(never)


def renewal_of(period: Budget.Period, moment: dt.datetime) -> dt.datetime:
    """When the next period begins."""
    start = start_of(period, moment)
    # From any day of a month, 31 days after its first is a day of the next.
    days = 1 if period is Budget.Period.DAY else 31
    following = start_of(period, dt.datetime.combine(start, dt.time(), dt.UTC) + dt.timedelta(days))
    return dt.datetime.combine(following, dt.time(), dt.UTC)
