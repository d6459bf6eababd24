"""The demo provider answers without key or network (C-9.6)."""

import time

from hypothesis import given
from hypothesis import strategies as st

from providers.backends.demo import Demo, reply_to
from providers.events import Finished
from providers.types import ChatMessage, ProviderRequest
from tests.providers.asking import events_of, question, text_of


@given(st.text())
async def test_the_reply_quotes_the_whole_prompt_on_several_lines(prompt: str) -> None:
    events = await events_of(Demo(delay=0.0), question(prompt))
    text = text_of(events)
    assert text == reply_to(prompt)
    assert "\n".join(f"> {line}" for line in prompt.split("\n")) in text
    assert len(events) > 3


async def test_the_same_question_gets_the_same_reply() -> None:
    first, second = [await events_of(Demo(delay=0.0)) for _ in range(2)]
    assert first == second


async def test_only_the_last_question_counts() -> None:
    messages = (
        ChatMessage("user", "old"),
        ChatMessage("assistant", "x"),
        ChatMessage("user", "new"),
    )
    text = text_of(await events_of(Demo(delay=0.0), ProviderRequest("demo", messages)))
    assert ("> new" in text, "old" in text) == (True, False)


async def test_words_are_counted() -> None:
    last = (await events_of(Demo(delay=0.0), question("one two three")))[-1]
    words = len(reply_to("one two three").split())
    usage = {"prompt_tokens": 3, "completion_tokens": words, "total_tokens": 3 + words}
    assert last == Finished("stop", usage)


async def test_a_long_prompt_takes_no_longer_than_150_pauses() -> None:
    started = time.monotonic()
    events = await events_of(Demo(delay=0.0), question("word " * 200_000))
    assert len(events) <= 151
    assert time.monotonic() - started < 3


async def test_a_question_without_text_is_answered_too() -> None:
    assert text_of(await events_of(Demo(delay=0.0), ProviderRequest("demo", ())))
