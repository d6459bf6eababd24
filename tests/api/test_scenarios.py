"""One table, every dialect: the same provider, the same answer, the same history."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.api.drivers import DRIVERS, Driver
from tests.api.scenarios import FAULTS, HANGS, WHOLE, Scenario
from tests.client import Server, Upstream


@pytest.fixture(params=DRIVERS, ids=lambda driver: driver.__name__)
def driver(request: pytest.FixtureRequest, server: Server) -> Driver:
    made: Driver = request.param(server)
    return made


@pytest.mark.parametrize("scenario", WHOLE, ids=lambda scenario: scenario.name)
def test_a_whole_answer_is_shown_and_kept(
    driver: Driver, upstream: Upstream, scenario: Scenario
) -> None:
    upstream.script(*scenario.steps)
    outcome = driver.ask("Hello?")
    assert (outcome.text, outcome.error) == (driver.shown(scenario.text), None)
    assert driver.history() == ["Hello?", driver.shown(scenario.text)]
    turn = driver.server.get(f"/api/turns/{outcome.turn_id}").json()
    assert (turn["status"], turn["text"], turn["error"]) == ("completed", scenario.text, None)


@pytest.mark.parametrize("scenario", FAULTS, ids=lambda scenario: scenario.name)
def test_a_fault_is_shown_and_changes_no_history(
    driver: Driver, upstream: Upstream, scenario: Scenario
) -> None:
    _faulted(driver, upstream, scenario)


def test_a_provider_that_hangs_is_given_up(server: Server, upstream: Upstream) -> None:
    """In every dialect, all of them at once: each takes seconds."""
    with ThreadPoolExecutor(len(DRIVERS) * len(HANGS)) as pool:
        given_up = [
            pool.submit(_faulted, kind(server), upstream, scenario)
            for kind in DRIVERS
            for scenario in HANGS
        ]
    for each in given_up:
        each.result()


def _faulted(driver: Driver, upstream: Upstream, scenario: Scenario) -> None:
    driver.ask("Before")
    before, prompt = driver.history(), f"Hello {uuid4()}?"
    upstream.script(*scenario.steps, match=prompt)
    outcome = driver.ask(prompt)
    assert outcome.error is not None
    assert scenario.fault is not None and scenario.fault in outcome.error
    if driver.shows_partial:
        assert outcome.text == scenario.text
    assert [text for text in driver.history() if text != prompt] == before
    turn = driver.server.get(f"/api/turns/{outcome.turn_id}").json()
    assert (turn["status"], turn["text"]) == ("failed", scenario.text)
    assert turn["attempts"][0]["outcome"] == turn["error"]["code"]


def test_what_follows_a_fault_is_answered(driver: Driver, upstream: Upstream) -> None:
    """The provider is told of whole turns only; its conversation goes on."""
    driver.ask("One")
    upstream.script({"status": 500, "body": "boom"})
    driver.ask("Two")
    assert driver.ask("Three").text == "Echo: Three"
    told = upstream.requests("/chat/completions")[-1]["body"]["messages"]
    contents = [message["content"] for message in told]
    assert contents[:2] == ["One", "Echo: One"]
    assert contents[-1] == "Three"
