"""What is shown of a text that was found: the right piece, marked, and safe in a page."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.snippets import Snippet, snippet, word_spans, words_snippet
from search.words.query import parse

LONG = " ".join(f"word{number}" for number in range(1_000))


def marked(shown: Snippet) -> list[str]:
    return [shown.text[start:end] for start, end in shown.highlights]


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("An École here", "ecole", ["École"]),
        ("A foo and a foo_bar baz", '"foo bar"', ["foo_bar"]),
        ("search, searching", "search*", ["search", "searching"]),
        ("你好世界", "世界", ["世界"]),
        ("می‌خواهم بروم", "ميخواهم", ["می‌خواهم"]),
        ("a b c d", 'b "a b c"', ["a b c"]),
        ("foo bar", "-foo", []),
    ],
)
def test_the_words_of_the_query_are_marked(text: str, query: str, found: list[str]) -> None:
    assert marked(words_snippet(text, parse(query))) == found


def test_a_short_text_is_shown_whole() -> None:
    assert words_snippet("Just this.", parse("nothing")) == Snippet("Just this.")


def test_a_long_one_is_cut_between_words_around_what_was_found() -> None:
    shown = words_snippet(LONG, parse("word500"))
    assert shown.text.startswith("…word") and shown.text.endswith("…") and len(shown.text) < 210
    assert all(word in LONG.split() for word in shown.text.strip("…").split())
    assert marked(shown) == ["word500"]


def test_the_densest_group_is_shown() -> None:
    text = f"apple {'x ' * 200} apple pie with an apple {'x ' * 200}"
    assert len(marked(words_snippet(text, parse("apple pie"), width=60))) == 3


def test_without_a_match_the_start_is_shown() -> None:
    assert snippet(LONG).text.startswith("word0 word1")


def test_a_passage_is_shown_where_it_is() -> None:
    start = LONG.index("word700 ")
    shown = words_snippet(LONG, parse("absent"), within=(start, start + 400))
    assert shown.text.startswith("…word700 ") and not shown.highlights


def test_given_spans_are_cut_to_the_width() -> None:
    shown = snippet("a" * 5_000, [(1_000, 4_000)], width=100)
    assert marked(shown) == ["a" * 100]


def test_white_space_is_one_space() -> None:
    assert words_snippet("foo\n\n\t bar", parse("bar")).html == "foo <mark>bar</mark>"


def test_nothing_of_the_text_is_markup() -> None:
    hostile = "<script>&\"'</script> foo \u202eoof \x00\ud800<b>"
    html = words_snippet(hostile, parse("foo script")).html
    assert html.count("<") == 2 * 3 and "<script" not in html
    assert not set(html) & {"\u202e", "\x00", "\ud800"}


def test_a_very_long_text_takes_no_long_time() -> None:
    text = "none of this " * 1_600_000
    begun = time.perf_counter()
    words_snippet(text, parse("zebra"))
    snippet(text, [(place * 1_000, place * 1_000 + 5) for place in range(10_000)])
    assert time.perf_counter() - begun < 1


@given(st.text(alphabet="ab \n<é你\u202e\ud800"), st.text(alphabet='ab*" 你'), st.integers(1, 30))
def test_highlights_are_in_the_text_in_order(text: str, query: str, width: int) -> None:
    shown = words_snippet(text, parse(query), width=width)
    places = [0, *(place for span in shown.highlights for place in span), len(shown.text)]
    assert places == sorted(places)
    spans = [place for span in word_spans(text, parse(query)) for place in span]
    assert spans == sorted(spans)
