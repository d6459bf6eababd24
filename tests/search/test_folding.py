"""Spellings that are one word to people are one word to search."""

# ruff: noqa: RUF001 - letters that look alike are what this is about.

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.folding import LONGEST_TOKEN, fold, tokens, words

SAME = [
    ("ÉCOLE", "école", "ecole"),
    ("Straße", "STRASSE"),
    ("ёлка", "ЕЛКА"),
    ("Ὀδυσσεύς", "οδυσσευσ"),
    ("Łódź", "lodz"),
    ("smørrebrød", "smorrebrod"),
    ("Ægir", "aegir"),
    ("İstanbul", "ISTANBUL", "ıstanbul"),
    ("don't", "don’t", "dont"),
    ("می‌خواهم", "میخواهم", "ميخواهم"),
    ("كتابي", "کتابی"),
    ("أحمد", "احمد", "أَحْمَد", "احـــمد"),
    ("مسؤول", "مسوول"),
    ("خانۀ", "خانه", "خانة"),
    ("שָׁלוֹם", "שלום"),
    ("１２３", "١٢٣", "۱۲۳", "१२३", "123"),
    ("ｆｕｌｌ", "full"),
    ("co\u00adoperate", "cooperate"),
    ("\u200fabc\u202a", "abc"),
    ("ﾊﾟ", "パ", "ハ\u309a"),
    ("café", "cafe\u0301"),
    ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
]


@pytest.mark.parametrize("spellings", SAME, ids=lambda spellings: spellings[0])
def test_spellings_of_one_word_are_one(spellings: tuple[str, ...]) -> None:
    assert len({tuple(words(spelling)) for spelling in spellings}) == 1
    assert len(words(spellings[0])) == 1


@pytest.mark.parametrize(("one", "other"), [("की", "का"), ("กา", "กิ"), ("да", "та"), ("が", "か")])
def test_words_that_differ_stay_apart(one: str, other: str) -> None:
    assert words(one) != words(other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("foo_bar.baz", ["foo", "bar", "baz"]),
        ("wi-fi", ["wi", "fi"]),
        ("你好 world世界", ["你", "好", "world", "世", "界"]),
        ("カタカナ", ["カ", "タ", "カ", "ナ"]),
        ("한국어 ประเทศ हिन्दी", ["한국어", "ประเทศ", "हिन्दी"]),
        ("'quoted' it's", ["quoted", "its"]),
        ("x² ½", ["x2", "12"]),
        ("🙂 … \x00 \ud800", []),
        ("ـــ", []),
    ],
)
def test_a_text_is_taken_apart(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_a_word_without_end_is_cut() -> None:
    assert words("a" * 1_000 + " b") == ["a" * LONGEST_TOKEN, "b"]
    assert words("é" * 1_000) == ["e" * LONGEST_TOKEN]


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet="aé'’_ 你ーﾞか\u200cيـß\u0301½-9İ"))
def test_spans_are_of_the_original(text: str) -> None:
    found = list(tokens(text))
    assert [token.text for token in found] == words(text)
    ends = [0, *(place for token in found for place in (token.start, token.end)), len(text)]
    assert ends == sorted(ends)
    assert all(words(text[token.start : token.end]) == [token.text] for token in found)


@given(st.text(alphabet=st.characters()))
def test_any_text_has_words_without_space(text: str) -> None:
    assert not any(set(word) & set(" _'\x00") for word in words(text))
    assert all(0 < len(word) <= LONGEST_TOKEN for word in words(text))
