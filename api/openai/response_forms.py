"""What `POST /v1/responses` takes, and what of it is a chat in other words."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from pydantic import Field

from api.openai.response_input import messages_of
from api.parsing import Body, invalid
from providers.types import ToolSpec

_OWN_ID_PREFIX = "resp_"
_NUMBER = re.compile(r"[0-9]{1,9}")


class ResponseForm(Body):
    input: Any
    model: str | None = None
    instructions: str | None = None
    previous_response_id: str | None = None
    stream: bool | None = None
    store: bool | None = None
    background: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_output_tokens: int | None = Field(default=None, ge=1)
    metadata: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    reasoning: dict[str, Any] | None = None
    text: dict[str, Any] | None = None
    user: str | None = None

    @property
    def is_stored(self) -> bool:
        return self.store is not False

    def messages(self) -> list[dict[str, Any]]:
        """The input as messages of a chat; raises ValidationFailed."""
        return messages_of(self.input)

    def echo(self) -> dict[str, Any]:
        """What every response repeats of its request."""
        return {
            "background": bool(self.background),
            "instructions": self.instructions,
            "max_output_tokens": self.max_output_tokens,
            "metadata": self.metadata or {},
            "parallel_tool_calls": self.parallel_tool_calls is not False,
            "previous_response_id": self.previous_response_id or None,
            "reasoning": {"effort": None, "summary": None, **(self.reasoning or {})},
            "store": self.is_stored,
            "temperature": 1.0 if self.temperature is None else self.temperature,
            "text": self.text or {"format": {"type": "text"}},
            "tool_choice": self.tool_choice or "auto",
            "tools": self.tools or [],
            "top_p": 1.0 if self.top_p is None else self.top_p,
            "truncation": "disabled",
            "user": self.user,
        }


class StreamQuery(Body):
    """The query of `GET /v1/responses/{id}`."""

    stream: str | None = None
    starting_after: str | None = None

    @property
    def wants_stream(self) -> bool:
        return (self.stream or "").lower() in ("true", "1")

    @property
    def after(self) -> int:
        """The number of the last event that the client has seen; -1 for none."""
        number = self.starting_after or ""
        return int(number) if _NUMBER.fullmatch(number) else -1


def options_of(form: ResponseForm) -> dict[str, Any]:
    """The options under the names of chat completions, without those that were not given."""
    choice, effort = form.tool_choice, (form.reasoning or {}).get("effort")
    named = choice.get("name") if isinstance(choice, dict) else None
    options = {
        "temperature": form.temperature,
        "top_p": form.top_p,
        "max_completion_tokens": form.max_output_tokens,
        "parallel_tool_calls": form.parallel_tool_calls,
        "tool_choice": {"type": "function", "function": {"name": named}} if named else choice,
        "reasoning_effort": effort,
        "response_format": _response_format((form.text or {}).get("format")),
        "user": form.user,
    }
    return {name: value for name, value in options.items() if value is not None}


def tools_of(form: ResponseForm) -> tuple[ToolSpec, ...]:
    """Raises ValidationFailed for tools that OpenAI runs on its own servers."""
    specs = tuple(_specs(form.tools or []))
    return () if form.tool_choice == "none" else specs


def id_of(turn_id: UUID) -> str:
    return f"{_OWN_ID_PREFIX}{turn_id.hex}"


def turn_id_in(value: str) -> UUID | None:
    """The turn that a response id of ours stands for."""
    try:
        turn_id = UUID(hex=value.removeprefix(_OWN_ID_PREFIX))
    except ValueError:
        return None
    return turn_id if value == id_of(turn_id) else None


def _specs(tools: list[dict[str, Any]]) -> Iterator[ToolSpec]:
    for index, tool in enumerate(tools):
        if tool.get("type") != "function" or not isinstance(tool.get("name"), str):
            reason = "Input should be a valid function with a name: other tools are not run here"
            raise invalid("tool_type", reason, "tools", index)
        parameters = tool.get("parameters")
        schema = parameters if isinstance(parameters, dict) else {"type": "object"}
        yield ToolSpec(tool["name"], str(tool.get("description") or ""), schema)


def _response_format(wanted: Any) -> dict[str, Any] | None:
    kind = wanted.get("type") if isinstance(wanted, Mapping) else None
    if kind == "json_schema":
        held = {name: wanted[name] for name in wanted if name != "type"}
        return {"type": "json_schema", "json_schema": held}
    return {"type": "json_object"} if kind == "json_object" else None
