"""MCP servers that answer (C-9.8), and their sessions."""

import asyncio
import traceback
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

import pytest

from providers.backends.mcp import Mcp, arguments
from providers.errors import (
    AnswerCut,
    AnswerUnreadable,
    ProviderFault,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnavailable,
)
from providers.events import Finished, Progress, TextDelta
from providers.mcp_sessions import McpServer, endpoint
from providers.types import ChatMessage, Limits, ProviderRequest, ToolSpec
from tests.mcp_server import McpWorld, served
from tests.providers.asking import KEY, PATIENT, QUICK, events_of, events_until_fault, text_of
from tests.providers.conftest import Opened, StartWire
from tests.providers.wire import Break, head, sized, sse

DONE = Finished("stop")


@pytest.fixture(scope="module")
def old_world() -> Iterator[McpWorld]:
    """A server that knows sessions."""
    with served("chat", "stuck", handshake=True) as world:
        yield world


@pytest.fixture(params=["mcp_world", "old_world"])
def world(request: Any) -> Iterator[McpWorld]:
    world: McpWorld = request.getfixturevalue(request.param)
    world.heard.clear()
    yield world
    world.given_up.clear()


def mcp(url: str, *, limits: Limits = PATIENT) -> Mcp:
    return Mcp(name="mcp", url=url, api_key=KEY, limits=limits)


def question(text: str = "Hello", *, model: str = "", **options: Any) -> ProviderRequest:
    messages = (ChatMessage("system", "Be kind."), ChatMessage("user", text))
    return ProviderRequest(model=model, messages=messages, options=options)


async def test_the_chat_tool_answers(world: McpWorld, opened: Opened) -> None:
    events = await events_of(opened(mcp(world.url)), question(temperature=0.5, n=2))
    assert events == [TextDelta("2 messages, last 'Hello', at 0.5"), DONE]
    heard = world.heard[-1]
    assert heard.params["arguments"] == {
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "Hello"},
        ],
        "prompt": "Hello",
        "temperature": 0.5,
    }
    assert heard.headers["authorization"] == f"Bearer {KEY}"


async def test_a_session_is_opened_once(world: McpWorld, opened: Opened) -> None:
    provider = opened(mcp(world.url))
    await asyncio.gather(*[events_of(provider, question()) for _ in range(5)])
    await events_of(provider, question())
    opening = "initialize" if world.handshake else "server/discover"
    assert world.methods().count(opening) == 1
    assert world.methods().count("tools/call") == 6


async def test_a_forgotten_session_is_opened_again(old_world: McpWorld, opened: Opened) -> None:
    provider = opened(mcp(old_world.url))
    await events_of(provider, question())
    old_world.forget_sessions()
    old_world.heard.clear()
    assert text_of(await events_of(provider, question())).startswith("2 messages")
    assert old_world.methods().count("initialize") == 1


async def test_each_piece_of_text_is_a_delta(mcp_world: McpWorld, opened: Opened) -> None:
    events = await events_of(opened(mcp(mcp_world.url)), question(tool_name="answer"))
    assert events == [TextDelta("To Hello: "), TextDelta("short"), DONE]


async def test_progress_comes_while_the_tool_runs(mcp_world: McpWorld, opened: Opened) -> None:
    mcp_world.go_on.clear()
    events: Any = opened(mcp(mcp_world.url)).stream(question("hi", model="slow"))
    async with aclosing(events):
        assert await anext(events) == Progress("reading", 0.25)
        mcp_world.go_on.set()
        rest = [event async for event in events]
    mcp_world.go_on.clear()
    assert rest == [Progress("writing", 1.0), TextDelta("HI"), DONE]


async def test_a_tool_that_fails_is_a_refusal_without_secrets(
    mcp_world: McpWorld, opened: Opened
) -> None:
    request = question(f"{KEY} bread", model="broken")
    events, fault = await events_until_fault(opened(mcp(mcp_world.url)), request)
    assert (events, type(fault)) == ([], ProviderRefused)
    assert "No *** bread today" in str(fault)


async def test_who_leaves_gives_up_the_call(world: McpWorld, opened: Opened) -> None:
    provider = opened(mcp(world.url))
    asking = asyncio.create_task(events_of(provider, question(model="stuck")))
    await _until_called(world, "stuck")
    asking.cancel()
    assert await asyncio.to_thread(world.given_up.wait, 5.0)
    assert text_of(await events_of(provider, question()))


async def test_a_tool_that_is_silent_is_given_up_in_time(world: McpWorld) -> None:
    server = McpServer("lent", world.url, limits=PATIENT)
    await server.tools()
    with pytest.raises(ProviderTimeout, match="lent"):
        await server.call("stuck", {"text": "hi"}, silence=0.3)
    assert await asyncio.to_thread(world.given_up.wait, 5.0)
    await server.aclose()


async def test_the_total_time_bounds_a_tool_that_shows_signs_of_life(
    mcp_world: McpWorld,
) -> None:
    server = McpServer("lent", mcp_world.url, limits=PATIENT)
    with pytest.raises(ProviderTimeout, match="lent"):
        await server.call("slow", {"text": "hi"}, silence=5.0, total=0.2)
    await server.aclose()


async def test_tools_are_lent_with_their_schemas(mcp_world: McpWorld) -> None:
    server = McpServer("lent", mcp_world.url, limits=PATIENT)
    tools = {tool.name: tool for tool in await server.tools()}
    mcp_world.heard.clear()
    assert await server.known_tools() == tuple(tools.values())
    assert mcp_world.heard == []
    assert tools["answer"].description == "Answer in two pieces."
    assert set(tools["answer"].parameters["properties"]) == {"query", "prefer"}
    result = await server.call("broken", {"text": "rain"})
    assert (result.is_error, "No rain today" in result.texts[0]) == (True, True)
    await server.aclose()


async def test_its_models_are_its_tools(mcp_world: McpWorld, opened: Opened) -> None:
    provider = opened(mcp(mcp_world.url))
    assert await provider.default_model() == "chat"
    assert [model.id for model in await provider.models()] == [
        "chat",
        "answer",
        "slow",
        "stuck",
        "broken",
    ]


async def test_without_a_chat_tool_the_only_one_answers(opened: Opened) -> None:
    with served("answer") as world:
        provider = opened(mcp(world.url))
        assert await provider.default_model() == "answer"
        assert text_of(await events_of(provider, question("x"))) == "To x: short"
        await provider.aclose()


@pytest.mark.parametrize(
    ("options", "told"), [({}, "name one as the model"), ({"tool_name": "nothing"}, "nothing")]
)
async def test_without_a_tool_to_choose_the_question_is_refused(
    opened: Opened, options: dict[str, str], told: str
) -> None:
    with served("answer", "slow") as world:
        provider = opened(mcp(world.url))
        _, fault = await events_until_fault(provider, question(**options))
        assert await provider.default_model() == "chat"
        await provider.aclose()
    assert (type(fault), told in str(fault)) == (ProviderRefused, True)


@pytest.mark.parametrize(
    ("names", "sent"),
    [
        (("text", "message"), {"message": "Hello"}),
        (("text", "query", "input"), {"input": "Hello"}),
        (("messages",), {"messages": [{"role": "user", "content": "Hello"}]}),
        (("prompt", "stop", "top_p", "max_tokens"), {"prompt": "Hello", "stop": ["x"]}),
        (("topic",), {}),
        ((), {}),
    ],
)
def test_arguments_follow_the_schema(names: tuple[str, ...], sent: dict[str, Any]) -> None:
    tool = ToolSpec("t", "", {"properties": {name: {} for name in names}})
    options = {"stop": ["x"], "top_p": None, "seed": 1}
    request = ProviderRequest("m", (ChatMessage("user", "Hello"),), options)
    assert arguments(tool, request) == sent


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("http://h:1", "http://h:1/mcp"),
        ("http://h:1/", "http://h:1/mcp"),
        ("http://h:1/tools/mcp?x=1", "http://h:1/tools/mcp?x=1"),
    ],
)
def test_an_address_without_a_path_gets_one(url: str, asked: str) -> None:
    assert endpoint(url) == asked


@pytest.mark.parametrize(
    ("script", "fault", "told"),
    [
        ([sized(b'{"error": "no sk-very-secret-0123456789"}', "401 No")], ProviderRefused,
         "mcp answered 401: no ***"),
        ([sized(b"", "503 Busy")], ProviderRefused, "mcp answered 503: Busy"),
        ([sized(b"", "404 Not Found")], ProviderRefused, "mcp answered 404: Not Found"),
        ([sized(b"{rubbish")], ProviderFault, "mcp"),
        ([sized(b"<html>", media="text/html")], ProviderRefused, "text/html"),
        ([head() + sse("rubbish")], ProviderFault, "mcp"),
        ([head()], AnswerCut, "cut"),
        ([Break.RESET], ProviderUnavailable, "lost"),
        ([Break.HOLD], ProviderTimeout, "in time"),
    ],
)  # fmt: skip
async def test_a_server_that_is_none_is_a_fault(
    wire: StartWire, opened: Opened, script: list[Any], fault: type[Exception], told: str
) -> None:
    """C-9.9"""
    server = await wire(script)
    limits = QUICK if script == [Break.HOLD] else PATIENT
    with pytest.raises(fault) as raised:
        await opened(mcp(server.url, limits=limits)).models()
    assert told in str(raised.value)
    assert KEY not in "".join(traceback.format_exception(raised.value))


async def test_a_server_that_is_gone_may_come_back(opened: Opened) -> None:
    with served("chat") as world:
        provider = opened(mcp(world.url))
        assert await events_of(provider, question())
    _, fault = await events_until_fault(provider, question())
    assert isinstance(fault, ProviderUnavailable | AnswerUnreadable)
    with pytest.raises(ProviderUnavailable, match="could not be reached"):
        await provider.models()


async def _until_called(world: McpWorld, tool: str) -> None:
    async with asyncio.timeout(5.0):
        while not any(heard.params.get("name") == tool for heard in world.heard):
            await asyncio.sleep(0.005)
