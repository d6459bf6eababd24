"""Asking one provider after the other until one answers: the only way an answer is asked for."""

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from providers.base import Provider
from providers.errors import ProviderBusy, ProviderFault, ProviderTimeout
from providers.events import Finished, ProviderEvent, RawChunk, TextDelta, ToolCallDelta
from providers.framing import unfinished
from providers.registry import Registry
from providers.resilience.guards import guards_of
from providers.resilience.places import Ticket
from providers.resilience.retrying import is_down, pause_before
from providers.resilience.steps import COMPLETED, Attempt, Began, Step, Waiting
from providers.resilience.watch import Watch
from providers.types import Ask, ProviderRequest

RequestFor = Callable[[Ask, str, Provider], ProviderRequest]

_TELL_SECONDS = 1.0
_MOST_HELD = 100
_WORDS = (TextDelta, RawChunk, ToolCallDelta)


@dataclass(frozen=True, slots=True)
class Patience:
    """The caller's own limits in seconds, beside the provider's: None sets none."""

    total: float | None = None
    silence: float | None = None


async def answer(
    registry: Registry,
    asks: Sequence[Ask],
    request_for: RequestFor,
    *,
    caller: str,
    patience: Patience = Patience(),
) -> AsyncGenerator[Step, None]:
    """Everything that happens until one of `asks` has answered; `Finished` ends the answer.

    Another is asked only while nothing has been said: never two answers glued together. Each
    attempt ends with `Left`. Raises ProviderFault, the last one's; ProviderNotFound where its
    turn comes to a provider that there is none of.
    """
    for place, ask in enumerate(asks):
        following = asks[place + 1].provider if place + 1 < len(asks) else None
        asking = _Asking(registry, ask, request_for, caller, patience, following)
        while True:
            attempt = asking.begin()
            try:
                async for waiting in asking.wait_for_a_place():
                    yield waiting
                async with aclosing(asking.pieces(attempt)) as pieces:
                    async for piece in pieces:
                        yield piece
            except ProviderFault as error:
                fault = error
            else:
                yield attempt.left(COMPLETED)
                return
            finally:
                asking.leave()
            pause = asking.pause_after(attempt, fault)
            yield attempt.left(fault.kind, fault, asking.next_step(attempt, pause))
            if pause is None:
                break
            await asyncio.sleep(pause)
        if attempt.has_spoken or following is None:
            raise fault


class _Asking:
    """One provider's share: how often it is asked, and each attempt."""

    def __init__(
        self,
        registry: Registry,
        ask: Ask,
        request_for: RequestFor,
        caller: str,
        patience: Patience,
        following: str | None,
    ) -> None:
        self._ask = ask
        self._provider = registry.get(ask.provider)
        self._handling = registry.handling(ask.provider)
        self._guards = guards_of(registry, self._provider.name)
        self._request_for = request_for
        self._caller = caller
        self._patience = patience
        self._following = following
        # Another provider that can answer now is better than waiting for this one.
        self._retries = 0 if following else self._handling.retries
        self._begun = 0
        self._ticket: Ticket | None = None

    def begin(self) -> Attempt:
        self._begun += 1
        return Attempt(self._ask, self._ask.model, dt.datetime.now(dt.UTC))

    async def wait_for_a_place(self) -> AsyncGenerator[Waiting, None]:
        """Raises ProviderResting, ProviderBusy."""
        self._guards.circuit.pass_through()
        places = self._guards.places
        if places is None:
            return
        ticket = self._ticket = places.enter(self._caller)
        told, waited = None, 0.0
        while not ticket.is_granted:
            if waited >= self._handling.queue:
                raise ProviderBusy(f"All places of '{self._ask.provider}' are taken; try again.")
            if (now := places.waiting(ticket)) != told:
                told = now
                yield now
            await ticket.granted_within(_TELL_SECONDS)
            waited += _TELL_SECONDS

    def leave(self) -> None:
        if self._guards.places is not None and self._ticket is not None:
            self._guards.places.leave(self._ticket)
            self._ticket = None

    async def pieces(self, attempt: Attempt) -> AsyncGenerator[Step, None]:
        """One attempt; what says nothing is held back until something is said."""
        watch = self._new_watch()
        try:
            attempt.model = attempt.model or await self._provider.default_model()
            yield Began(attempt)
            request = self._request_for(attempt.ask, attempt.model, self._provider)
            held: list[ProviderEvent] = []
            async with aclosing(self._provider.stream(request)) as events:
                while (event := await watch.next(events)) is not None:
                    if not attempt.has_spoken:
                        self._look_at(event, attempt, watch)
                        if _says_nothing(event) and len(held) < _MOST_HELD:
                            held.append(event)
                            continue
                        for silent in held:
                            attempt.take(silent)
                            yield silent
                        held.clear()
                    attempt.take(event)
                    yield event
        except TimeoutError as error:
            # A long answer that is cut off is no sign of a dead provider.
            if not attempt.has_spoken:
                self._guards.circuit.failed()
            message = f"{self._ask.provider} did not answer within {watch.limit:g} seconds."
            raise ProviderTimeout(message) from error
        except ProviderFault as fault:
            self._note(fault)
            raise
        finally:
            watch.close()
        self._guards.circuit.succeeded()

    def pause_after(self, attempt: Attempt, fault: ProviderFault) -> float | None:
        """Seconds until it is asked again; None when it is not."""
        if attempt.has_spoken or self._begun > self._retries:
            return None
        return pause_before(self._begun, fault)

    def next_step(self, attempt: Attempt, pause: float | None) -> str:
        if pause is not None:
            return f"asked again after {pause:.1f} s"
        if attempt.has_spoken:
            return "kept what had come"
        return f"asked '{self._following}' instead" if self._following else "gave up"

    def _new_watch(self) -> Watch:
        totals = (self._patience.total, self._handling.total)
        return Watch(
            silence=self._patience.silence,
            first=self._handling.first_text,
            total=min((total for total in totals if total is not None), default=None),
        )

    def _look_at(self, event: ProviderEvent, attempt: Attempt, watch: Watch) -> None:
        if isinstance(event, Finished) and self._following:
            raise unfinished(self._ask.provider, is_readable=False)
        if isinstance(event, _WORDS) and not _says_nothing(event):
            attempt.has_spoken = True
            attempt.first_text_at = dt.datetime.now(dt.UTC)
            watch.spoken()

    def _note(self, fault: ProviderFault) -> None:
        if is_down(fault):
            self._guards.circuit.failed()
        else:
            self._guards.circuit.succeeded()


def _says_nothing(event: ProviderEvent) -> bool:
    return isinstance(event, RawChunk) and event.is_silent
