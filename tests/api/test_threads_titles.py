"""What a message does to its thread: the title, the metadata, and who is asked (T-4.2, T-4.3)."""

from typing import Any

import pytest

from tests.api.accounts import Account, signed_up
from tests.api.talking import OLLAMA_WIRE, OPENAI_WIRE, asked_of
from tests.api.threads import (
    MODEL,
    Thread,
    new_thread,
)
from tests.client import Server, Upstream

SPENT = {"prompt_tokens": 12, "completion_tokens": 34, "total_tokens": 46}


@pytest.fixture(scope="module")
def owner(server: Server) -> Account:
    return signed_up(server)


@pytest.fixture
def thread(owner: Account) -> Thread:
    return new_thread(owner)


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"text": "Plan a trip"}, f"{MODEL}: Plan a trip"),
        ({"text": "Plan", "model_label": "Small"}, "Small: Plan"),
        ({"text": "[a] b [c]", "model_label": "[x] y"}, "x y: a b c"),
        ({"text": "x" * 33}, f"{MODEL}: {'x' * 32}"),
        ({"text": "🦆" * 40}, f"{MODEL}: {'🦆' * 32}"),
    ],
)
def test_the_first_message_gives_the_title(
    owner: Account, fields: dict[str, Any], title: str
) -> None:
    """T-4.2: it replaces one given earlier, and later messages leave it."""
    for given in ({}, {"title": "Given"}):
        thread = new_thread(owner, **given)
        thread.ask(**fields).raise_for_status()
        assert thread.get()["title"] == title
    thread.ask("Another one").raise_for_status()
    assert thread.get()["title"] == title
    thread.change(title="Mine")
    thread.ask("A third one").raise_for_status()
    assert thread.get()["title"] == "Mine"


@pytest.mark.parametrize("blank", ["", "  ", "\t\n"])
def test_a_message_gives_a_title_while_there_is_none_but_blanks(thread: Thread, blank: str) -> None:
    """T-4.2"""
    thread.ask("One").raise_for_status()
    thread.change(title=blank)
    thread.ask("Two").raise_for_status()
    assert thread.get()["title"] == f"{MODEL}: Two"


def test_a_label_of_any_length_makes_a_title_that_can_be_stored(thread: Thread) -> None:
    """T-4.2, C-3.7"""
    thread.ask("One", model_label="L" * 400).raise_for_status()
    assert thread.get()["title"].startswith("LLLL")


def test_the_metadata_keeps_who_was_asked_beside_what_it_had(owner: Account) -> None:
    """T-4.3"""
    thread = new_thread(owner, metadata={"product": "p", "colour": "red"})
    thread.ask("One", model_label="Small").raise_for_status()
    kept = {"model": MODEL, "model_label": "Small", "provider": "openai-compatible"}
    assert thread.get()["metadata"] == {"product": "p", "colour": "red", **kept}


@pytest.mark.parametrize("where", ["thread", "message"])
def test_metadata_names_the_provider_explicitly(
    owner: Account, upstream: Upstream, where: str
) -> None:
    """T-4.3, C-9.2, C-9.5: a named one gets the model id as it is."""
    named = {"provider": " Ollama "}
    thread = new_thread(owner, metadata=named if where == "thread" else {})
    fields = {"metadata": named} if where == "message" else {}
    thread.ask("One", model=MODEL, **fields).raise_for_status()
    assert asked_of(upstream, OLLAMA_WIRE)["model"] == MODEL
    assert thread.get()["metadata"]["provider"].strip().lower() == "ollama"


def test_a_model_finds_its_provider_where_none_is_named(thread: Thread, upstream: Upstream) -> None:
    """C-9.2, T-4.3"""
    thread.ask("One", model="gpt-oss:20b").raise_for_status()
    assert asked_of(upstream, OLLAMA_WIRE)["model"] == "gpt-oss:20b"
    assert thread.get()["metadata"]["provider"] == "ollama"
    thread.ask("Two", model=MODEL).raise_for_status()
    assert asked_of(upstream, OPENAI_WIRE)["model"] == MODEL
