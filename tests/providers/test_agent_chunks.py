"""What agents add to OpenAI's chunks, read from the bytes that came (T-4, T-5, T-6.1)."""

import base64
import json
from typing import Any
from uuid import UUID

import pytest

from providers.backends.agent_chunks import AgentReader, is_agents
from providers.backends.chat_completions import ChatCompletionsParser
from providers.errors import ProviderRefused
from providers.events import AnswerDetails, Finished, ProviderEvent, RawChunk
from providers.framing import SseSplitter
from tests.providers.wire import said, sse


def read(*chunks: Any) -> tuple[AgentReader, list[RawChunk]]:
    reader = AgentReader()
    return reader, [reader.read(RawChunk(json.dumps(chunk).encode(), "text")) for chunk in chunks]


def parsed(*payloads: Any) -> list[ProviderEvent]:
    parser = ChatCompletionsParser(
        name="agent", refuse=lambda error: ProviderRefused(json.dumps(error)), keep_raw=True
    )
    splitter = SseSplitter()
    events: list[ProviderEvent] = []
    for payload in [*splitter.feed(sse(*payloads)), *splitter.finish()]:
        if not parser.ended:
            events.extend(parser.feed(payload))
    return [*events, parser.finish()]


def agents(**metadata: Any) -> dict[str, Any]:
    return {**said("", "stop"), "message_metadata": metadata}


def test_a_chunk_without_an_agents_fields_is_not_looked_into() -> None:
    assert not is_agents(json.dumps(said("conversation", "stop")).encode())
    assert is_agents(b'{"message_metadata": {}}')
    assert is_agents(b'{"conversation_id": "c"}')


def test_an_answer_of_no_agent_has_no_details() -> None:
    assert parsed(said("Hi", "stop"), "[DONE]")[-1] == Finished("stop", None, "chatcmpl-1")


@pytest.mark.parametrize("chunk", [{"conversation_id": "c"}, agents(conversation_id="c")])
def test_the_last_conversation_named_counts(chunk: dict[str, Any]) -> None:
    """T-6.1"""
    reader, _ = read({"conversation_id": "earlier"}, chunk, {"conversation_id": ""})
    assert reader.conversation_id == "c"


@pytest.mark.parametrize("name", [None, 7, "", ["c"]])
def test_a_conversation_that_is_no_text_is_none(name: Any) -> None:
    reader, _ = read({"conversation_id": name})
    assert reader.details is None


def test_files_leave_the_chunk_and_everything_else_stays() -> None:
    """T-4: in order, with unknown keys."""
    entry = {"size": 4, "filename": "a.txt", "content_type": "text/x", "zeta": 1}
    sent = {**entry, "data": base64.b64encode(b"data").decode()}
    _, (chunk,) = read({"b": 1, "message_metadata": {"attachments": [sent]}, "a": [2]})
    (file,) = chunk.files
    assert (file.filename, file.content_type, file.data) == ("a.txt", "text/x", b"data")
    assert str(UUID(file.file_id)) == file.file_id
    told = json.loads(chunk.data)
    assert list(told) == ["b", "message_metadata", "a"]
    (left,) = told["message_metadata"]["attachments"]
    assert entry.items() <= left.items()
    assert "data" not in left


def test_a_file_without_a_name_or_type_has_both() -> None:
    _, (chunk,) = read(agents(attachments=[{"data": ""}]))
    assert (chunk.files[0].filename, chunk.files[0].content_type) == (
        "file",
        "application/octet-stream",
    )


@pytest.mark.parametrize(
    "attachments", [None, {}, "text", ["text"], [{}], [{"data": 5}], [{"data": "%%"}], [None]]
)
def test_what_is_no_file_leaves_the_chunk_as_it_came(attachments: Any) -> None:
    """T-5: byte for byte."""
    _, (chunk,) = read(agents(attachments=attachments))
    assert chunk == RawChunk(json.dumps(agents(attachments=attachments)).encode(), "text")


@pytest.mark.parametrize("choices", [[], None, "odd", [None], [{}], [{"delta": 5}], "absent"])
def test_a_question_finds_its_place_in_any_chunk(choices: Any) -> None:
    """T-5.6"""
    chunk = {"message_metadata": {"interrupt_payload": {"question": "Which?"}}}
    reader, (told,) = read(chunk if choices == "absent" else {**chunk, "choices": choices})
    assert json.loads(told.data)["choices"][0]["delta"]["content"] == "Which?"
    assert (told.text, reader.text) == ("Which?", "Which?")


def test_the_details_of_an_answer_come_with_its_end() -> None:
    """T-5.6, T-6.1"""
    asked = {"content": "Which?", "options": [1]}
    *_, end = parsed(said("Hm. "), agents(interrupt_payload=asked, conversation_id="c"), "[DONE]")
    assert isinstance(end, Finished)
    metadata = {"interrupt_payload": asked, "conversation_id": "c"}
    assert end.details == AnswerDetails("c", "Which?", metadata)


@pytest.mark.parametrize("metadata", [None, 5, "text", [], [1]])
def test_metadata_that_is_no_object_is_passed_over(metadata: Any) -> None:
    reader, (chunk,) = read({"message_metadata": metadata})
    assert (reader.details, chunk.files) == (None, ())


@pytest.mark.parametrize("odd", ["1e999", '"\\ud83d"', "[" * 900 + "]" * 900])
def test_an_agents_chunk_that_cannot_be_read_is_passed_over(odd: str) -> None:
    """C-9.9: one bad chunk in a good stream."""
    bad = f'{{"id":"x","choices":[],"message_metadata":{{"note":{odd}}}}}'
    events = parsed(said("a"), bad, said("b", "stop"), "[DONE]")
    texts = [event.text for event in events if isinstance(event, RawChunk)]
    assert "".join(texts) == "ab"
    assert isinstance(events[-1], Finished)
