"""The calls of tools within a turn: what the model asked for is done, and it is told."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.conf import settings

from conversations.turns.events import ToolEnded, ToolStarted, TurnEvent
from conversations.turns.request import TurnRequest
from conversations.turns.said import calls_of
from conversations.turns.storable import storable_text
from providers.errors import AnswerUnreadable
from providers.events import Progress, ToolCallDelta
from providers.registry import Registry
from providers.toolbox import Tool, ToolAnswer, Toolbox, toolbox, unknown_tool
from providers.types import ChatMessage, ToolCall, ToolSpec

TOO_LATE = ToolAnswer("timeout", "The time for tools is over: answer with what you have.")
TOO_OFTEN = ToolAnswer("refused", "No more tools may be called: answer with what you have.")
# How often a model that may call no more tools is told so.
_REMINDERS = 2
_MOST_CALLS = 16
# Of so many answers of the longest kind all together, the model gets no more.
_MOST_LONG_ANSWERS = 5


@dataclass(frozen=True, slots=True)
class ToolLimits:
    """How often the model may call tools, how long all calls may take, and how much they say."""

    steps: int
    seconds: float
    characters: int


@dataclass(frozen=True, slots=True)
class ToolUsed:
    """A call as it is kept with its turn."""

    source: str
    name: str
    arguments: str
    outcome: str
    text: str


async def tools_for(
    request: TurnRequest, registry: Registry, log: Callable[[TurnEvent], None]
) -> "ToolUse | None":
    """Those that the caller's roles allow; None where there are none, or the caller brings some."""
    if toolbox().is_empty or request.tools or "tools" in request.options:
        return None
    named = filter(registry.is_configured, (ask.provider for ask in request.asks))
    if not any(registry.get(name).capabilities.tools for name in named):
        return None
    tools = await toolbox().offered(request.caller.roles)
    if not tools:
        return None
    limits = ToolLimits(settings.TOOL_STEPS, settings.TOOL_SECONDS, settings.TOOL_CHARACTERS)
    return ToolUse(toolbox(), tools, limits, log)


class ToolUse:
    """The tools of one turn, and what is left of its limits."""

    def __init__(
        self,
        toolbox: Toolbox,
        tools: dict[str, Tool],
        limits: ToolLimits,
        log: Callable[[TurnEvent], None],
    ) -> None:
        self.used: list[ToolUsed] = []
        self._asked_for: list[ToolCallDelta] = []
        self._toolbox = toolbox
        self._tools = tools
        self._limits = limits
        self._log = log
        self._steps = 0
        self._characters_left = _MOST_LONG_ANSWERS * limits.characters
        self._until = asyncio.get_running_loop().time() + limits.seconds

    @property
    def is_asked(self) -> bool:
        """Whether the model waits for tools."""
        return bool(self._asked_for)

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        return tuple(tool.spec for tool in self._tools.values())

    def take(self, delta: ToolCallDelta) -> None:
        """A piece of a call."""
        self._asked_for.append(delta)

    async def run(self, said: str) -> tuple[ChatMessage, ...]:
        """Do what was asked for, and give the messages to go on with; `said` are the model's words.

        Raises AnswerUnreadable, where the model does nothing but call tools.
        """
        calls, self._asked_for = calls_of(self._asked_for), []
        self._steps += 1
        if self._steps > self._limits.steps + _REMINDERS:
            raise AnswerUnreadable("The model did nothing but call tools.")
        answers = await asyncio.gather(
            *(self._answer(call, is_late=place >= _MOST_CALLS) for place, call in enumerate(calls))
        )
        asked = ChatMessage("assistant", said, tool_calls=calls)
        return (asked, *_messages(calls, answers))

    async def _answer(self, call: ToolCall, *, is_late: bool) -> ToolAnswer:
        tool = self._tools.get(call.name)
        source, name = (tool.server, tool.name) if tool else ("", call.name)
        asked = ToolStarted(
            call.call_id, source, storable_text(name), storable_text(call.arguments)
        )
        self._log(asked)
        if is_late:
            answer = TOO_OFTEN
        else:
            answer = unknown_tool(call.name) if tool is None else await self._called(tool, call)
        answer = ToolAnswer(answer.outcome, self._cut(storable_text(answer.text)))
        self._log(ToolEnded(call.call_id, answer.outcome, answer.text))
        self.used.append(
            ToolUsed(asked.source, asked.name, asked.arguments, answer.outcome, answer.text)
        )
        return answer

    async def _called(self, tool: Tool, call: ToolCall) -> ToolAnswer:
        if self._steps > self._limits.steps:
            return TOO_OFTEN
        if not (seconds := self._seconds_left()):
            return TOO_LATE
        return await self._toolbox.call(tool, call, seconds=seconds, on_progress=self._progress)

    def _progress(self, progress: Progress) -> None:
        self._log(Progress(storable_text(progress.message), progress.fraction))

    def _cut(self, text: str) -> str:
        most = min(self._limits.characters, self._characters_left)
        self._characters_left -= min(most, len(text))
        return text if len(text) <= most else f"{text[:most]}\n[The rest was too long.]"

    def _seconds_left(self) -> float:
        return max(0.0, self._until - asyncio.get_running_loop().time())


def _messages(
    calls: tuple[ToolCall, ...], answers: Iterable[ToolAnswer]
) -> tuple[ChatMessage, ...]:
    return tuple(
        ChatMessage("tool", answer.text, tool_call_id=call.call_id)
        for call, answer in zip(calls, answers, strict=True)
    )
