"""What people type into the search box, and what it means."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.words.query import MOST_TERMS, MOST_TOKENS, Term, WordsQuery, parse


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Foo bar", [Term(("foo",)), Term(("bar",))]),
        ('"Foo Bar"', [Term(("foo", "bar"), is_quoted=True)]),
        ("« foo bar »", [Term(("foo", "bar"), is_quoted=True)]),
        (
            "“foo bar” „a b“",
            [Term(("foo", "bar"), is_quoted=True), Term(("a", "b"), is_quoted=True)],
        ),
        ("foo*", [Term(("foo",), is_prefix=True)]),
        ("f*", [Term(("f",))]),
        ("foo_ba*", [Term(("foo", "ba"), is_prefix=True)]),
        ("-foo", [Term(("foo",), is_excluded=True)]),
        ('-"foo bar"', [Term(("foo", "bar"), is_excluded=True, is_quoted=True)]),
        ("-k", [Term(("k",))]),
        ("--soft", [Term(("soft",))]),
        ("-绿", [Term(("绿",), is_excluded=True)]),
        ("wi-fi", [Term(("wi", "fi"))]),
        ("你好", [Term(("你", "好"))]),
        ('foo "bar', [Term(("foo",)), Term(("bar",))]),
        ('foo"bar baz"', [Term(("foo",)), Term(("bar", "baz"), is_quoted=True)]),
        ("foo foo FOO", [Term(("foo",))]),
        ('- "" * "-" ** … ', []),
    ],
)
def test_what_is_typed_becomes_terms(text: str, terms: list[Term]) -> None:
    assert parse(text) == WordsQuery(tuple(terms))


def test_wanted_and_excluded_are_told_apart() -> None:
    query = parse("a -bb c")
    assert [term.text for term in query.wanted] == ["a", "c"]
    assert [term.text for term in query.excluded] == ["bb"]


def test_a_query_is_cut_to_its_limits() -> None:
    assert len(parse(" ".join(f"w{number}" for number in range(100))).terms) == MOST_TERMS
    assert len(parse('"' + "a " * 100 + '"').terms[0].tokens) == MOST_TOKENS


@pytest.mark.parametrize("text", ['"', "«", "“", "-", '-"', "a", " "])
def test_a_long_query_takes_no_long_time(text: str) -> None:
    begun = time.perf_counter()
    parse(text * 100_000)
    assert time.perf_counter() - begun < 1


@given(st.text(alphabet='ab-*"«»“” é你\x00'))
def test_anything_is_a_query(text: str) -> None:
    assert all(term.tokens and all(term.tokens) for term in parse(text).terms)
