"""Models call the tools of MCP servers within a turn, and answer with what they said."""

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest

from conversations.models import Message
from conversations.models import Turn as TurnRow
from conversations.turns.events import (
    Queued,
    ToolEnded,
    ToolStarted,
    TurnCompleted,
    TurnEvent,
    TurnFailed,
)
from conversations.turns.service import Turn, query, start_turn
from providers.backends.scripted import Scripted, Step
from providers.errors import ProviderUnavailable
from providers.events import Finished, Progress, TextDelta, ToolCallDelta
from providers.toolbox import Toolbox, ToolServerSpec, tool_server_spec, use_toolbox
from providers.types import Capabilities, ChatMessage, ProviderRequest, ToolCall, ToolSpec
from tests.conversations.engine_room import new_conversation, request_to, running_engine
from tests.mcp_server import McpWorld, served

pytestmark = pytest.mark.django_db(transaction=True)

USAGE = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}


class Handy(Scripted):
    capabilities: ClassVar[Capabilities] = Capabilities(tools=True)


@pytest.fixture(scope="module")
def world() -> Iterator[McpWorld]:
    with served("answer", "slow", "broken", "stuck") as world:
        yield world


def calls(*asked: tuple[str, str], said: str = "") -> list[Step]:
    """A script that calls tools, each in two pieces."""
    pieces: list[Step] = [TextDelta(said)] if said else []
    for index, (name, arguments) in enumerate(asked):
        pieces.append(ToolCallDelta(index, f"c{index}", name, arguments[:3]))
        pieces.append(ToolCallDelta(index, None, None, arguments[3:]))
    return [*pieces, Finished("tool_calls", USAGE)]


def says(text: str) -> list[Step]:
    return [TextDelta(text), Finished("stop", USAGE)]


@asynccontextmanager
async def tools_of(settings: Any, *specs: ToolServerSpec, **limits: Any) -> AsyncIterator[None]:
    settings.TOOL_SERVERS = specs
    settings.TOOL_STEPS = limits.get("steps", 8)
    settings.TOOL_SECONDS = limits.get("seconds", 20.0)
    settings.TOOL_CHARACTERS = limits.get("characters", 20_000)
    use_toolbox(Toolbox(specs))
    try:
        yield
    finally:
        use_toolbox(None)


def at(world: McpWorld, **fields: Any) -> ToolServerSpec:
    return ToolServerSpec("box", world.url, **fields)


async def asked(provider: Scripted, **fields: Any) -> tuple[Turn, list[TurnEvent]]:
    async with running_engine(first=provider):
        turn = await start_turn(request_to(await new_conversation(), **fields))
        await turn.result()
    return turn, [entry.event for entry in turn.log.since(0)]


def told(request: ProviderRequest) -> Sequence[ChatMessage]:
    return request.messages


async def test_a_tool_is_called_and_its_words_go_to_the_model(
    settings: Any, world: McpWorld
) -> None:
    provider = Handy([calls(("box__answer", '{"query": "tides"}')), says("Twice a day.")])
    async with tools_of(settings, at(world)):
        turn, events = await asked(provider)
    assert turn.log.text == "Twice a day."
    assert [spec.name for spec in provider.requests[0].tools] == [
        "box__answer",
        "box__slow",
        "box__broken",
        "box__stuck",
    ]
    call = ToolCall("c0", "box__answer", '{"query": "tides"}')
    assert told(provider.requests[1])[1:] == (
        ChatMessage("assistant", "", tool_calls=(call,)),
        ChatMessage("tool", "To tides: \nshort", tool_call_id="c0"),
    )
    shown = [event for event in events if isinstance(event, ToolStarted | ToolEnded)]
    assert shown == [
        ToolStarted("c0", "box", "answer", '{"query": "tides"}'),
        ToolEnded("c0", "completed", "To tides: \nshort"),
    ]
    assert not any(isinstance(event, ToolCallDelta) for event in events)


async def test_what_was_called_and_what_it_cost_is_kept(settings: Any, world: McpWorld) -> None:
    provider = Handy([calls(("box__answer", '{"query": "x"}'), said="Let me see."), says("So.")])
    async with tools_of(settings, at(world)):
        turn, _ = await asked(provider)
    row = await query(TurnRow.objects.get, id=turn.id)
    assert row.text == "Let me see.\n\nSo."
    assert row.usage == {"prompt_tokens": 20, "completion_tokens": 4, "total_tokens": 24}
    assert [(used["source"], used["name"], used["outcome"]) for used in row.tools_used] == [
        ("box", "answer", "completed")
    ]
    attempts = await query(lambda: list(row.attempts.values_list("outcome", "usage")))
    assert attempts == [("completed", USAGE)] * 2
    answer = await query(Message.objects.get, id=row.answer_id)
    assert answer.content == row.text


async def test_several_calls_run_side_by_side_and_are_answered_in_order(
    settings: Any, world: McpWorld
) -> None:
    world.go_on.set()
    both = calls(("box__slow", '{"text": "a"}'), ("box__answer", '{"query": "b"}'))
    provider = Handy([both, says("Done.")])
    async with tools_of(settings, at(world)):
        _, events = await asked(provider)
    world.go_on.clear()
    answers = told(provider.requests[1])[-2:]
    assert [(m.tool_call_id, m.content) for m in answers] == [("c0", "A"), ("c1", "To b: \nshort")]
    assert Progress("reading", 0.25) in events


@pytest.mark.parametrize(
    ("call", "outcome", "said"),
    [
        (("box__broken", '{"text": "luck"}'), "failed", "No luck today"),
        (("box__answer", '{"query": '), "unreadable", "not a JSON object"),
        (("box__answer", "[1]"), "unreadable", "not a JSON object"),
        (("nobody__knows", "{}"), "unknown", "no tool 'nobody__knows'"),
    ],
    ids=["it fails", "cut arguments", "a list", "made up"],
)
async def test_the_model_is_told_what_went_wrong(
    settings: Any, world: McpWorld, call: tuple[str, str], outcome: str, said: str
) -> None:
    provider = Handy([calls(call), says("Sorry.")])
    async with tools_of(settings, at(world)):
        turn, events = await asked(provider)
    ended = next(event for event in events if isinstance(event, ToolEnded))
    assert (turn.log.text, ended.outcome) == ("Sorry.", outcome)
    assert said in ended.text and said in told(provider.requests[1])[-1].content


async def test_a_tool_that_hangs_is_given_up(settings: Any, world: McpWorld) -> None:
    provider = Handy([calls(("box__stuck", '{"text": "x"}')), says("It hangs.")])
    async with tools_of(settings, at(world), seconds=0.5):
        turn, events = await asked(provider)
    ended = next(event for event in events if isinstance(event, ToolEnded))
    assert (turn.log.text, ended.outcome) == ("It hangs.", "timeout")


async def test_a_long_answer_is_cut(settings: Any, world: McpWorld) -> None:
    provider = Handy([calls(("box__answer", '{"query": "abcdefgh"}')), says("Long.")])
    async with tools_of(settings, at(world), characters=5):
        await asked(provider)
    assert told(provider.requests[1])[-1].content == "To ab\n[The rest was too long.]"


async def test_a_model_that_only_calls_tools_is_reminded_and_then_ended(
    settings: Any, world: McpWorld
) -> None:
    again = calls(("box__answer", '{"query": "x"}'))
    async with tools_of(settings, at(world), steps=2):
        turn, events = await asked(Handy([again] * 9))
        outcomes = [event.outcome for event in events if isinstance(event, ToolEnded)]
        assert outcomes == ["completed", "completed", "refused", "refused"]
        assert isinstance(turn.log.end, TurnFailed)
        turn, _ = await asked(Handy([again, again, again, says("Enough.")]))
        assert turn.log.text == "Enough."


async def test_only_the_roles_that_a_server_names_get_its_tools(
    settings: Any, world: McpWorld
) -> None:
    provider = Handy([says("No tools.")])
    async with tools_of(settings, at(world, roles=frozenset({"staff"}))):
        await asked(provider)
    assert provider.requests[0].tools == ()


async def test_only_the_tools_that_are_named_are_lent(settings: Any, world: McpWorld) -> None:
    provider = Handy([calls(("box__broken", "{}")), says("No.")])
    async with tools_of(settings, at(world, tools=frozenset({"answer"}))):
        _, events = await asked(provider)
    assert [spec.name for spec in provider.requests[0].tools] == ["box__answer"]
    assert ToolEnded("c0", "unknown", "There is no tool 'box__broken'.") in events


async def test_a_provider_without_tools_is_lent_none(settings: Any, world: McpWorld) -> None:
    provider = Scripted([says("Plain.")])
    async with tools_of(settings, at(world)):
        turn, _ = await asked(provider)
    assert (turn.log.text, provider.requests[0].tools) == ("Plain.", ())


async def test_another_provider_goes_on_with_what_tools_have_said(
    settings: Any, world: McpWorld
) -> None:
    first = Handy([calls(("box__answer", '{"query": "x"}')), [ProviderUnavailable("gone")]])
    second = Scripted([says("Short.")], name="second")
    async with tools_of(settings, at(world)), running_engine(first=first, second=second):
        turn = await start_turn(request_to(await new_conversation(), "first", "second"))
        assert (await turn.result()).text == "Short."
    assert told(second.requests[0])[-1] == ChatMessage("user", "To x: \nshort")


async def test_a_server_that_is_away_keeps_nobody_from_an_answer(
    settings: Any, world: McpWorld
) -> None:
    away = ToolServerSpec("away", "http://127.0.0.1:9/mcp")
    provider = Handy([says("Still here.")])
    async with tools_of(settings, away, at(world)):
        turn, _ = await asked(provider)
    assert turn.log.text == "Still here."
    assert all(spec.name.startswith("box__") for spec in provider.requests[0].tools)


async def test_the_callers_own_tools_are_the_callers_to_run(settings: Any, world: McpWorld) -> None:
    provider = Handy([calls(("look", "{}"))])
    async with tools_of(settings, at(world)):
        turn, events = await asked(provider, tools=(ToolSpec("look", "", {}),))
    assert isinstance(turn.log.end, TurnCompleted)
    assert [e.name for e in events if isinstance(e, ToolCallDelta)] == ["look", None]
    assert not any(isinstance(event, ToolStarted | Queued) for event in events)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        (5, "must be an address"),
        ({"api_key": "k"}, "with one as `url`"),
        ({"url": "http://x", "rolls": []}, "may not have rolls"),
        ({"url": "http://x", "roles": "staff"}, "must be a list of texts"),
    ],
)
def test_a_server_that_is_wrongly_set_is_refused(fields: Any, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        tool_server_spec("box", fields)


def test_a_name_of_a_server_is_one_that_models_take() -> None:
    with pytest.raises(ValueError, match="letters, digits"):
        tool_server_spec("a b", "http://x")
    assert "secret" not in repr(tool_server_spec("b", {"url": "http://x", "api_key": "secret"}))


async def test_a_server_that_is_away_is_not_waited_for_again(settings: Any) -> None:
    away = ToolServerSpec("away", "http://127.0.0.1:9/mcp")
    async with tools_of(settings, away):
        box = Toolbox((away,))
        assert await box.offered(frozenset()) == {}
        began = time.monotonic()
        for _ in range(100):
            assert await box.offered(frozenset()) == {}
        assert time.monotonic() - began < 1
        await box.aclose()


async def test_so_many_calls_at_once_and_no_more(settings: Any, world: McpWorld) -> None:
    many = calls(*[("box__answer", '{"query": "x"}')] * 20)
    async with tools_of(settings, at(world), characters=8):
        _, events = await asked(Handy([many, says("Done.")]))
    ended = [event for event in events if isinstance(event, ToolEnded)]
    assert [event.outcome for event in ended].count("refused") == 4
    assert sum(len(event.text.partition("\n")[0]) for event in ended) < 5 * 8 + 20 * 60
    assert any(event.text.startswith("\n[The rest") for event in ended)
