"""The life of a turn: one end, stored before it is shown, whatever happens to its clients."""

import asyncio
from typing import Any

import pytest

from conversations.models import Attempt, Message, Turn
from conversations.turns import pages
from conversations.turns.admission import Opened
from conversations.turns.events import (
    AttemptStarted,
    TurnCompleted,
    TurnFailed,
    TurnStarted,
    TurnStopped,
)
from conversations.turns.service import Turn as RunningTurn
from conversations.turns.service import engine, find_turn, query, start_turn
from providers.backends.scripted import Scripted, Step
from providers.errors import AnswerCut, ProviderUnavailable
from providers.events import Finished, RawChunk, ReasoningDelta, TextDelta
from tests.conversations.engine_room import new_conversation, request_to, running_engine

pytestmark = pytest.mark.django_db(transaction=True)

HELLO: list[Step] = [
    TextDelta("Hel"),
    TextDelta("lo"),
    Finished("stop", {"total_tokens": 3}, "up-1"),
]


async def row_of(turn: RunningTurn) -> Turn:
    return await query(Turn.objects.get, id=turn.id)


async def test_a_turn_has_one_start_its_text_and_one_end() -> None:
    async with running_engine(first=Scripted([HELLO])):
        turn = await start_turn(request_to(await new_conversation()))
        result = await turn.result()
        kinds = [type(entry.event) for entry in turn.log.since(0)]
    assert kinds == [TurnStarted, AttemptStarted, TextDelta, TextDelta, TurnCompleted]
    assert (result.text, result.provider, result.source) == ("Hello", "first", "default")


async def test_what_is_shown_as_final_is_stored() -> None:
    async with running_engine(first=Scripted([HELLO])):
        turn = await start_turn(request_to(await new_conversation()))
        await turn.result()
        row = await row_of(turn)
        messages = await query(lambda: list(Message.objects.order_by("id")))
        attempts = await query(lambda: list(Attempt.objects.filter(turn=row)))
    assert (row.status, row.text, row.usage) == ("completed", "Hello", {"total_tokens": 3})
    assert [(message.role, message.status) for message in messages] == [
        ("user", "ready"),
        ("assistant", "ready"),
    ]
    assert messages[1].parent_id == messages[0].id
    assert [attempt.outcome for attempt in attempts] == ["completed"]


async def test_a_provider_that_hangs_up_leaves_its_partial_text() -> None:
    cut: list[Step] = [TextDelta("half "), AnswerCut("the stream ended")]
    async with running_engine(first=Scripted([cut]), second=Scripted([HELLO])):
        turn = await start_turn(request_to(await new_conversation(), "first", "second"))
        result = await turn.result()
        row = await row_of(turn)
        question = await query(Message.objects.get)
    assert result.end == TurnFailed("cut", "the stream ended")
    assert (row.status, row.text, row.fault) == ("failed", "half ", "cut")
    assert question.status == "error"


async def test_a_dead_provider_is_passed_over_before_the_first_text() -> None:
    gone: list[Step] = [ReasoningDelta("let me think"), ProviderUnavailable("gone")]
    first, second = Scripted([gone]), Scripted([HELLO])
    async with running_engine(first=first, second=second):
        turn = await start_turn(
            request_to(await new_conversation(), "first", "second", options={"temperature": 1})
        )
        result = await turn.result()
        attempts = await query(lambda: list(Attempt.objects.order_by("ordinal")))
    assert (result.text, result.provider) == ("Hello", "second")
    assert [(attempt.provider, attempt.outcome) for attempt in attempts] == [
        ("first", "unavailable"),
        ("second", "completed"),
    ]
    assert second.requests[0].messages == first.requests[0].messages
    assert second.requests[0].options == {"temperature": 1}


async def test_a_stopped_turn_keeps_what_had_come() -> None:
    async with running_engine(first=Scripted([[TextDelta("so far"), 30.0, *HELLO]])):
        turn = await start_turn(request_to(await new_conversation()))
        await turn.begun()
        await query(Turn.objects.filter(id=turn.id).update, stop_requested=True)
        result = await turn.result()
        row = await row_of(turn)
        answer = await query(Message.objects.get, role="assistant")
    assert isinstance(result.end, TurnStopped)
    assert (row.status, row.text, answer.content) == ("stopped", "so far", "so far")


async def test_a_turn_that_is_stopped_before_its_first_step_ends() -> None:
    async with running_engine(first=Scripted([HELLO])):
        request = request_to(await new_conversation())
        opened = await engine()._open(request)
        assert isinstance(opened, Opened)
        engine()._run(request, opened)
        engine().running[opened.turn_id].stop()
        turn = await find_turn(opened.turn_id)
        result = await turn.result()
        row = await row_of(turn)
    assert result.end == TurnStopped(None)
    assert row.status == "stopped"


async def test_a_client_that_leaves_does_not_end_the_turn() -> None:
    async with running_engine(first=Scripted([[TextDelta("Hel"), 0.1, *HELLO[1:]]])):
        turn = await start_turn(request_to(await new_conversation()))
        reader = asyncio.create_task(turn.result())
        await turn.begun()
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
        assert (await turn.result()).text == "Hello"


async def test_an_unexpected_error_of_a_provider_fails_the_turn_and_no_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = Scripted([[TextDelta("x"), ZeroDivisionError("secret prompt")], HELLO])
    async with running_engine(first=broken):
        conversation = await new_conversation()
        failed = await (await start_turn(request_to(conversation))).result()
        fine = await (await start_turn(request_to(conversation))).result()
    assert failed.end == TurnFailed("internal", "An unexpected error occurred.")
    assert fine.text == "Hello"


async def test_a_deleted_conversation_ends_its_turn() -> None:
    async with running_engine(first=Scripted([[TextDelta("x"), 0.2, *HELLO[1:]]])):
        turn = await start_turn(request_to(await new_conversation()))
        await turn.begun()
        row = await row_of(turn)
        await query(lambda: row.conversation.delete())
        result = await turn.result()
    assert isinstance(result.end, TurnFailed)
    assert result.end.fault == "deleted"


async def test_the_oldest_messages_beyond_the_limit_are_dropped() -> None:
    async with running_engine(first=Scripted([HELLO] * 3)):
        conversation = await new_conversation()
        for number in range(3):
            request = request_to(conversation, content=f"q{number}", memory_limit=3)
            await (await start_turn(request)).result()
        kept = await query(lambda: [m.content for m in Message.objects.order_by("id")])
    assert kept == ["Hello", "q2", "Hello"]


async def test_a_nul_in_an_answer_does_not_cost_the_answer() -> None:
    script: list[Step] = [TextDelta("a\0b"), Finished("stop")]
    async with running_engine(first=Scripted([script])):
        turn = await start_turn(request_to(await new_conversation()))
        assert (await turn.result()).text == "a\ufffdb"
        assert (await row_of(turn)).status == "completed"


async def test_silence_longer_than_the_limit_fails_the_turn() -> None:
    script: list[Step] = [TextDelta("a"), 0.2, TextDelta("b"), 5.0, *HELLO]
    async with running_engine(first=Scripted([script])):
        turn = await start_turn(request_to(await new_conversation(), silence_limit=0.5))
        result = await turn.result()
    assert result.text == "ab"
    assert result.end == TurnFailed("timeout", "first did not answer within 0.5 seconds.")


async def test_an_answer_longer_than_its_limit_fails_the_turn() -> None:
    script: list[Step] = [step for _ in range(50) for step in (TextDelta("a"), 0.1)]
    async with running_engine(first=Scripted([script])):
        turn = await start_turn(request_to(await new_conversation(), answer_limit=0.4))
        result = await turn.result()
    assert isinstance(result.end, TurnFailed)
    assert result.end.fault == "timeout"


async def test_a_shutdown_keeps_what_had_come() -> None:
    async with running_engine(first=Scripted([[TextDelta("so far"), 30.0]])):
        turn = await start_turn(request_to(await new_conversation()))
        await turn.begun()
        await engine().drain(0.1)
        row = await row_of(turn)
    assert (row.status, row.text) == ("interrupted", "so far")


async def test_a_turn_that_another_worker_ended_is_not_stored_again() -> None:
    async with running_engine(first=Scripted([[TextDelta("zombie"), 0.3, *HELLO]])):
        turn = await start_turn(request_to(await new_conversation()))
        await turn.begun()
        reaped = {"status": "interrupted", "text": "zom"}
        await query(Turn.objects.filter(id=turn.id).update, **reaped)
        result = await turn.result()
        row = await row_of(turn)
    assert isinstance(result.end, TurnFailed)
    assert (row.status, row.text) == ("interrupted", "zom")


async def test_a_client_that_leaves_while_its_turn_is_opened_leaves_a_turn_that_runs() -> None:
    async with running_engine(first=Scripted([HELLO])):
        request = request_to(await new_conversation())
        asking = asyncio.create_task(start_turn(request))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await engine().drain(5)
        rows = await query(lambda: list(Turn.objects.values_list("status", "text")))
    assert rows == [("completed", "Hello")]


async def test_a_turn_whose_conversation_is_deleted_does_not_disturb_its_neighbours() -> None:
    """Its pages can no longer be stored; theirs can, and their leases are renewed."""
    slow: list[Step] = [step for _ in range(8) for step in (TextDelta("x"), 0.1)]
    async with running_engine(first=Scripted([[*slow, *HELLO], [*slow, *HELLO]])):
        gone = await start_turn(request_to(await new_conversation()))
        stays = await start_turn(request_to(await new_conversation()))
        await stays.begun()
        row = await row_of(gone)
        await query(lambda: row.conversation.delete())
        await asyncio.sleep(0.4)
        paged = await query(pages.stored_text, stays.id)
        assert len(paged) >= 2
        assert (await stays.result()).text == "x" * 8 + "Hello"
        assert isinstance((await gone.result()).end, TurnFailed)


@pytest.mark.parametrize(
    "end",
    [
        Finished("st\0p", {"a\0b": ["c\0d", {"n": 1}]}, "id\0"),
        Finished("x" * 5000, None, "y" * 5000),
        ProviderUnavailable("lost\0lost"),
    ],
)
async def test_odd_words_about_an_answer_do_not_cost_the_answer(end: Step) -> None:
    async with running_engine(first=Scripted([[TextDelta("kept"), end]])):
        turn = await start_turn(request_to(await new_conversation()))
        async with asyncio.timeout(5):
            result = await turn.result()
        row = await row_of(turn)
    assert (row.text, result.text) == ("kept", "kept")
    assert row.finished_at is not None
    assert "\0" not in f"{row.error}{row.finish_reason}{row.usage}"


async def test_usage_deeper_than_any_is_cut() -> None:
    deep: dict[str, Any] = {}
    for _ in range(600):
        deep = {"a": deep}
    async with running_engine(first=Scripted([[TextDelta("x"), Finished("stop", deep)]])):
        turn = await start_turn(request_to(await new_conversation()))
        await turn.result()
        assert len(str((await row_of(turn)).usage)) < 100


async def test_raw_chunks_are_kept_with_their_text() -> None:
    chunks: list[Step] = [RawChunk(b'{"a":1}'), RawChunk(b'{"b":2}', "te\0xt"), Finished("stop")]
    async with running_engine(first=Scripted([chunks])):
        turn = await start_turn(request_to(await new_conversation(), keep_raw=True))
        result = await turn.result()
        kept = [e.event for e in turn.log.since(0) if isinstance(e.event, RawChunk)]
        attempt = await query(Attempt.objects.get)
    assert result.text == "te\ufffdxt"
    assert [chunk.data for chunk in kept] == [b'{"a":1}', b'{"b":2}']
    assert attempt.first_text_at is not None
