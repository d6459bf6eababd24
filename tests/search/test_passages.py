"""Cutting texts into passages."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from search.embeddings.base import Span
from search.embeddings.estimate import estimated_tokens
from search.embeddings.passages import Token, blocks, passages, well_formed


def tokens(*weights: float) -> list[Token]:
    return [Token(place, place + 1, weight) for place, weight in enumerate(weights)]


def test_what_fits_is_one_passage() -> None:
    assert list(passages(tokens(*[1] * 20), budget=20)) == [Span(0, 20)]


def test_a_passage_begins_with_the_end_of_the_one_before() -> None:
    spans = list(passages(tokens(*[1] * 50), budget=20))
    assert spans == [Span(0, 20), Span(17, 37), Span(34, 50)]


def test_no_tokens_are_no_passages() -> None:
    assert list(passages([], budget=20)) == []


def test_a_token_above_the_budget_has_a_passage_of_its_own() -> None:
    spans = list(passages(tokens(1, 90, 1), budget=20))
    assert spans == [Span(0, 1), Span(1, 2), Span(2, 3)]


@given(st.lists(st.floats(0.5, 30), max_size=80), st.floats(5, 40))
def test_passages_cover_all_tokens_within_the_budget(weights: list[float], budget: float) -> None:
    row = tokens(*weights)
    spans = list(passages(row, budget=budget))
    covered = {place for span in spans for place in range(span.start, span.end)}
    assert covered == set(range(len(row)))
    assert [span.end for span in spans] == sorted({span.end for span in spans})
    for span in spans:
        assert span.end - span.start == 1 or sum(weights[span.start : span.end]) <= budget + 1e-6


@given(st.text())
def test_blocks_are_the_whole_text(text: str) -> None:
    assert "".join(text[block.start : block.end] for block in blocks(text)) == text


def test_blocks_end_at_spaces_where_there_are_any() -> None:
    text = "seven77 " * 5000
    assert all(text[block.end - 1 : block.end] != "s" for block in blocks(text))
    assert {text[block.end] for block in list(blocks(text))[:-1]} == {" "}
    assert [block.end for block in blocks("x" * 40_000)] == [16_384, 32_768, 40_000]


def test_lone_surrogates_are_replaced_and_nothing_moves() -> None:
    text = "a\ud800b\ud83d\ude00😀"
    assert well_formed(text) == "a?b??😀"


def test_the_estimate_counts_each_letter_of_chinese_and_parts_of_long_words() -> None:
    chinese = sum(token.weight for token in estimated_tokens("今天天气很好"))
    assert chinese == 6
    blob = list(estimated_tokens("x" * 480))
    assert len(blob) == 10
    assert sum(token.weight for token in blob) == 160


def test_megabytes_are_cut_without_being_held_as_tokens() -> None:
    text = "word " * 60_000
    tracemalloc.start()
    try:
        spans = list(passages(estimated_tokens(text), budget=400))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert spans[-1].end == len(text) - 1
    assert peak < 1_000_000
