"""The labelled set is what its README promises, and its measures are the known ones."""

from collections import Counter
from math import log2

import pytest

from benchmarks.search_metrics import (
    MODES,
    Judged,
    Query,
    hybrid_wins,
    judge,
    messages,
    ndcg,
    queries,
    recall,
    table,
)

RELEVANT = {"a": 2, "b": 1, "c": 1}
KINDS = {"paraphrase", "exact", "name", "code", "typo", "phrase", "prefix", "cross"}
SHARES = {"en": 0.35, "ru": 0.25, "fa": 0.20, "zh": 0.20}


def language_of(id: str) -> str:
    return id.partition("-")[0]


def test_messages_are_named_once_and_in_their_conversations_order() -> None:
    seen: Counter[str] = Counter()
    for said in messages():
        seen[said.conversation] += 1
        assert said.id == f"{said.conversation}-{seen[said.conversation]}"


def test_there_are_enough_messages_in_conversations_of_the_promised_sizes() -> None:
    sizes = Counter(said.conversation for said in messages())
    assert len(messages()) >= 320
    assert len(sizes) >= 90
    assert all(2 <= size <= 8 for size in sizes.values())
    assert all(40 <= len(said.text) <= 600 for said in messages())
    assert {said.role for said in messages()} == {"user", "assistant"}


def test_no_message_is_there_twice() -> None:
    assert len({said.text for said in messages()}) == len(messages())


def test_languages_have_the_promised_shares() -> None:
    number = Counter(language_of(said.id) for said in messages())
    shares = {language: count / len(messages()) for language, count in number.items()}
    assert shares == pytest.approx(SHARES, abs=0.02)


def test_queries_are_different_and_of_all_kinds_in_all_languages() -> None:
    pairs = {(query.kind, query.language) for query in queries()}
    assert len(queries()) >= 70
    assert len({query.query for query in queries()}) == len(queries())
    assert pairs >= {(kind, language) for kind in KINDS - {"cross"} for language in SHARES}
    assert {query.kind for query in queries()} == KINDS


def test_every_query_is_answered_by_messages_that_exist() -> None:
    ids = {said.id for said in messages()}
    for query in queries():
        assert set(query.relevant) <= ids, query.query
        assert max(query.relevant.values()) == 2, query.query
        assert set(query.relevant.values()) <= {1, 2}, query.query


def test_only_queries_said_to_cross_languages_do() -> None:
    for query in queries():
        languages = {language_of(id) for id in query.relevant}
        assert (languages == {query.language}) is (query.kind != "cross"), query.query


def test_persian_letters_of_both_keyboards_and_joiners_occur() -> None:
    typed = "".join(query.query for query in queries())
    stored = "".join(said.text for said in messages())
    assert all(letter in typed and letter in stored for letter in "يكیک\u200c")


def test_the_best_order_has_an_ndcg_of_one() -> None:
    assert ndcg(["a", "c", "b", "x"], RELEVANT) == pytest.approx(1.0)


def test_ndcg_is_what_a_hand_computes() -> None:
    # Gains are 3 for grade 2 and 1 for grade 1.
    best = 3 + 1 / log2(3) + 1 / 2
    assert ndcg(["x", "a", "b"], RELEVANT) == pytest.approx((3 / log2(3) + 1 / 2) / best)


def test_what_comes_after_the_tenth_place_does_not_count() -> None:
    ranked = [*"0123456789", "a"]
    assert ndcg(ranked, RELEVANT) == 0.0
    assert recall(ranked, RELEVANT) == 0.0


def test_recall_counts_every_grade_alike() -> None:
    assert recall(["x", "c", "a"], RELEVANT) == pytest.approx(2 / 3)


class Fixed:
    """Finds the answer in the modes that are named, and nothing in others."""

    def __init__(self, *modes: str) -> None:
        self._modes = modes

    def ranked(self, query: str, mode: str) -> list[str]:
        return ["a"] if mode in self._modes else []


def judged(*modes: str) -> list[Judged]:
    return judge(Fixed(*modes), [Query("deposit", "exact", "en", RELEVANT)])


def test_hybrid_wins_only_where_it_is_above_each_single_mode() -> None:
    assert hybrid_wins(judged("hybrid"))
    assert not hybrid_wins(judged("hybrid", "words"))


def test_the_table_has_a_line_for_all_for_each_kind_and_for_each_language() -> None:
    lines = list(table(judged("hybrid")))
    assert lines[0].split() == list(MODES)
    assert [line.split()[:2] for line in lines[2:] if line] == [
        ["all", "1"],
        ["exact", "1"],
        ["en", "1"],
    ]
