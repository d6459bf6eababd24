"""Payloads do not depend on how the bytes are cut, nor on how lines end."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers import framing
from providers.errors import AnswerUnreadable
from providers.framing import LineSplitter, Splitter, SseSplitter, WholeSplitter

ENDS = st.sampled_from(["\n", "\r\n", "\r"])
DATA = ["data: a", "data:b", "data:  c", "data", "data:", "data: é世🌍", 'data: {"x": "y"}']
OTHER = ["", "", ": comment", "event: x", "id: 1", "retry: 5", "database: no", "dat", "data : no"]
LINES = st.sampled_from([*DATA, *OTHER])


def fed(splitter: Splitter, *pieces: bytes) -> list[bytes]:
    return [payload for piece in pieces for payload in splitter.feed(piece)]


def reference(body: str) -> list[bytes]:
    """The standard's algorithm, slowly and on the whole body."""
    *lines, _ = re.split("\r\n|\r|\n", body.removeprefix("\ufeff"))
    events: list[bytes] = []
    data: list[str] = []
    for line in lines:
        name, _, value = line.partition(":")
        if name == "data":
            data.append(value.removeprefix(" "))
        if not line and data:
            events.append("\n".join(data).encode())
            data = []
    return events


@given(
    rows=st.lists(st.tuples(LINES, ENDS)),
    mark=st.sampled_from(["", "\ufeff"]),
    cuts=st.lists(st.integers(0, 300)),
)
def test_any_cut_of_any_stream_gives_the_standards_events(
    rows: list[tuple[str, str]], mark: str, cuts: list[int]
) -> None:
    body = mark + "".join(line + end for line, end in rows)
    raw = body.encode()
    edges = [0, *sorted(cut for cut in cuts if cut < len(raw)), len(raw)]
    pieces = [raw[a:b] for a, b in pairwise(edges)]
    assert fed(SseSplitter(), *pieces) == reference(body)


@given(st.lists(st.binary(max_size=20)))
def test_rubbish_never_breaks_the_splitter(pieces: list[bytes]) -> None:
    whole = SseSplitter()
    cut = SseSplitter()
    assert fed(cut, *pieces) + cut.finish() == whole.feed(b"".join(pieces)) + whole.finish()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_byte_may_come_alone(end: str) -> None:
    body = f"\ufeffdata: é{end}data: b{end}{end}data: c{end}{end}".encode()
    pieces = [body[at : at + 1] for at in range(len(body))]
    assert fed(SseSplitter(), *pieces) == ["é\nb".encode(), b"c"]


def test_an_event_is_out_as_soon_as_its_empty_line_is() -> None:
    splitter = SseSplitter()
    assert splitter.feed(b"data: now\r\n\r") == [b"now"]
    assert splitter.feed(b"\ndata: later\r\n\r\n") == [b"later"]


def test_a_mark_in_the_middle_is_not_removed() -> None:
    assert fed(SseSplitter(), b"data: a\n\ndata: \xef\xbb\xbfb\n\n") == [b"a", b"\xef\xbb\xbfb"]


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r", b"\r\n"])
def test_a_last_event_without_its_empty_line_is_handed_over_at_the_end(ending: bytes) -> None:
    splitter = SseSplitter()
    assert splitter.feed(b"data: [DONE]" + ending) == []
    assert splitter.finish() == [b"[DONE]"]
    assert splitter.finish() == []


def test_a_stream_that_is_only_half_a_mark_is_nothing() -> None:
    splitter = SseSplitter()
    assert splitter.feed(b"\xef\xbb") == []
    assert splitter.finish() == []


def test_a_mark_is_no_part_of_json() -> None:
    assert fed(LineSplitter(), b"\xef", b"\xbb\xbf{}\r\n") == [b"{}"]
    whole = WholeSplitter()
    assert (fed(whole, b"\xef\xbb\xbf", b"{}\n"), whole.finish()) == ([], [b"{}"])


def test_json_lines_are_cut_at_line_feeds_only() -> None:
    splitter = LineSplitter()
    assert fed(splitter, b'{"a"', b": 1}\r\n\n", b"{}\n{") == [b'{"a": 1}', b"{}"]
    assert splitter.finish() == [b"{"]


@pytest.mark.parametrize("splitter", [SseSplitter(), LineSplitter()])
def test_a_line_without_end_is_unreadable(splitter: Splitter) -> None:
    with pytest.raises(AnswerUnreadable):
        fed(splitter, *[b"data: " + b"x" * 2**20] * 17)


def test_an_event_of_endless_lines_is_unreadable() -> None:
    line = b"data: " + b"x" * 2**20 + b"\n"
    with pytest.raises(AnswerUnreadable):
        fed(SseSplitter(), *[line] * 17)


def test_a_long_line_in_small_pieces_costs_no_more_than_its_length() -> None:
    splitter = SseSplitter()
    pieces = [b"data: ", *[b"x" * 100] * 50_000, b"\n\n"]
    assert fed(splitter, *pieces) == [b"x" * 5_000_000]
    assert framing.MAX_LINE > 5_000_000
