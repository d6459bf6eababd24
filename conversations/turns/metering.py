"""What a process counts of its callers' use beside its turns, and writes every few seconds."""

import asyncio
import datetime as dt
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from uuid import UUID, uuid4

import structlog
from django.db import Error as DatabaseFault

from accounts import billing, budgets, usage
from accounts.billing import Bill
from accounts.budget_owners import OWNERS
from accounts.budgets import Estimate
from accounts.callers import Caller
from accounts.usage import Amounts, Charge, Line
from conversations.turns.writer import Writer

logger = structlog.get_logger(__name__)

BETWEEN_WRITES_SECONDS = 2.0
LEASE = dt.timedelta(seconds=45)
_BETWEEN_RENEWALS_SECONDS = 10.0


class Meter:
    """Adds up in memory: a call that no turn stands behind does not wait for the database."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._totals: dict[Line, Amounts] = {}
        self._settled: list[Bill] = []
        self._holders: set[UUID] = set()
        self._news = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None
        self._renewed_at = time.monotonic()

    async def limits(self, caller: Caller) -> bool:
        """Whether the caller has a budget; mostly without a query."""
        if not OWNERS.is_fresh_for(caller):
            await self._writer.run(OWNERS.read)
        return OWNERS.has_one(caller)

    async def reserve(self, caller: Caller, estimate: Estimate) -> UUID:
        """A holder, to be handed back with the bill; raises BudgetExceeded, ModelHasNoPrice."""
        holder = uuid4()
        await self._writer.run_alone(budgets.reserve, caller, estimate, holder=holder, lease=LEASE)
        self._holders.add(holder)
        return holder

    def take(self, bill: Bill) -> None:
        """Write it with the next ones; what was reserved is settled at once."""
        if bill.holder is None:
            self._add(usage.added_up(bill.charges))
        else:
            self._holders.discard(bill.holder)
            self._settled.append(bill)
            self._news.set()

    async def run(self) -> None:
        """Write what has come in, for ever."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(BETWEEN_WRITES_SECONDS):
                    await self._news.wait()
            self._news.clear()
            try:
                await self.flush()
                await self._renew()
            except Exception as error:  # a task that ends here would count nothing any more
                logger.warning("usage_not_stored", error=type(error).__name__)
                await asyncio.sleep(BETWEEN_WRITES_SECONDS)

    async def flush(self) -> None:
        """Write what was taken so far; raises what the database says, and forgets nothing then."""
        while (writing := self._writing) is not None:
            await asyncio.wait([writing])
        if not self._totals and not self._settled:
            return
        # A task of its own: cancelled half way, it would be written now and once more later.
        self._writing = asyncio.create_task(self._write())
        self._writing.add_done_callback(_look_at)
        await asyncio.shield(self._writing)

    async def aclose(self) -> None:
        try:
            await self.flush()
        except DatabaseFault as error:
            logger.warning("usage_lost", error=type(error).__name__, lines=len(self._totals))

    async def _write(self) -> None:
        totals, self._totals = self._totals, {}
        settled, self._settled = self._settled, []
        try:
            await self._writer.run(_write, totals, settled)
        except Exception:
            self._add(totals)
            self._settled = [*settled, *self._settled]
            raise
        finally:
            self._writing = None

    def _add(self, totals: Mapping[Line, Amounts]) -> None:
        for line, amounts in totals.items():
            self._totals[line] = self._totals.get(line, Amounts()) + amounts

    async def _renew(self) -> None:
        if self._holders and time.monotonic() - self._renewed_at > _BETWEEN_RENEWALS_SECONDS:
            self._renewed_at = time.monotonic()
            await self._writer.run(budgets.renew_leases, tuple(self._holders), LEASE)


def _write(totals: Mapping[Line, Amounts], settled: Sequence[Bill]) -> None:
    """A job of the writer."""
    charges = tuple(Charge(line, amounts) for line, amounts in totals.items())
    for bill in (Bill(charges), *settled):
        billing.hand_in(bill)


def _look_at(writing: asyncio.Task[None]) -> None:
    # Also where whoever waited has left, or asyncio complains of it.
    if not writing.cancelled():
        writing.exception()
