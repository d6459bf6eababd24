"""One provider's failure is not the end of the question: retries, fallbacks, limits of time."""

import asyncio
from collections.abc import Iterator

import pytest

from providers.backends.scripted import Scripted, Step
from providers.errors import (
    AnswerCut,
    AnswerUnreadable,
    ProviderFault,
    ProviderNotFound,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnavailable,
)
from providers.events import Finished, RawChunk, ReasoningDelta, TextDelta, ToolCallDelta
from providers.resilience import retrying
from providers.resilience.answering import Patience, answer
from providers.resilience.steps import Began
from providers.types import Ask
from tests.providers.chains import END, Given, ask, question

ROLE = RawChunk(b'{"role":"assistant"}', is_silent=True)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(retrying, "_FIRST_PAUSE", 0.001)
    yield


@pytest.mark.parametrize(
    "fault",
    [
        ProviderUnavailable("gone"),
        ProviderRefused("busy", 429),
        ProviderRefused("broken", 500),
        ProviderRefused("overloaded", 529),
        AnswerCut("cut"),
        AnswerUnreadable("rubbish"),
    ],
    ids=lambda fault: f"{fault.kind} {getattr(fault, 'status', '')}",
)
async def test_what_may_pass_is_asked_again(fault: ProviderFault) -> None:
    only = Scripted([[fault], [TextDelta("Here."), END]], name="only")
    asked = await ask(Given(only), "only")
    assert (asked.text, asked.fault) == ("Here.", None)
    assert asked.outcomes == [("only", fault.kind), ("only", "completed")]
    assert asked.left[0].next_step.startswith("asked again after 0.0")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, None])
async def test_what_would_come_again_is_not_asked_again(status: int | None) -> None:
    only = Scripted([[ProviderRefused("no", status)]], name="only")
    asked = await ask(Given(only), "only")
    assert isinstance(asked.fault, ProviderRefused)
    assert (asked.left[0].upstream_status, asked.left[0].next_step) == (status, "gave up")


async def test_a_provider_that_took_all_the_time_is_not_asked_again() -> None:
    only = Scripted([[30.0]], name="only")
    asked = await ask(Given(only), "only", patience=Patience(total=0.05))
    assert isinstance(asked.fault, ProviderTimeout)
    assert str(asked.fault) == "only did not answer within 0.05 seconds."


async def test_it_is_asked_again_as_often_as_the_operator_says() -> None:
    only = Scripted([[ProviderUnavailable("gone")]] * 3, name="only")
    asked = await ask(Given(only, retries=2), "only")
    assert asked.outcomes == [("only", "unavailable")] * 3
    assert asked.fault is not None


def test_the_server_says_when_to_come_back() -> None:
    assert retrying.pause_before(1, ProviderRefused("busy", 429, retry_after=2.5)) == 2.5
    assert retrying.pause_before(1, ProviderRefused("busy", 429, retry_after=3600)) is None
    assert retrying.pause_before(1, ProviderRefused("busy", 503, retry_after=0)) is not None


def test_pauses_grow_and_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "_FIRST_PAUSE", 0.25)
    gone = ProviderUnavailable("gone")
    for retry, longest in enumerate((0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0), start=1):
        pauses = [retrying.pause_before(retry, gone) or 0.0 for _ in range(50)]
        assert longest / 2 <= min(pauses) < max(pauses) <= longest


async def test_another_provider_is_asked_at_once() -> None:
    first = Scripted([[ProviderUnavailable("gone")]], name="first")
    second = Scripted([[TextDelta("Mine."), END]], name="second")
    asked = await ask(Given(first, second), "first", "second")
    assert asked.text == "Mine."
    assert asked.outcomes == [("first", "unavailable"), ("second", "completed")]
    assert asked.left[0].next_step == "asked 'second' instead"


@pytest.mark.parametrize(
    "opening",
    [
        [ROLE, ProviderRefused("an error inside a 200")],
        [ROLE, AnswerUnreadable("rubbish")],
        [ROLE, RawChunk(b"{}", is_silent=True), AnswerCut("cut")],
        [Finished("stop")],
        [ROLE, Finished("stop")],
        [ReasoningDelta("Hm"), ProviderUnavailable("gone")],
    ],
    ids=["error inside", "rubbish", "cut", "empty", "empty with a role", "a thought"],
)
async def test_nothing_said_is_nothing_shown(opening: list[object]) -> None:
    first = Scripted([opening], name="first")  # type: ignore[list-item]
    second = Scripted([[TextDelta("Mine."), END]], name="second")
    asked = await ask(Given(first, second), "first", "second")
    assert (asked.text, asked.fault) == ("Mine.", None)
    assert [step for step in asked.steps if isinstance(step, RawChunk)] == []


@pytest.mark.parametrize(
    "said",
    [TextDelta("Half"), RawChunk(b'{"a":1}', "Half"), ToolCallDelta(0, "c", "look", "{")],
    ids=["text", "a chunk", "a call"],
)
async def test_two_answers_are_never_glued(said: TextDelta | RawChunk | ToolCallDelta) -> None:
    first = Scripted([[said, AnswerCut("cut")]], name="first")
    second = Scripted(name="second")
    asked = await ask(Given(first, second), "first", "second")
    assert isinstance(asked.fault, AnswerCut)
    assert asked.left[0].next_step == "kept what had come"
    assert said in asked.steps


async def test_what_was_held_back_comes_before_the_first_word_in_order() -> None:
    word = RawChunk(b'{"a":1}', "Word")
    only = Scripted([[ROLE, ROLE, word, ROLE, END]], name="only")
    asked = await ask(Given(only), "only")
    assert [s for s in asked.steps if isinstance(s, RawChunk)] == [ROLE, ROLE, word, ROLE]


async def test_an_empty_answer_of_the_last_one_is_an_answer() -> None:
    asked = await ask(Given(Scripted([[END]], name="only")), "only")
    assert (asked.text, asked.fault, asked.outcomes) == ("", None, [("only", "completed")])


async def test_the_wait_for_the_first_word_has_a_limit_of_its_own() -> None:
    slow = Scripted([[ReasoningDelta("Hm"), 30.0]], name="slow")
    second = Scripted([[TextDelta("a"), 0.2, TextDelta("b"), END]], name="second")
    asked = await ask(Given(slow, second, first_text=0.1), "slow", "second")
    assert asked.text == "ab"
    assert asked.outcomes == [("slow", "timeout"), ("second", "completed")]


async def test_a_long_answer_that_is_cut_off_is_no_sign_of_a_dead_provider() -> None:
    said: list[Step] = [TextDelta("a"), 30.0]
    only = Scripted([said, said, [TextDelta("b"), END]], name="long")
    registry = Given(only, failures=2)
    for _ in range(2):
        asked = await ask(registry, "long", patience=Patience(total=0.05))
        assert isinstance(asked.fault, ProviderTimeout)
    assert (await ask(registry, "long")).text == "b"


async def test_silence_in_the_middle_has_a_limit() -> None:
    only = Scripted(
        [[TextDelta("a"), 0.03, TextDelta("b"), 0.03, TextDelta("c"), 30.0]], name="only"
    )
    asked = await ask(Given(only), "only", patience=Patience(silence=0.1))
    assert (asked.text, type(asked.fault)) == ("abc", ProviderTimeout)


async def test_a_slow_reader_is_not_the_providers_silence() -> None:
    only = Scripted([[TextDelta("a"), TextDelta("b"), END]], name="only")
    asks = [Ask("only", "m", "default")]
    text = ""
    limits = Patience(silence=0.05)
    async for step in answer(Given(only), asks, question, caller="me", patience=limits):
        if isinstance(step, TextDelta):
            text += step.text
            await asyncio.sleep(0.08)
    assert text == "ab"


async def test_a_cancelled_reader_gives_the_call_up() -> None:
    only = Scripted([[TextDelta("a"), 30.0]], name="only")

    async def read() -> None:
        asks = [Ask("only", "m", "default")]
        async for _ in answer(Given(only), asks, question, caller="me"):
            pass

    task = asyncio.create_task(read())
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_fallback_that_there_is_none_of_is_said_to_be_missing() -> None:
    first = Scripted([[ProviderUnavailable("gone")]], name="first")
    with pytest.raises(ProviderNotFound, match="nobody"):
        await ask(Given(first), "first", "nobody")


async def test_each_attempt_says_what_it_cost_and_whom_it_asked() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 5}
    only = Scripted([[TextDelta("a"), Finished("stop", usage)]], models=["best"], name="only")
    steps = [
        step
        async for step in answer(Given(only), [Ask("only", "", "default")], question, caller="me")
    ]
    began, left = steps[0], steps[-1]
    assert isinstance(began, Began) and began.attempt.model == "best"
    assert (left.model, left.usage) == ("best", usage)  # type: ignore[union-attr]
    assert left.started_at <= left.first_text_at <= left.finished_at  # type: ignore[union-attr,operator]
