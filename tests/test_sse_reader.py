"""The event-stream reader agrees with the standard, however the bytes are cut."""

import pytest

from tests.sse import Event, Reader, parse

WHOLE = (
    "\ufeff: a comment\r\nid: 7\r\nevent: delta\r\ndata: سلام\r\n\r\n"
    "data\n\ndata:  two\ndata:lines\rid\r\revent: done\ndata: \U0001f600\n\nretry: 10\ndata: cut"
).encode()
EVENTS = [
    Event("delta", "سلام", "7"),
    Event("message", "", "7"),
    Event("message", " two\nlines"),
    Event("done", "\U0001f600"),
]


def test_a_stream_of_every_kind_of_line_is_read_as_the_standard_says() -> None:
    assert parse(WHOLE) == EVENTS


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 11])
def test_pieces_of_any_size_give_the_same_events(size: int) -> None:
    reader = Reader()
    pieces = [WHOLE[start : start + size] for start in range(0, len(WHOLE), size)]
    assert [event for piece in pieces for event in reader.feed(piece)] == EVENTS


def test_a_cut_at_any_offset_changes_nothing() -> None:
    for offset in range(len(WHOLE) + 1):
        reader = Reader()
        assert reader.feed(WHOLE[:offset]) + reader.feed(WHOLE[offset:]) == EVENTS, offset


def test_an_event_is_given_as_soon_as_its_blank_line_has_come() -> None:
    assert Reader().feed(b"data: now\r\r") == [Event("message", "now")]


def test_an_unfinished_event_is_dropped() -> None:
    assert parse(b"data: whole\n\ndata: half\n") == [Event("message", "whole")]


def test_an_event_without_data_is_not_dispatched_and_leaves_no_name_behind() -> None:
    assert parse(b"event: lost\n\ndata: x\n\n") == [Event("message", "x")]


def test_two_empty_data_lines_are_one_line_break() -> None:
    assert parse(b"event: delta\ndata: \ndata: \n\n") == [Event("delta", "\n")]


def test_only_one_space_after_the_colon_is_taken_away() -> None:
    assert parse(b"data:   x\n\n") == [Event("message", "  x")]


def test_an_id_lasts_until_the_next_and_one_with_a_nul_is_ignored() -> None:
    stream = b"id: 1\ndata: a\n\nid: 2\0\ndata: b\n\nid\ndata: c\n\n"
    assert [event.id for event in parse(stream)] == ["1", "1", ""]


def test_line_separators_of_unicode_do_not_end_a_line() -> None:
    text = "a\u2028b\u0085c\x0bd"
    assert parse(f"data: {text}\n\n".encode()) == [Event("message", text)]


def test_only_the_first_byte_order_mark_is_dropped() -> None:
    assert parse("\ufeffdata: \ufeff\n\n".encode()) == [Event("message", "\ufeff")]


def test_bytes_that_are_not_utf_8_become_replacement_characters() -> None:
    assert parse(b"data: \xff\n\n") == [Event("message", "\ufffd")]


def test_unknown_fields_are_ignored() -> None:
    assert parse(b"Data: no\nother: no\ndata: yes\n\n") == [Event("message", "yes")]
