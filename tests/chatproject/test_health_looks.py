"""Looks that are shared, providers that nobody waits for, and a server that is not ready."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import RequestFactory

from chatproject.health_checks import SharedLook
from chatproject.health_providers import ProviderLooks
from chatproject.health_ready import live, ready
from conversations.turns.service import engine
from providers.backends.scripted import Scripted
from providers.catalogue import Catalogue
from providers.errors import (
    AnswerUnreadable,
    ProviderFault,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnavailable,
)
from providers.registry import ProviderSpec
from tests.conversations.engine_room import ScriptedRegistry, running_engine

LONG = 3600.0


class Slow:
    """Something to look at, which answers when it is let."""

    def __init__(self) -> None:
        self.looks = 0
        self.answers = asyncio.Event()

    async def __call__(self) -> str:
        self.looks += 1
        await self.answers.wait()
        return "ok"


async def turns_of_the_loop() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_all_who_ask_at_the_same_time_share_one_look() -> None:
    slow = Slow()
    look = SharedLook(slow, fresh=LONG)
    asking = [asyncio.create_task(look.found()) for _ in range(50)]
    await turns_of_the_loop()
    slow.answers.set()
    assert await asyncio.gather(*asking) == ["ok"] * 50
    assert await look.found() == "ok"
    assert slow.looks == 1


async def test_a_look_is_repeated_when_it_is_old() -> None:
    slow = Slow()
    slow.answers.set()
    look = SharedLook(slow, fresh=0.0)
    for _ in range(3):
        await look.found()
    assert slow.looks == 3


async def test_a_caller_that_leaves_does_not_take_the_look_from_the_others() -> None:
    slow = Slow()
    look = SharedLook(slow, fresh=LONG)
    leaving, staying = asyncio.create_task(look.found()), asyncio.create_task(look.found())
    await turns_of_the_loop()
    leaving.cancel()
    await turns_of_the_loop()
    slow.answers.set()
    assert await staying == "ok"
    assert leaving.cancelled()
    assert slow.looks == 1


async def test_a_look_that_breaks_is_an_answer_and_not_the_last() -> None:
    answers: list[str | Exception] = [RuntimeError("secret"), "ok"]

    async def broken() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    look = SharedLook(broken, fresh=0.0)
    assert [await look.found(), await look.found()] == ["unavailable", "ok"]


class Listed(ScriptedRegistry):
    """Says which providers it has, as the process's own does."""

    def __init__(self, **providers: Scripted) -> None:
        super().__init__(**providers)
        self._specs = {name: ProviderSpec("any", {}, None) for name in providers}


def looks_at(every: float = LONG, patience: float = 5.0, **providers: Scripted) -> ProviderLooks:
    catalogue = Catalogue(Listed(**providers))
    return ProviderLooks(lambda: catalogue, every=every, patience=patience)


async def until(looks: ProviderLooks, holds: Callable[[dict[str, str]], bool]) -> dict[str, str]:
    async with asyncio.timeout(10):
        while not holds(looks.found()):
            await asyncio.sleep(0.01)
    return looks.found()


def all_known(found: dict[str, str]) -> bool:
    return "unknown" not in found.values()


async def test_providers_are_unknown_until_the_first_look_is_over() -> None:
    provider = Scripted()
    looks = looks_at(first=provider, demo=Scripted())
    assert looks.found() == {"first": "unknown"}
    assert await until(looks, all_known) == {"first": "ok"}
    assert provider.listed == 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (ProviderUnavailable("http://10.0.0.1 is gone"), "unreachable"),
        (ProviderTimeout("late"), "no answer in time"),
        (ProviderRefused("sk-secret is no key", 401), "refused (401)"),
        (ProviderRefused("no"), "refused"),
        (AnswerUnreadable("rubbish"), "unreadable answer"),
        (ProviderFault("whatever"), "failed"),
    ],
)
async def test_a_fault_is_told_in_a_few_words_of_our_own(fault: ProviderFault, said: str) -> None:
    looks = looks_at(first=Scripted(models=fault), second=Scripted())
    assert await until(looks, all_known) == {"first": said, "second": "ok"}


async def test_a_provider_that_breaks_or_hangs_spoils_no_other() -> None:
    class Broken(Scripted):
        async def models(self) -> Any:
            raise ZeroDivisionError

    class Hanging(Scripted):
        async def models(self) -> Any:
            await asyncio.sleep(LONG)

    looks = looks_at(patience=0.1, first=Broken(), second=Hanging(), third=Scripted())
    expected = {"first": "failed", "second": "no answer in time", "third": "ok"}
    assert await until(looks, all_known) == expected


async def test_a_provider_is_looked_at_again_only_after_a_while() -> None:
    provider = Scripted()
    looks = looks_at(first=provider)
    await until(looks, all_known)
    for _ in range(20):
        looks.found()
        await asyncio.sleep(0)
    assert provider.listed == 1
    soon = looks_at(every=0.0, first=provider)
    await until(soon, lambda found: provider.listed >= 3)


async def test_a_look_makes_no_list_of_models_look_old() -> None:
    """V-4.2: the first answer to a client is never called cached, and asks nobody again."""
    provider = Scripted()
    catalogue = Catalogue(Listed(first=provider))
    await until(ProviderLooks(lambda: catalogue, every=LONG), all_known)
    assert not (await catalogue.models("first")).cached
    assert (await catalogue.models("first")).cached
    assert provider.listed == 1


async def answer_of(view: Callable[..., Any], path: str) -> tuple[int, Any]:
    answer = await view(RequestFactory().get(path))
    return answer.status_code, json.loads(answer.content)


@pytest.mark.django_db(transaction=True)
async def test_a_server_that_drains_lives_and_is_not_ready() -> None:
    async with running_engine():
        assert await answer_of(ready, "/health/ready") == (200, {"status": "ready"})
        await engine().drain(0)
        assert await answer_of(live, "/health/live") == (200, {"status": "ok"})
        assert await answer_of(ready, "/health/ready") == (
            503,
            {"status": "not ready", "checks": {"database": "ok", "turns": "draining"}},
        )
