"""A provider that keeps failing is left alone for a while, by all workers."""

import pytest

from providers.backends.scripted import Scripted
from providers.errors import ProviderRefused, ProviderResting, ProviderUnavailable
from providers.events import TextDelta
from providers.resilience.circuit import Circuit
from tests.providers.chains import END, Given, ask

GONE = ProviderUnavailable("gone")


class Board:
    """What the workers tell each other."""

    def __init__(self) -> None:
        self.rests: dict[str, float] = {}

    def until(self, name: str) -> float:
        return self.rests.get(name, 0.0)

    def rest(self, name: str, until: float) -> None:
        self.rests[name] = until

    def end(self, name: str) -> None:
        self.rests.pop(name, None)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class AtOnce(Circuit):
    """Tells the others at once, and not from a thread."""

    def _tell(self, message: object) -> None:
        message()  # type: ignore[operator]


def _pair(failures: int = 3) -> tuple[AtOnce, AtOnce, Clock]:
    board, clock = Board(), Clock()
    first, second = (AtOnce("p", failures, board, clock) for _ in range(2))
    return first, second, clock


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    circuit, _, _ = _pair()
    for _ in range(2):
        circuit.failed()
    circuit.succeeded()
    for _ in range(2):
        circuit.failed()
        circuit.pass_through()
    circuit.failed()
    with pytest.raises(ProviderResting, match="asked again in 10 seconds"):
        circuit.pass_through()


def test_after_a_rest_one_may_try_and_its_success_lets_all_in() -> None:
    circuit, _, clock = _pair(failures=1)
    circuit.failed()
    clock.now += 10.5
    circuit.pass_through()
    with pytest.raises(ProviderResting):
        circuit.pass_through()
    circuit.succeeded()
    circuit.pass_through()


def test_one_failure_of_the_one_that_tries_opens_it_again() -> None:
    circuit, _, clock = _pair()
    for _ in range(3):
        circuit.failed()
    clock.now += 10.5
    circuit.pass_through()
    circuit.failed()
    clock.now += 9
    with pytest.raises(ProviderResting):
        circuit.pass_through()


def test_the_other_workers_hear_of_it_and_of_the_end() -> None:
    here, there, clock = _pair(failures=1)
    there.pass_through()
    here.failed()
    clock.now += 1.1
    with pytest.raises(ProviderResting):
        there.pass_through()
    clock.now += 10
    here.pass_through()
    here.succeeded()
    clock.now += 1.1
    there.pass_through()
    there.pass_through()


def test_nought_never_opens() -> None:
    circuit, _, _ = _pair(failures=0)
    for _ in range(100):
        circuit.failed()
        circuit.pass_through()


async def test_a_resting_provider_is_passed_over_without_being_asked() -> None:
    first = Scripted([[GONE], [GONE]], name="resting")
    second = Scripted([[TextDelta("b"), END] for _ in range(3)], name="second")
    registry = Given(first, second, failures=2, retries=0)
    for _ in range(3):
        asked = await ask(registry, "resting", "second")
        assert asked.text == "b"
    assert len(first.requests) == 2
    assert asked.outcomes == [("resting", "resting"), ("second", "completed")]
    alone = await ask(registry, "resting")
    assert isinstance(alone.fault, ProviderResting)


async def test_a_refusal_is_no_reason_to_leave_it_alone() -> None:
    refusals = [[ProviderRefused("no", 401)] for _ in range(5)]
    only = Scripted([*refusals, [TextDelta("a"), END]], name="refusing")
    registry = Given(only, failures=2, retries=0)
    for _ in range(5):
        await ask(registry, "refusing")
    assert (await ask(registry, "refusing")).text == "a"
