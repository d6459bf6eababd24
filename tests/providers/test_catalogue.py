"""A model list is asked for once, by many, and kept (V-4.2, C-9.3)."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from providers.backends.scripted import Scripted
from providers.catalogue import Catalogue, Listing
from providers.errors import (
    ProviderFault,
    ProviderNotFound,
    ProviderTimeout,
    ProviderUnavailable,
)
from providers.registry import ProviderSpec, Registry
from providers.types import ModelInfo


class Slow(Scripted):
    """Answers when `gate` is opened."""

    def __init__(self, *, name: str, models: Sequence[str] | ProviderFault = ("a",)) -> None:
        super().__init__(models=models, name=name)
        self.gate = asyncio.Event()

    async def models(self) -> tuple[ModelInfo, ...]:
        await self.gate.wait()
        return await super().models()


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def slow(
    models: Sequence[str] | ProviderFault = ("a",), *, patience: float = 5.0, deadline: float = 30.0
) -> tuple[Slow, Catalogue, Clock]:
    registry = Registry({"slow": ProviderSpec(f"{__name__}.Slow", {"models": models}, None)})
    provider = registry.get("slow")
    assert isinstance(provider, Slow)
    clock = Clock()
    catalogue = Catalogue(registry, ttl=3600, patience=patience, deadline=deadline, clock=clock)
    return provider, catalogue, clock


async def test_the_second_answer_is_cached_and_asks_nobody() -> None:
    provider, catalogue, _ = slow()
    provider.gate.set()
    first, second = [await catalogue.models(" Slow") for _ in range(2)]
    assert (first.cached, second.cached, provider.listed) == (False, True, 1)
    assert [model.id for model in second.models] == ["a"]


async def test_an_hour_later_it_is_asked_again() -> None:
    provider, catalogue, clock = slow()
    provider.gate.set()
    await catalogue.models("slow")
    clock.now += 3600
    assert not (await catalogue.models("slow")).cached


async def test_callers_at_the_same_time_share_one_call() -> None:
    provider, catalogue, _ = slow()
    callers = [asyncio.create_task(catalogue.models("slow")) for _ in range(5)]
    await asyncio.sleep(0)
    provider.gate.set()
    listings = await asyncio.gather(*callers)
    assert [listing.cached for listing in listings] == [False] * 5
    assert provider.listed == 1


async def test_a_caller_that_leaves_takes_nothing_from_the_others() -> None:
    provider, catalogue, _ = slow()
    leaving, staying = [asyncio.create_task(catalogue.models("slow")) for _ in range(2)]
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.sleep(0)
    provider.gate.set()
    assert (await staying).models
    assert leaving.cancelled()


async def test_a_failure_is_not_kept() -> None:
    provider, catalogue, _ = slow(ProviderUnavailable("gone"))
    provider.gate.set()
    for _ in range(2):
        with pytest.raises(ProviderUnavailable):
            await catalogue.models("slow")
    assert provider.listed == 2


async def test_a_failure_that_nobody_waits_for_is_quiet() -> None:
    provider, catalogue, _ = slow(ProviderUnavailable("gone"))
    leaving = asyncio.create_task(catalogue.models("slow"))
    await asyncio.sleep(0)
    leaving.cancel()
    provider.gate.set()
    await asyncio.gather(leaving, return_exceptions=True)
    await asyncio.sleep(0)
    assert provider.listed == 1


async def test_an_unknown_provider_is_not_found() -> None:
    _, catalogue, _ = slow()
    with pytest.raises(ProviderNotFound):
        await catalogue.models("nobody")


async def test_for_routing_a_failure_is_an_empty_list_for_half_a_minute() -> None:
    provider, catalogue, clock = slow(ProviderUnavailable("gone"))
    provider.gate.set()
    assert [await catalogue.known_ids("slow") for _ in range(3)] == [frozenset()] * 3
    assert provider.listed == 1
    clock.now += 30
    await catalogue.known_ids("slow")
    assert provider.listed == 2


async def test_routing_does_not_wait_for_ever_and_the_list_is_there_next_time() -> None:
    provider, catalogue, _ = slow(patience=0.01)
    assert await catalogue.known_ids("slow") == frozenset()
    provider.gate.set()
    await asyncio.sleep(0.01)
    assert await catalogue.known_ids("slow") == {"a"}
    assert catalogue.kept_ids("slow") == {"a"}


def test_each_event_loop_asks_for_itself() -> None:
    provider, catalogue, clock = slow()

    async def ask() -> bool:
        provider.gate = asyncio.Event()
        provider.gate.set()
        return (await catalogue.models("slow")).cached

    assert asyncio.run(ask()) is False
    clock.now += 3600
    assert asyncio.run(ask()) is False


class Shelf:
    """Lists that a process before this one has left."""

    def __init__(self, *ids: str, identity: str = "") -> None:
        self.held = {"slow": (identity, tuple(ModelInfo(each, each) for each in ids))}

    def lists(self) -> Mapping[str, tuple[str, tuple[ModelInfo, ...]]]:
        return self.held

    def put(self, name: str, identity: str, models: tuple[ModelInfo, ...]) -> None:
        self.held[name] = (identity, models)


async def test_the_last_known_list_outlives_the_provider() -> None:
    provider, catalogue, clock = slow()
    provider.gate.set()
    await catalogue.models("slow")
    provider._models = ProviderUnavailable("gone")
    clock.now += 3600
    listing = await catalogue.models("slow")
    assert ([model.id for model in listing.models], listing.trouble) == (["a"], "unreachable")
    assert await catalogue.known_ids("slow") == catalogue.kept_ids("slow") == {"a"}
    assert provider.listed == 2
    clock.now += 30
    await catalogue.models("slow")
    assert provider.listed == 3


async def test_nobody_waits_for_a_silent_provider_whose_list_is_known() -> None:
    provider, catalogue, clock = slow()
    provider.gate.set()
    await catalogue.models("slow")
    clock.now += 3600
    provider.gate.clear()
    assert (await catalogue.models("slow")).models
    provider.gate.set()
    await asyncio.sleep(0)
    assert not catalogue.due()


async def test_what_another_process_left_is_known_until_the_provider_answers() -> None:
    provider, catalogue, _ = slow()
    catalogue.put_on(Shelf("left"))
    assert catalogue.kept_ids("slow") == {"left"}
    assert catalogue.due() == ["slow"]
    assert [model.id for model in (await catalogue.models("slow")).models] == ["left"]
    provider.gate.set()
    await catalogue.look("slow")
    assert [model.id for model in (await catalogue.models("slow")).models] == ["a"]
    assert not catalogue.due()


def test_a_list_of_another_server_is_not_taken_over() -> None:
    _, catalogue, _ = slow()
    catalogue.put_on(Shelf("left", identity="of another address"))
    assert catalogue.kept_ids("slow") == frozenset()


async def test_only_the_first_waits_for_a_provider_that_was_never_heard() -> None:
    provider, catalogue, _ = slow(deadline=0.05)
    for _ in range(2):
        with pytest.raises(ProviderTimeout):
            await catalogue.models("slow")
    assert catalogue.trouble("slow") == "no answer in time"
    assert await catalogue.known_ids("slow") == frozenset()
    provider.gate.set()
    assert (await catalogue.models("slow")).models
    assert catalogue.trouble("slow") == ""


async def test_who_is_late_is_left_out_while_there_is_another_list() -> None:
    specs = {
        name: ProviderSpec(f"{__name__}.Slow", {"models": (name,)}, None)
        for name in ("quick", "late")
    }
    registry = Registry(specs)
    catalogue = Catalogue(registry, patience=0.01)
    quick, late = registry.get("quick"), registry.get("late")
    assert isinstance(quick, Slow)
    assert isinstance(late, Slow)
    quick.gate.set()
    found = await catalogue.listings(specs)
    assert isinstance(found["quick"], Listing)
    assert isinstance(found["late"], ProviderTimeout)
    late.gate.set()
    assert isinstance((await catalogue.listings(specs))["late"], Listing)
    assert await catalogue.listings(()) == {}
