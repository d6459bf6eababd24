"""ChatGPT's conversations.json becomes conversations of ours (docs/portable.md)."""

import json
from io import BytesIO
from typing import Any

import pytest

from conversations.models import Conversation, Message
from conversations.portable.arrays import Items
from conversations.portable.chatgpt import entries_in
from conversations.portable.entries import Entry
from conversations.portable.errors import Unreadable
from tests.conversations.chatgpt import BEGAN, CONVERSATION, node, said, trip
from tests.conversations.exports import imported, results, somebody

pytestmark = pytest.mark.django_db


def file_of(*conversations: Any) -> bytes:
    return json.dumps(list(conversations)).encode()


def messages() -> list[Message]:
    """As a provider would get them."""
    return list(Message.objects.order_by("id"))


def test_the_branch_that_was_seen_last_becomes_a_conversation() -> None:
    ann = somebody()
    report = imported(ann, file_of(trip()))
    assert (report.format, report.is_complete, set(results(report))) == (
        "chatgpt",
        True,
        {"created"},
    )
    row = Conversation.objects.get()
    assert (row.title, row.surface, row.workspace) == (
        "City in a picture",
        "threads",
        ann.workspace,
    )
    assert (row.message_count, row.metadata) == (4, {"chatgpt_id": CONVERSATION})
    assert row.created_at.timestamp() == pytest.approx(BEGAN, abs=0.002)
    assert row.updated_at.timestamp() == pytest.approx(BEGAN + 60, abs=0.002)
    assert [(found.role, found.content, found.model) for found in messages()] == [
        ("user", "[image]\nWhere is\nthis?", None),
        ("assistant", "```\nprint(2)\n```", None),
        ("assistant", "```\n2\n```", None),
        ("assistant", "Paris.", "gpt-4o"),
    ]


def test_messages_follow_each_other_whatever_their_clocks_say() -> None:
    ann = somebody()
    imported(ann, file_of(trip()))
    found = messages()
    assert [row.parent_id for row in found] == [None, *(row.id for row in found[:-1])]
    assert [row.created_at for row in found] == sorted(row.created_at for row in found)
    senders = [str(ann.user_id), "assistant", "assistant", "assistant"]
    assert [row.sender_id for row in found] == senders
    assert found[2].metadata == {"chatgpt_author": "tool python"}


def test_other_branches_are_left_out_and_counted() -> None:
    report = imported(somebody(), file_of(trip()))
    assert report.items[0].reason == "1 messages of other branches were left out"
    assert not Message.objects.filter(content="Rome.").exists()


def test_importing_again_changes_nothing_and_a_later_export_adds() -> None:
    ann = somebody()
    imported(ann, file_of(trip()))
    assert set(results(imported(ann, file_of(trip())))) == {"unchanged"}
    longer = trip(current_node="n8", update_time=BEGAN + 90, title="Paris")
    longer["mapping"]["n8"] = node("n8", "n7", [], said("user", "Thanks", at=BEGAN + 80))
    report = imported(ann, file_of(longer))
    assert report.counts["message"] == {"unchanged": 4, "created": 1}
    assert report.counts["conversation"] == {"updated": 1}
    assert (messages()[-1].content, Conversation.objects.get().message_count) == ("Thanks", 5)


def test_an_old_export_without_a_current_node_ends_with_the_latest() -> None:
    old = trip(current_node=None)
    old["mapping"]["n7"]["message"]["create_time"] = BEGAN + 9
    imported(somebody(), file_of(old))
    assert messages()[-1].content == "Paris."


@pytest.mark.parametrize(
    "content, text",
    [
        ({"content_type": "text", "parts": ["a", "", "b"]}, "a\nb"),
        ({"content_type": "text", "parts": ["NUL \0, half \ud83d"]}, "NUL \ufffd, half \ufffd"),
        ({"content_type": "tether_quote", "title": "t", "text": "Quoted"}, "Quoted"),
        ({"content_type": "tether_browsing_display", "result": "Found"}, "Found"),
        ({"content_type": "system_error", "name": "x", "text": "Failed"}, "Failed"),
        ({"content_type": "code", "text": "a ``` b"}, "````\na ``` b\n````"),
        (
            {
                "content_type": "multimodal_text",
                "parts": [
                    {"content_type": "audio_transcription", "text": "Spoken"},
                    {"content_type": "audio_asset_pointer"},
                    {"content_type": "real_time_user_audio_video_asset_pointer"},
                    {"content_type": "file"},
                ],
            },
            "Spoken\n[audio]\n[audio]\n[attachment]",
        ),
    ],
)
def test_each_kind_of_content_has_a_text(content: dict[str, Any], text: str) -> None:
    mapping = {"a": node("a", None, [], said("user", content=content))}
    imported(somebody(), file_of(trip(mapping=mapping, current_node="a")))
    assert messages()[0].content == text


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"content_type": "text", "parts": ["", " "]},
        {"content_type": "text", "parts": None},
        {"content_type": "reasoning_recap", "content": "Thought for 5 seconds"},
        {"content_type": "model_editable_context", "model_set_context": "x"},
        {"content_type": "text", "parts": [7, None]},
    ],
)
def test_what_nobody_said_is_no_message(content: dict[str, Any]) -> None:
    mapping = {"a": node("a", None, [], said("assistant", content=content))}
    report = imported(somebody(), file_of(trip(mapping=mapping, current_node="a")))
    assert (results(report), messages()) == (["created"], [])


@pytest.mark.parametrize(
    "bad",
    [
        7,
        None,
        [],
        {},
        {"id": "x"},
        trip(mapping=[]),
        trip(id=None, conversation_id=None),
        trip(mapping={"a": 7}),
        trip(title=["x"]),
        trip(create_time=10**400),
    ],
    ids=lambda bad: str(bad)[:20],
)
def test_a_bad_conversation_is_refused_and_the_others_are_not(bad: Any) -> None:
    good = trip(id="g", conversation_id="g", mapping={}, title="\0" * 300)
    report = imported(somebody(), file_of(bad, good))
    assert results(report) == ["refused", "created"]
    assert report.items[1].line == 2
    assert len(Conversation.objects.get().title or "") == 255


def test_a_bad_message_is_refused_and_its_neighbours_are_not() -> None:
    bad = trip()
    bad["mapping"]["n5"]["message"]["author"] = "me"
    report = imported(somebody(), file_of(bad))
    assert report.counts["message"] == {"created": 3, "refused": 1}
    assert [row.parent_id is None for row in messages()] == [True, False, False]


@pytest.mark.parametrize("time", [None, -1, 0, 1e300, 5e10])
def test_times_that_are_none_do_no_harm(time: float | None) -> None:
    odd = trip(create_time=time, update_time=time)
    odd["mapping"]["n3"]["message"]["create_time"] = time
    assert imported(somebody(), file_of(odd)).refused == 0
    assert [row.content[:7] for row in messages()] == ["[image]", "```\npri", "```\n2\n`", "Paris."]


def test_a_ring_of_nodes_ends() -> None:
    ring = {name: node(name, other, [], said("user", name)) for name, other in ("ab", "ba")}
    found = list(entries_in(1, trip(mapping=ring, current_node="a")))
    assert len(found) == 3


def test_ids_are_in_the_order_of_time() -> None:
    early = trip(id="zzz", conversation_id="zzz", create_time=BEGAN - 1000, mapping={})
    ids = [
        next(entry.item.id for entry in entries_in(1, item) if isinstance(entry, Entry))
        for item in (early, trip(), trip(id="a", conversation_id="a", create_time=BEGAN + 1))
    ]
    assert ids == sorted(ids)
    assert {id.version for id in ids} == {7}


@pytest.mark.parametrize("tail", [b"", b"]", b",", b', {"mapp', b"} ]", b" 7]"])
def test_a_list_that_was_cut_or_broken_gives_what_came_before(tail: bytes) -> None:
    data = file_of(trip(), trip(id="b", conversation_id="b")).removesuffix(b"]") + tail
    report = imported(somebody(), data)
    assert report.counts["conversation"] == {"created": 2}
    assert report.is_complete == (tail == b"]")


@pytest.mark.parametrize("size", [1, 2, 7, 4096])
def test_items_are_the_same_however_the_file_is_read(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.portable.arrays._READ_AT_ONCE", size)
    values: list[Any] = [{"a": ']},{[\\"'}, [], "سلام 😀", {"b": [1.5, {}]}, None]
    data = "\ufeff" + json.dumps(values, ensure_ascii=False, indent=1) + "\n"
    items = Items(BytesIO(data.encode()))
    assert (list(items), items.is_complete) == (values, True)


def test_numbers_that_are_not_json_are_refused() -> None:
    with pytest.raises(Unreadable):
        list(Items(BytesIO(b"[NaN]")))
