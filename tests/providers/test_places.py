"""So many may ask at once; the others wait in turn, and are told how long."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from providers.backends.scripted import Scripted
from providers.errors import ProviderBusy
from providers.events import TextDelta
from providers.resilience.places import Places, Ticket
from providers.resilience.steps import Waiting
from tests.providers.chains import END, Given, ask


def _order(places: Places, waiting: dict[str, Ticket], first: Ticket) -> list[str]:
    """The order in which those who wait are served, one after the other."""
    served, current = [], first
    while waiting:
        places.leave(current)
        name = next(name for name, ticket in waiting.items() if ticket.is_granted)
        current = waiting.pop(name)
        served.append(name)
    places.leave(current)
    return served


def test_a_caller_with_many_questions_does_not_keep_the_others_waiting() -> None:
    places = Places(1)
    first = places.enter("greedy")
    waiting = {f"greedy{n}": places.enter("greedy") for n in range(5)}
    waiting["modest"] = places.enter("modest")
    assert _order(places, waiting, first).index("modest") <= 1


@given(callers=st.lists(st.sampled_from("abcd"), min_size=1, max_size=20), size=st.just(1))
def test_the_position_is_how_many_go_first(callers: list[str], size: int) -> None:
    places = Places(size)
    first = places.enter("z")
    waiting = {f"{caller}{n}": places.enter(caller) for n, caller in enumerate(callers)}
    said = {name: places.waiting(ticket).position for name, ticket in waiting.items()}
    order = _order(places, waiting, first)
    assert said == {name: place for place, name in enumerate(order)}


def test_who_leaves_the_line_gives_way() -> None:
    places = Places(1)
    first, second, third = (places.enter(caller) for caller in "abc")
    places.leave(second)
    places.leave(first)
    assert third.is_granted


def test_the_estimate_is_what_it_usually_takes() -> None:
    now = [0.0]
    places = Places(2, clock=lambda: now[0])
    tickets = [places.enter("a") for _ in range(5)]
    assert places.waiting(tickets[2]) == Waiting(0, None)
    now[0] = 4.0
    places.leave(tickets[0])
    assert places.waiting(tickets[4]) == Waiting(1, 4.0)


async def test_those_who_wait_are_told_and_all_are_answered() -> None:
    only = Scripted([[TextDelta("a"), 0.05, END] for _ in range(4)], name="narrow")
    registry = Given(only, places=1)
    all_asked = await asyncio.gather(*(ask(registry, "narrow", caller=c) for c in "aaab"))
    assert [asked.text for asked in all_asked] == ["a"] * 4
    told = [step for asked in all_asked for step in asked.steps if isinstance(step, Waiting)]
    assert {waiting.position for waiting in told} == {0, 1}


async def test_who_waits_too_long_is_told_that_all_places_are_taken() -> None:
    only = Scripted([[TextDelta("a"), 1.3, END]], name="taken")
    registry = Given(only, places=1, queue=0.5)
    first = asyncio.create_task(ask(registry, "taken"))
    await asyncio.sleep(0)
    assert isinstance((await ask(registry, "taken")).fault, ProviderBusy)
    assert (await first).text == "a"
