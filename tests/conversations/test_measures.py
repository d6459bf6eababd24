"""What turns leave in the metrics."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone
from prometheus_client import REGISTRY

from conversations.ids import new_id
from conversations.models import Conversation, Turn
from conversations.turns.closing import Closing
from conversations.turns.reaper import LEASE
from conversations.turns.recorder import Outcome
from conversations.turns.running import RunningTurn
from conversations.turns.service import engine, query, start_turn
from conversations.turns.upkeep import reap_for_ever
from providers.backends.scripted import Scripted, Step
from providers.errors import AnswerCut, ProviderUnavailable
from providers.events import Finished, TextDelta
from tests.conversations.engine_room import (
    ScriptedRegistry,
    new_conversation,
    request_to,
    running_engine,
)

pytestmark = pytest.mark.django_db(transaction=True)

OUTCOMES = ("completed", "failed", "stopped", "interrupted")


class Counted:
    """How much the metrics have grown since this was made: the process keeps them for good."""

    def __init__(self) -> None:
        self._before = _values()

    def __call__(self, name: str, **labels: str) -> float:
        key = (name, *sorted(labels.items()))
        return _values().get(key, 0.0) - self._before.get(key, 0.0)

    def outcomes(self, provider: str) -> list[float]:
        named = [{"provider": provider, "outcome": outcome} for outcome in OUTCOMES]
        return [self("parley_turns_total", **labels) for labels in named]


def _values() -> dict[tuple[Any, ...], float]:
    metrics = REGISTRY.collect()
    samples = [sample for metric in metrics for sample in metric.samples]
    return {(sample.name, *sorted(sample.labels.items())): sample.value for sample in samples}


async def ask(*names: str, **scripts: Sequence[Step]) -> None:
    """One turn, to its end."""
    providers = {name: Scripted([script]) for name, script in scripts.items()}
    async with running_engine(**providers):
        turn = await start_turn(request_to(await new_conversation(), *(names or scripts)))
        await turn.result()


async def test_a_whole_answer_counts_its_tokens_and_its_first_text() -> None:
    counted, usage = Counted(), {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
    await ask(alpha=[0.2, TextDelta("Hello"), 0.5, Finished("stop", usage)])
    assert counted.outcomes("alpha") == [1, 0, 0, 0]
    assert counted("parley_tokens_total", provider="alpha", kind="prompt") == 3
    assert counted("parley_tokens_total", provider="alpha", kind="completion") == 5
    assert counted("parley_turn_first_text_seconds_count", provider="alpha") == 1
    assert counted("parley_turn_first_text_seconds_sum", provider="alpha") >= 0.19


async def test_the_first_text_is_waited_for_since_the_first_attempt() -> None:
    counted = Counted()
    gone: list[Step] = [0.3, ProviderUnavailable("gone")]
    await ask("beta", "gamma", beta=gone, gamma=[TextDelta("Hello"), Finished("stop")])
    assert counted.outcomes("gamma") == [1, 0, 0, 0]
    assert counted.outcomes("beta") == [0, 0, 0, 0]
    assert counted("parley_turn_first_text_seconds_count", provider="beta") == 0
    assert counted("parley_turn_first_text_seconds_sum", provider="gamma") >= 0.29


async def test_a_failed_answer_without_text_has_no_first_text() -> None:
    counted = Counted()
    await ask(delta=[ProviderUnavailable("gone")])
    await ask(delta=[TextDelta("half "), AnswerCut("cut")])
    assert counted.outcomes("delta") == [0, 2, 0, 0]
    assert counted("parley_turn_first_text_seconds_count", provider="delta") == 1


@pytest.mark.parametrize(
    "usage",
    [None, {}, {"prompt_tokens": "many"}, {"prompt_tokens": -1}, {"completion_tokens": 10**400}],
)
async def test_a_usage_that_makes_no_sense_is_not_added(usage: dict[str, Any] | None) -> None:
    counted = Counted()
    await ask(epsilon=[TextDelta("Hello"), Finished("stop", usage)])
    assert counted.outcomes("epsilon") == [1, 0, 0, 0]
    for kind in ("prompt", "completion"):
        assert counted("parley_tokens_total", provider="epsilon", kind=kind) == 0


async def test_stopped_and_interrupted_turns_are_told_apart() -> None:
    counted = Counted()
    long: list[Step] = [TextDelta("so far"), 30.0]
    async with running_engine(zeta=Scripted([long, long])):
        stopped = await start_turn(request_to(await new_conversation(), "zeta"))
        await stopped.begun()
        engine().running[stopped.id].stop()
        await stopped.result()
        interrupted = await start_turn(request_to(await new_conversation(), "zeta"))
        await interrupted.begun()
        engine().running[interrupted.id].interrupt()
        await interrupted.result()
    assert counted.outcomes("zeta") == [0, 0, 1, 1]


async def test_a_turn_that_asked_nobody_counts_under_nobodys_name() -> None:
    counted = Counted()
    async with running_engine():
        turn = await start_turn(request_to(await new_conversation(), "made-up-by-a-client"))
        await turn.result()
    assert counted.outcomes("none") == [0, 1, 0, 0]
    assert counted.outcomes("made-up-by-a-client") == [0, 0, 0, 0]


async def _no_files(files: object) -> None:
    raise AssertionError("this provider sends none")


async def test_a_turn_that_was_reaped_is_left_to_the_reaper_to_count() -> None:
    async def reaped(closing: Closing) -> Outcome:
        return Outcome.REAPED

    counted = Counted()
    async with running_engine(eta=Scripted()):
        request = request_to(await new_conversation(), "eta")
        opened: Any = await engine()._open(request)
        provider = Scripted([[TextDelta("Hello"), Finished("stop")]])
        turn = RunningTurn(
            request,
            opened,
            worker_id="dead",
            registry=ScriptedRegistry(eta=provider),
            keep_files=_no_files,
            store=reaped,
        )
        turn.start()
        await turn.ended()
    assert counted.outcomes("eta") == [0, 0, 0, 0]


async def test_the_reaper_counts_under_the_provider_that_was_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("conversations.turns.upkeep.REAP_SECONDS", 0.01)
    counted = Counted()
    async with running_engine():
        conversation = await query(Conversation.objects.create, workspace="w", surface="test")
        turn = await query(_abandoned_turn, conversation)
        reaping = asyncio.create_task(reap_for_ever(engine().writer))
        while counted.outcomes("theta") == [0, 0, 0, 0]:
            await asyncio.sleep(0.02)
        reaping.cancel()
        row = await query(Turn.objects.get, id=turn.id)
    assert row.status == "interrupted"
    assert counted.outcomes("theta") == [0, 0, 0, 1]


def _abandoned_turn(conversation: Conversation) -> Turn:
    return Turn.objects.create(
        id=new_id(),
        conversation=conversation,
        workspace="w",
        worker_id="dead",
        provider="theta",
        heartbeat_at=timezone.now() - 2 * LEASE,
    )


async def test_followers_are_counted_until_they_close() -> None:
    counted = Counted()
    async with running_engine(iota=Scripted([[TextDelta("Hello"), 30.0]])):
        turn = await start_turn(request_to(await new_conversation(), "iota"))
        await turn.begun()
        assert counted("parley_followers") == 0
        followers = [turn.follow() for _ in range(3)]
        assert counted("parley_followers") == 3
        assert _values()[("parley_turns_running",)] == 1
        for follower in [*followers, *followers]:
            follower.close()
        assert counted("parley_followers") == 0
        engine().running[turn.id].stop()
        await turn.result()
        while engine().running:
            await asyncio.sleep(0.01)
        assert _values()[("parley_turns_running",)] == 0


async def test_flushes_are_timed_while_turns_run() -> None:
    counted = Counted()
    await ask(kappa=[TextDelta("Hel"), 0.8, TextDelta("lo"), Finished("stop")])
    assert counted("parley_log_flush_seconds_count") >= 1
    assert 0 < counted("parley_log_flush_seconds_sum") < 30


async def test_without_metrics_nothing_is_counted() -> None:
    """C-6.7"""
    counted, usage = Counted(), {"prompt_tokens": 3, "completion_tokens": 5}
    with override_settings(METRICS_ENABLED=False):
        await ask(lambda_=[TextDelta("Hel"), 0.4, TextDelta("lo"), Finished("stop", usage)])
    assert counted.outcomes("lambda_") == [0, 0, 0, 0]
    assert counted("parley_tokens_total", provider="lambda_", kind="prompt") == 0
    assert counted("parley_log_flush_seconds_count") == 0
