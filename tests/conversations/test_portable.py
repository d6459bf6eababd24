"""Export and import of everything that someone owns (docs/portable.md)."""

import base64
import datetime as dt
import json
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from hypothesis import given
from hypothesis import strategies as st

from conversations.files import storage
from conversations.ids import new_id
from conversations.models import Attachment, Conversation, Message, ProviderThread
from conversations.portable.checks import record_in
from conversations.portable.entries import type_of
from conversations.portable.errors import NotAnExport, Unreadable
from conversations.portable.places import derived_id
from conversations.portable.reading import MOST_UNREADABLE
from conversations.portable.records import ConversationLine, MessageLine, line_of
from conversations.portable.report import MOST_LISTED
from conversations.portable.writing import MOST_CHARACTERS, MOST_ROWS, Export
from tests.conversations.exports import (
    LATER,
    THEN,
    attachment,
    conversation,
    exported,
    file_of,
    imported,
    message,
    results,
    somebody,
    time,
)

pytestmark = pytest.mark.django_db
PLAIN = base64.b64encode(b"plain").decode()


@pytest.fixture(autouse=True)
def _own_storage(settings: LazySettings, tmp_path: Any) -> None:
    files = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    settings.STORAGES = {
        **settings.STORAGES,
        "attachments": {**files, "OPTIONS": {"location": str(tmp_path)}},
    }


def stored_files() -> int:
    return sum(len(storage().listdir(name)[1]) for name in storage().listdir("")[0])


def full_file() -> bytes:
    thread = conversation(title="Trip", metadata={"product": "p", "b": {"z": 1, "a": [None]}})
    asked = message(thread, content="سلام")
    answer = message(thread, parent_id=asked["id"], role="assistant", sender_id="assistant")
    state: dict[str, Any] = {**conversation(), "type": "provider_thread", "external_id": "abc"}
    state |= {"conversation_id": thread["id"], "provider": "openai", "payload": {"model": "m"}}
    gone = conversation(surface="sessions", deleted_at=LATER, memory_limit=3, provider="demo")
    return file_of(thread, asked, attachment(asked, PLAIN), answer, state, gone)


def test_what_was_imported_is_exported_line_by_line() -> None:
    data = full_file()
    ann = somebody()
    report = imported(ann, data)
    assert (set(results(report)), report.is_complete) == ({"created"}, True)
    first = exported(ann)
    assert [line["type"] for line in first] == [
        "parley-export",
        "conversation",
        "message",
        "attachment",
        "message",
        "provider_thread",
        "conversation",
        "end",
    ]
    given_lines = [json.loads(line) for line in data.splitlines()[:-1]]
    for line, shown in zip(given_lines, first[1:-1], strict=True):
        given_values = {name: line[name] for name in line.keys() & shown.keys()}
        assert {name: shown[name] for name in given_values} == given_values
    counts = {"conversations": 2, "messages": 2, "attachments": 1, "provider_threads": 1}
    assert first[-1] == {"type": "end", **counts}


def test_importing_again_changes_nothing() -> None:
    ann, data = somebody(), full_file()
    imported(ann, data)
    before, files = exported(ann), stored_files()
    assert set(results(imported(ann, data))) == {"unchanged"}
    assert (exported(ann), stored_files()) == (before, files)


def test_the_derived_columns_are_right() -> None:
    """T-3.4"""
    ann = somebody()
    imported(ann, full_file())
    row = Conversation.objects.get(workspace=ann.workspace, surface="threads")
    assert (row.product, row.agent, row.message_count) == ("p", "", 2)
    assert (row.created_at, row.updated_at) == (time(THEN), time(THEN))
    assert Message.objects.filter(conversation=row, sender_id=str(ann.user_id)).count() == 1


def test_a_newer_item_updates_and_an_older_one_does_not() -> None:
    ann, thread = somebody(), conversation(title="Old")
    asked = message(thread)
    imported(ann, file_of(thread, asked))
    newer = {"updated_at": LATER}
    report = imported(
        ann, file_of({**thread, **newer, "title": "New"}, {**asked, **newer, "content": "Bye"})
    )
    assert results(report) == ["updated", "updated"]
    older = imported(ann, file_of({**thread, "title": "Older"}, {**asked, "content": "Hm"}))
    assert results(older) == ["unchanged", "unchanged"]
    row = Conversation.objects.get(id=thread["id"])
    assert (row.title, row.updated_at, row.message_count) == ("New", time(LATER), 1)
    assert Message.objects.get(id=asked["id"]).content == "Bye"


def test_ids_of_another_user_are_left_alone_and_replaced_the_same_way_each_time() -> None:
    ann, bob = somebody(), somebody()
    data = full_file()
    imported(ann, data)
    before = exported(ann)
    report = imported(bob, data)
    assert set(results(report)) == {"created"}
    assert set(results(imported(bob, data))) == {"unchanged"}
    assert exported(ann) == before
    mine, others = exported(bob), before
    ids = {line["id"] for line in mine if "id" in line}
    assert ids.isdisjoint({line["id"] for line in others if "id" in line})
    assert [line.get("content") for line in mine] == [line.get("content") for line in others]
    answer = next(line for line in mine if line.get("role") == "assistant")
    assert answer["parent_id"] in ids


def test_a_message_cannot_be_put_into_the_conversation_of_another() -> None:
    ann, bob = somebody(), somebody()
    thread = conversation()
    asked = message(thread)
    imported(ann, file_of(thread, asked))
    newer = {**asked, "updated_at": LATER, "content": "Mine"}
    report = imported(bob, file_of(newer, message(thread), attachment(asked, PLAIN)))
    assert results(report) == ["refused", "refused", "refused"]
    assert Message.objects.get().content == "Hello"
    assert (Attachment.objects.count(), stored_files()) == (0, 0)


def test_a_parent_of_another_conversation_is_no_parent() -> None:
    ann, bob = somebody(), somebody()
    thread, own = conversation(), conversation()
    asked = message(thread)
    imported(ann, file_of(thread, asked))
    report = imported(bob, file_of(own, message(own, parent_id=asked["id"])))
    assert [outcome.reason is not None for outcome in report.items] == [False, True]
    assert Message.objects.get(conversation_id=own["id"]).parent_id is None


def test_derived_ids_keep_the_order() -> None:
    ids = [new_id() for _ in range(2000)]
    place = str(uuid4())
    derived = [derived_id(place, id) for id in ids]
    assert derived == sorted(derived)
    assert not set(derived) & set(ids)


BAD = {
    "no JSON": b"rubbish",
    "cut": b'{"type": "conversation", "id": "',
    "no UTF-8": b'{"type": "conversation", "title": "\xff"}',
    "another type": b'{"type": "user"}',
    "a list": b"[1]",
    "too deep": b"[" * 100_000,
    "a deep object": {"metadata": {"a": json.loads("[" * 300 + "]" * 300)}},
    "no id": {"id": "7"},
    "NUL": {"title": "a\0b"},
    "NUL in a key": {"metadata": {"a\0": 1}},
    "a long title": {"title": "x" * 256},
    "a long summary": {"summary": "x" * 1025},
    "no time zone": {"created_at": "2026-01-02T03:04:05"},
    "no time": {"created_at": "yesterday"},
    "before all time": {"created_at": "0001-01-01T00:00:00+14:00"},
    "a list as metadata": {"metadata": [1]},
    "a surface with blanks": {"surface": "no such"},
    "a limit below 1": {"memory_limit": 0},
    "a limit for no integer": {"memory_limit": 2**31},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_bad_line_is_refused_and_the_others_are_not(bad: bytes | dict[str, Any]) -> None:
    ann, thread = somebody(), conversation()
    line = bad if isinstance(bad, bytes) else conversation(**bad)
    report = imported(ann, file_of(conversation(), line, thread, message(thread)))
    assert results(report) == ["created", "refused", "created", "created"]
    assert (report.items[1].line, bool(report.items[1].reason)) == (2, True)
    assert report.is_complete


@pytest.mark.parametrize(
    "fields",
    [
        {"role": ""},
        {"status": "done"},
        {"tokens_count": -1},
        {"tokens_count": 2**60},
        {"content": None},
        {"content": "a\0"},
        {"error_code": "x" * 129},
        {"conversation_id": "0f2a1c34-5b6d-4e7f-8a90-123456789abc"},
    ],
    ids=str,
)
def test_a_bad_message_is_refused(fields: dict[str, Any]) -> None:
    thread = conversation()
    report = imported(somebody(), file_of(thread, message(thread, **fields), message(thread)))
    assert results(report) == ["created", "refused", "created"]
    assert Conversation.objects.get().message_count == 1


@pytest.mark.parametrize("data", [None, "%%%", "YQ", "سلام"])
def test_an_attachment_without_bytes_is_refused(data: str | None) -> None:
    thread = conversation()
    asked = message(thread)
    report = imported(somebody(), file_of(thread, asked, attachment(asked, data)))
    assert results(report) == ["created", "created", "refused"]
    assert stored_files() == 0


def test_the_name_of_a_file_is_no_path() -> None:
    thread = conversation()
    asked = message(thread)
    named = attachment(asked, PLAIN, filename="../../etc/\npasswd", size_bytes=10**9)
    imported(somebody(), file_of(thread, asked, named))
    row = Attachment.objects.get()
    assert (row.filename, row.size_bytes) == ("passwd", 5)


def test_a_cut_file_is_imported_and_said_to_be_cut() -> None:
    whole = full_file()
    cut = whole[: whole.rindex(b"{") + 10]
    report = imported(somebody(), cut)
    assert not report.is_complete
    assert results(report).count("created") == 6
    assert report.refused == 1


def test_products_and_agents_outside_of_the_lists_are_refused() -> None:
    """T-3.4"""
    ann = somebody(allowed_products=("p",), allowed_agents=("a",))
    inside = conversation(metadata={"product_id": "p", "agent": {"id": "a"}})
    outside = conversation(metadata={"productId": "q"})
    report = imported(ann, file_of(inside, outside, message(outside), message(inside)))
    assert results(report) == ["created", "refused", "refused", "created"]
    row = Conversation.objects.get()
    assert (row.product, row.agent) == ("p", "a")


def test_the_lists_also_guard_what_is_there_already() -> None:
    """T-3.4"""
    ann, thread = somebody(), conversation(metadata={"product": "q"})
    imported(ann, file_of(thread))
    Conversation.objects.update(workspace="user:limited")
    limited = somebody(allowed_products=("p",))
    Conversation.objects.update(workspace=limited.workspace)
    newer = {**thread, "metadata": {}, "updated_at": LATER}
    assert results(imported(limited, file_of(newer, message(thread)))) == ["refused", "refused"]
    assert [line["type"] for line in exported(limited)] == ["parley-export", "end"]


def test_what_was_being_answered_is_an_error_here() -> None:
    thread = conversation()
    imported(somebody(), file_of(thread, message(thread, status="processing")))
    row = Message.objects.get()
    assert (row.status, row.error_code) == ("error", "interrupted")


def test_the_same_id_twice_in_a_file_is_one_item() -> None:
    thread = conversation()
    asked = message(thread)
    again = {**asked, "content": "Later", "updated_at": LATER}
    report = imported(somebody(), file_of(thread, asked, asked, again))
    assert results(report) == ["created", "created", "unchanged", "updated"]
    assert Message.objects.get().content == "Later"


def test_provider_state_is_updated_by_the_newer() -> None:
    ann, thread = somebody(), conversation()
    state = {**conversation(), "type": "provider_thread", "conversation_id": thread["id"]}
    state |= {"provider": "openai", "external_id": "one"}
    imported(ann, file_of(thread, state))
    other = {**state, "id": str(new_id()), "external_id": "two"}
    assert results(imported(ann, file_of(other))) == ["unchanged"]
    assert results(imported(ann, file_of({**other, "updated_at": LATER}))) == ["updated"]
    assert ProviderThread.objects.get().external_id == "two"


def test_rubbish_without_end_is_not_read_to_its_end() -> None:
    report = imported(somebody(), b'{"type": "user"}\n' * (MOST_UNREADABLE * 3))
    assert report.total == MOST_UNREADABLE + 1
    assert not report.is_complete


@pytest.mark.parametrize("data", [b"", b"  \n", b"hello", b"\x00\x01"])
def test_a_file_of_another_kind_is_refused_as_a_whole(data: bytes) -> None:
    with pytest.raises(NotAnExport):
        imported(somebody(), data)


def test_an_unknown_version_is_not_guessed_at() -> None:
    header = {"type": "parley-export", "version": 2, "exported_at": THEN, "username": "ann"}
    report = imported(somebody(), file_of(header, conversation()))
    assert (results(report), Conversation.objects.count()) == (["refused"], 0)


def test_a_long_report_lists_what_needs_attention() -> None:
    thread = conversation()
    lines = [message(thread) for _ in range(MOST_LISTED)]
    report = imported(somebody(), file_of(thread, *lines, message(thread, role="")))
    assert (report.total, results(report)) == (MOST_LISTED + 2, ["refused"])
    assert report.counts["message"]["created"] == MOST_LISTED


def test_pages_of_an_export_are_bounded_by_rows_and_by_size() -> None:
    ann, thread = somebody(), conversation()
    large = [message(thread, content="x" * (MOST_CHARACTERS // 2)) for _ in range(3)]
    imported(ann, file_of(thread, *large, *[message(thread) for _ in range(MOST_ROWS * 2)]))
    export = Export(ann, "ann")
    pages = []
    while (page := export.next_page()) is not None:
        pages.append([row for row in page.rows if isinstance(row, Message)])
    assert sum(map(len, pages)) == MOST_ROWS * 2 + 3
    assert max(map(len, pages)) <= MOST_ROWS
    sizes = [sum(len(row.content) for row in page) for page in pages]
    assert max(sizes) <= MOST_CHARACTERS


def test_a_file_that_the_storage_lost_stops_no_export() -> None:
    ann, thread = somebody(), conversation()
    asked = message(thread)
    imported(ann, file_of(thread, asked, attachment(asked, PLAIN)))
    storage().delete(Attachment.objects.get().stored_as)
    line = next(line for line in exported(ann) if line["type"] == "attachment")
    assert line["data_base64"] is None


def test_half_a_character_stops_no_export() -> None:
    ann, thread = somebody(), conversation()
    imported(ann, file_of(thread))
    row = Conversation(id=new_id(), workspace=ann.workspace, metadata={"a": "x\ud800"})
    assert record_in(line_of(_line_of(row)))


def _line_of(row: Conversation) -> ConversationLine:
    at = time(THEN)
    return ConversationLine(
        id=row.id, surface="threads", metadata=row.metadata, created_at=at, updated_at=at
    )


_TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXTS,
    lambda held: st.lists(held) | st.dictionaries(_TEXTS, held),
    max_leaves=10,
)
_TIMES = st.datetimes(timezones=st.just(dt.UTC))


@given(
    st.builds(
        MessageLine,
        id=st.uuids(),
        conversation_id=st.uuids(),
        role=st.sampled_from(["user", "assistant", "system"]),
        content=_TEXTS,
        created_at=_TIMES,
        updated_at=_TIMES,
        parent_id=st.none() | st.uuids(),
        sender_id=_TEXTS.filter(lambda text: len(text) < 256),
        model=st.none() | _TEXTS,
        status=st.sampled_from(["queued", "processing", "ready", "error"]),
        metadata=st.dictionaries(_TEXTS, _VALUES),
        tokens_count=st.none() | st.integers(0, 2**53),
        error_code=st.none() | _TEXTS.filter(lambda text: len(text) < 129),
        correlation_id=st.none() | _TEXTS,
    )
)
def test_each_record_reads_as_it_was_written(record: MessageLine) -> None:
    line = line_of(record)
    assert line.count(b"\n") == 1
    assert record_in(line) == record


@given(st.binary())
def test_no_bytes_do_more_than_being_unreadable(line: bytes) -> None:
    try:
        assert type_of(record_in(line))  # type: ignore[arg-type]
    except Unreadable as error:
        assert str(error)
