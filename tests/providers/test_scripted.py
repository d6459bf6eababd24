"""The fake keeps to its script."""

import pytest

from providers.backends.scripted import Scripted
from providers.errors import ProviderUnavailable
from providers.events import Finished, TextDelta
from tests.providers.asking import events_of, events_until_fault, question


async def test_it_says_its_lines_and_remembers_the_questions() -> None:
    provider = Scripted([[TextDelta("a"), 0.0, Finished()], [TextDelta("b"), Finished()]])
    assert await events_of(provider, question("one")) == [TextDelta("a"), Finished()]
    assert await events_of(provider, question("two")) == [TextDelta("b"), Finished()]
    assert provider.requests == [question("one"), question("two")]


async def test_it_fails_where_it_is_told_to() -> None:
    gone = ProviderUnavailable("gone")
    assert await events_until_fault(Scripted([[TextDelta("half "), gone]])) == (
        [TextDelta("half ")],
        gone,
    )


async def test_a_question_too_many_is_a_clear_failure() -> None:
    with pytest.raises(AssertionError, match="Question 1 to 'scripted' has no script"):
        await events_of(Scripted())


async def test_its_catalogue_may_fail() -> None:
    provider = Scripted(models=ProviderUnavailable("gone"))
    with pytest.raises(ProviderUnavailable):
        await provider.models()
    assert (provider.listed, await provider.default_model()) == (1, "scripted")
