"""How many tokens a text probably is, beside what OpenAI's o200k_base makes of it."""

import json
from typing import Any

import pytest

from providers import counting
from providers.counting import (
    tokens_as_sent,
    tokens_in,
    tokens_of,
    tokens_of_input,
    tokens_of_schemas,
)
from providers.types import ChatMessage, ToolCall, ToolSpec

ENGLISH = (
    "Close the tab, change network, restart a worker: the answer goes on, or is kept as far as it"
    " came, and any client picks it up again, from where it stopped."
)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        (ENGLISH, 38),
        ("人工智能正在改变我们的生活方式。今天的天气很好我们去公园散步吧。", 20),
        ("人工知能は私たちの生活を変えています。今日は天気がいいので、公園を散歩しましょう。", 28),
        ("هوش مصنوعی شیوهٔ زندگی ما را دگرگون می‌کند و هر روز بهتر می‌شود.", 22),
    ],
)
def test_prose_is_counted_within_a_fifth(text: str, tokens: int) -> None:
    assert 0.8 <= tokens_in(text) / tokens <= 1.2


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("a", 1), ("é", 1), ("語", 1), ("😀", 2), ("\ud800", 1)]
)
def test_each_character_counts(text: str, tokens: int) -> None:
    assert tokens_in(text) == tokens


def test_characters_of_all_widths_are_told_apart() -> None:
    assert tokens_in("a" * 100 + "é" * 100 + "語" * 100 + "😀" * 100) == 27 + 40 + 70 + 200


def test_a_message_costs_a_little_more_than_its_text() -> None:
    messages = [ChatMessage("system", ""), ChatMessage("user", "a" * 100)]
    assert tokens_of(messages) == 4 + 4 + 27


def test_of_what_is_embedded_texts_and_tokens_count() -> None:
    assert tokens_of_input("a" * 100) == 27
    assert tokens_of_input(["a" * 100, "a"]) == 28
    assert tokens_of_input([1, 2, 3]) == 3
    assert tokens_of_input([[1, 2], [3]]) == 3
    assert tokens_of_input([1, "a" * 100, [2, 3]]) == 1 + 27 + 2


def test_millions_of_tokens_are_not_looked_at_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "tokens_of_input", None)
    assert tokens_of_input([1] * 200_000) == 200_000


def test_schemas_count_as_json() -> None:
    tool = ToolSpec("look", "L" * 100, {"type": "object"})
    options = {"tools": [{"x": "a" * 100}], "response_format": None, "stop": "b" * 100}
    assert tokens_of_schemas(options) == tokens_in(json.dumps(options["tools"]))
    assert tokens_of_schemas({}, (tool,)) > 27


def test_calls_of_tools_count_where_they_are_told_again() -> None:
    call = ToolCall("c", "f", "x" * 99)
    assert tokens_of([ChatMessage("assistant", "", tool_calls=(call,))]) == 4 + 27
    sent = {"content": None, "tool_calls": [{"function": {"name": "f", "arguments": "x" * 99}}]}
    assert 4 + 27 < tokens_as_sent([sent]) < 4 + 50


def test_of_messages_as_they_were_sent_the_texts_count() -> None:
    parts = [{"type": "text", "text": "a" * 100}, {"type": "image_url"}, "odd", {"text": 7}]
    sent: list[dict[str, Any]] = [{"content": parts}, {"content": "a" * 100}, {"content": None}, {}]
    assert tokens_as_sent(sent) == 4 * 4 + 2 * 27
