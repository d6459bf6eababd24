"""What Anthropic is asked, and what it says back."""

import json
from typing import Any

import pytest

from providers.backends.anthropic import Anthropic
from providers.backends.anthropic_request import request_body
from providers.errors import AnswerCut, AnswerUnreadable, ProviderRefused
from providers.events import Finished, ReasoningDelta, TextDelta, ToolCallDelta
from providers.framing import SseSplitter, WholeSplitter
from providers.types import ChatMessage, ProviderRequest, SentFile, ToolCall, ToolSpec
from tests.providers import anthropic_recordings
from tests.providers.asking import KEY, PATIENT, events_of, events_until_fault
from tests.providers.conftest import Opened, StartWire
from tests.providers.test_wire_formats import anthropic as anthropic_parser
from tests.providers.test_wire_formats import parsed
from tests.providers.wire import Heard, head, sized, sse

LOOK = ToolSpec("look", "Look.", {"properties": {"q": {"type": "string"}}})
LOOK_JSON = {
    "name": "look",
    "description": "Look.",
    "input_schema": {"type": "object", "properties": {"q": {"type": "string"}}},
}
START = {"type": "message_start", "message": {"id": "msg_1", "usage": {"input_tokens": 3}}}
STOP = {"type": "message_stop"}


def anthropic(url: str) -> Anthropic:
    return Anthropic(name="anthropic", base_url=url, api_key=KEY, model="haiku", limits=PATIENT)


def body_of(*messages: ChatMessage, **fields: Any) -> dict[str, Any]:
    request = ProviderRequest(model="haiku", messages=messages, **fields)
    return request_body(request, name="anthropic")


def texts(*texts: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text} for text in texts]


async def test_a_question_goes_to_the_messages_api(wire: StartWire, opened: Opened) -> None:
    """C-9.7"""
    server = await wire([head() + anthropic_recordings.STREAM])
    events = await events_of(opened(anthropic(server.url + "/v1/")))
    assert events == anthropic_recordings.EVENTS
    heard = server.heard[0]
    assert heard.path == "/v1/messages"
    assert (heard.header("x-api-key"), heard.header("authorization")) == (KEY, None)
    assert heard.header("anthropic-version") == "2023-06-01"
    assert heard.json == {
        "stream": True,
        "max_tokens": 4096,
        "model": "small",
        "messages": [{"role": "user", "content": texts("Hello")}],
    }


def test_only_what_anthropic_knows_is_sent() -> None:
    """O-3.4"""
    options = {"max_tokens": 7, "temperature": 1.7, "top_p": 0.5, "stop": ["x", "\n"]}
    strange = {"n": 2, "frequency_penalty": 1, "user": "u", "stream_options": {}, "seed": None}
    body = body_of(ChatMessage("user", "Hi"), options=options | strange)
    known = {"max_tokens": 7, "temperature": 1.0, "top_p": 0.5, "stop_sequences": ["x"]}
    asked = {"stream": True, "model": "haiku"}
    assert body == asked | known | {"messages": [{"role": "user", "content": texts("Hi")}]}


@pytest.mark.parametrize(
    ("options", "field", "sent"),
    [
        ({"stop": "end"}, "stop_sequences", ["end"]),
        ({"stop": 5}, "stop_sequences", None),
        ({"max_completion_tokens": 9}, "max_tokens", 9),
        ({"max_tokens": None}, "max_tokens", 4096),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, "max_tokens", 6096),
        ({"stream": False}, "stream", False),
        ({"tool_choice": "required"}, "tool_choice", {"type": "any"}),
        ({"tool_choice": {"type": "function", "function": {"name": "look"}}}, "tool_choice",
         {"type": "tool", "name": "look"}),
        ({"parallel_tool_calls": False}, "tool_choice",
         {"type": "auto", "disable_parallel_tool_use": True}),
        ({"tools": [{"type": "function", "function": {"name": "look"}}, 5]}, "tools",
         [{"name": "look", "description": "", "input_schema": {"type": "object"}}, LOOK_JSON]),
    ],
)  # fmt: skip
def test_options_go_out_under_anthropics_names(
    options: dict[str, Any], field: str, sent: Any
) -> None:
    assert body_of(ChatMessage("user", "Hi"), options=options, tools=(LOOK,)).get(field) == sent


def test_system_messages_go_out_on_their_own_and_neighbours_are_merged() -> None:
    body = body_of(
        ChatMessage("system", "Be kind."),
        ChatMessage("assistant", "Hello!"),
        ChatMessage("user", "a"),
        ChatMessage("assistant", " "),
        ChatMessage("developer", "Be short."),
        ChatMessage("user", "b"),
    )
    assert body["system"] == "Be kind.\n\nBe short."
    assert body["messages"] == [
        {"role": "user", "content": texts("…")},
        {"role": "assistant", "content": texts("Hello!")},
        {"role": "user", "content": texts("a", "b")},
    ]


def test_calls_of_tools_and_their_results_are_blocks() -> None:
    calls = (ToolCall("t1", "look", '{"q": 1}'), ToolCall("t2", "look", "rubbish"))
    body = body_of(
        ChatMessage("user", "Look"),
        ChatMessage("assistant", "Yes.", tool_calls=calls),
        ChatMessage("tool", "A tree", tool_call_id="t1"),
        ChatMessage("tool", "", tool_call_id="t2"),
        tools=(LOOK,),
    )
    assert body["tools"] == [LOOK_JSON]
    assert body["messages"][1]["content"] == [
        *texts("Yes."),
        {"type": "tool_use", "id": "t1", "name": "look", "input": {"q": 1}},
        {"type": "tool_use", "id": "t2", "name": "look", "input": {}},
    ]
    results = [
        {"type": "tool_result", "tool_use_id": "t1", "content": "A tree"},
        {"type": "tool_result", "tool_use_id": "t2"},
    ]
    assert body["messages"][2] == {"role": "user", "content": results}


def test_images_pdfs_and_texts_go_along() -> None:
    files = (
        SentFile("a.png", "image/png", b"a", is_image=True),
        SentFile("b.pdf", "application/pdf", b"b", is_image=False),
        SentFile("c.csv", "text/csv; charset=utf-8", b"c,\xff", is_image=False),
    )
    content = body_of(ChatMessage("user", "Read", files))["messages"][0]["content"]
    data = {"type": "base64", "media_type": "image/png", "data": "YQ=="}
    assert content[0] == {"type": "image", "source": data}
    data = {"type": "base64", "media_type": "application/pdf", "data": "Yg=="}
    assert content[1] == {"type": "document", "source": data, "title": "b.pdf"}
    data = {"type": "text", "media_type": "text/plain", "data": "c,�"}
    assert content[2:] == [{"type": "document", "source": data, "title": "c.csv"}, *texts("Read")]


@pytest.mark.parametrize("media_type", ["image/tiff", "application/zip"])
async def test_other_files_are_refused_before_anybody_is_asked(media_type: str) -> None:
    file = SentFile("a.bin", media_type, b"a", is_image=media_type.startswith("image/"))
    request = ProviderRequest(model="haiku", messages=(ChatMessage("user", "Read", (file,)),))
    events, fault = await events_until_fault(anthropic("http://127.0.0.1:9"), request)
    assert (events, type(fault), fault.status) == ([], ProviderRefused, 415)
    assert "a.bin" in str(fault)


def test_a_whole_answer_gives_the_same_events_as_a_stream() -> None:
    content = [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "text", "text": "Hi!"},
        {"type": "tool_use", "id": "t1", "name": "look", "input": {"q": 1}},
        {"type": "tool_use", "id": "t2", "name": "now", "input": {}},
    ]
    counted = {"input_tokens": 2, "output_tokens": 3}
    answer = {"type": "message", "id": "msg_1", "content": content, "usage": counted}
    answer |= {"stop_reason": "max_tokens"}
    usage = {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}
    assert parsed(anthropic_parser(), WholeSplitter(), json.dumps(answer, indent=1).encode()) == [
        ReasoningDelta("hm"),
        TextDelta("Hi!"),
        ToolCallDelta(0, "t1", "look", '{"q":1}'),
        ToolCallDelta(1, "t2", "now", ""),
        ToolCallDelta(1, None, None, "{}"),
        Finished("length", usage, "msg_1"),
    ]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("max_tokens", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("something_new", "something_new"),
    ],
)
def test_the_end_has_openais_reasons(theirs: str, ours: str) -> None:
    delta = {"type": "message_delta", "delta": {"stop_reason": theirs}}
    last = parsed(anthropic_parser(), SseSplitter(), sse(START, delta, STOP))[-1]
    usage = {"prompt_tokens": 3, "completion_tokens": 0, "total_tokens": 3}
    assert last == Finished(ours, usage, "msg_1")


def test_unknown_events_and_rubbish_are_passed_over() -> None:
    strange = [
        {"type": "new_event", "delta": {"type": "text_delta", "text": "no"}},
        "rubbish",
        "[]",
    ]
    block = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}}
    began = {"type": "content_block_start", "index": 0, "content_block": block}
    piece = {"type": "input_json_delta", "partial_json": "{}"}
    delta = {"type": "content_block_delta", "index": 0, "delta": piece}
    events = parsed(anthropic_parser(), SseSplitter(), sse(START, *strange, began, delta, STOP))
    assert [type(event) for event in events] == [Finished]


async def test_an_error_in_the_middle_keeps_what_came_before(
    wire: StartWire, opened: Opened
) -> None:
    said = {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "half "}}
    error = {"type": "error", "error": {"type": "overloaded_error", "message": f"Full {KEY}"}}
    server = await wire([head() + sse(START, said, error)])
    events, fault = await events_until_fault(opened(anthropic(server.url)))
    assert events == [TextDelta("half ")]
    assert isinstance(fault, ProviderRefused)
    assert (fault.code, str(fault)) == (
        "overloaded_error",
        "anthropic answered with an error: Full ***",
    )


async def test_a_refusal_is_told_in_its_words(wire: StartWire, opened: Opened) -> None:
    body = b'{"type": "error", "error": {"type": "not_found_error", "message": "model: x"}}'
    server = await wire([sized(body, "404 Not Found")])
    _, fault = await events_until_fault(opened(anthropic(server.url)))
    assert (str(fault), fault.status) == ("anthropic answered 404: model: x", 404)


def test_a_stream_without_its_last_event_is_cut() -> None:
    with pytest.raises(AnswerCut):
        parsed(anthropic_parser(), SseSplitter(), sse(START))


@pytest.mark.parametrize("payloads", [[], ["rubbish"], [STOP], [{"type": "ping"}]])
def test_a_body_with_nothing_readable_is_a_fault(payloads: list[Any]) -> None:
    with pytest.raises(AnswerUnreadable):
        parsed(anthropic_parser(), SseSplitter(), sse(*payloads))


async def test_its_models_come_in_pages(wire: StartWire, opened: Opened) -> None:
    pages = [
        {"data": [{"id": "a", "display_name": "A"}, {}], "has_more": True, "last_id": "a"},
        {"data": [{"id": "b"}], "has_more": False, "last_id": "b"},
    ]
    server = await wire(*[[sized(json.dumps(page).encode())] for page in pages])
    models = await opened(anthropic(server.url)).models()
    assert [(model.id, model.name) for model in models] == [("a", "A"), ("b", "b")]
    paths = [heard.path for heard in server.heard]
    assert paths == ["/v1/models?limit=1000", "/v1/models?limit=1000&after_id=a"]
    assert all(_has_key(heard) for heard in server.heard)


async def test_models_that_cannot_be_read_are_a_fault(wire: StartWire, opened: Opened) -> None:
    server = await wire([sized(b"[]")])
    with pytest.raises(AnswerUnreadable):
        await opened(anthropic(server.url)).models()


def _has_key(heard: Heard) -> bool:
    return heard.header("x-api-key") == KEY
