"""The writing side of the words index, on the database that the tests run on."""

import random
import time
from collections.abc import Sequence
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.ids import new_id
from search.models import KnownWord, WordDocument
from search.words import documents
from search.words import known as known_words
from search.words.backends import matching, similar
from search.words.documents import Document, digests, put, remove, remove_conversation
from search.words.query import parse

pytestmark = pytest.mark.django_db
MINE, OTHERS = "user:0d9cb3a6-0000-7000-8000-000000000000", "shared-key"


def known(workspace: str = MINE) -> set[str]:
    return set(KnownWord.objects.filter(workspace=workspace).values_list("text", flat=True))


def document(text: str, *, workspace: str = MINE, of: UUID | None = None) -> Document:
    return Document(workspace, of or new_id(), new_id(), f"of {len(text)}", text)


def found(text: str, *, workspace: str = MINE, below: int | None = None) -> list[str]:
    ids = matching(workspace, parse(text).terms, below=below, limit=10)
    texts = dict(WordDocument.objects.filter(id__in=ids).values_list("id", "text"))
    return [texts[id_] for id_ in ids]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("red", ["red wine", "red apple pie"]),
        ("red pie", ["red apple pie"]),
        ('"apple pie"', ["red apple pie"]),
        ('"red pie"', []),
        ("appl*", ["red apple pie"]),
        ('"red" -wine', ["red apple pie"]),
        ('red -"apple pie"', ["red wine"]),
        ("-wine", []),
        ("Élan'vital", ["elanvital"]),
        ("世界", ["你 好 世 界"]),
        ("界世", []),
        ("red" + "'); DROP TABLE x --", []),
        ("@7573 OR AND NOT NEAR", []),
    ],
)
def test_documents_are_found_newest_first(query: str, expected: list[str]) -> None:
    put([document(text) for text in ("red apple pie", "Red wine", "Élan'vital", "你好世界")])
    assert found(query) == expected


def test_nobody_finds_what_is_anothers() -> None:
    put([document("mine", workspace=MINE), document("mine", workspace="user:x' \\ | & !")])
    assert len(found("mine")) == 1
    assert found("mine", workspace="user:x' \\ | & !") == ["mine"]
    assert found("mine", workspace=OTHERS) == []


def test_older_ones_are_below() -> None:
    put([document(f"again {number}") for number in range(3)])
    newest = matching(MINE, parse("again").terms, limit=1)[0]
    assert found("again", below=newest) == ["again 1", "again 0"]


def test_what_is_put_again_replaces_the_old() -> None:
    old = document("old text")
    put([old])
    put([Document(MINE, old.conversation_id, old.message_id, "new", "new text")])
    assert found("old") == [] and found("text") == ["new text"]
    assert digests([old.source_id, new_id()]) == {old.source_id: "new"}


def test_what_is_removed_is_not_found() -> None:
    one, two, heading = document("gone"), document("gone"), new_id()
    put([one, two, document("gone", of=heading), Document(MINE, heading, None, "d", "gone")])
    remove([one.source_id])
    remove_conversation(heading)
    assert len(found("gone")) == 1


def test_a_text_without_words_is_known() -> None:
    empty = document("\x00 … ")
    put([empty])
    assert digests([empty.source_id]) == {empty.source_id: empty.digest}


def test_a_long_text_is_in_parts_and_found_across_their_border() -> None:
    long = document(" ".join(f"w{number}" for number in range(7_000)))
    put([long, document("short")])
    assert WordDocument.objects.filter(source_id=long.source_id).count() == 3
    assert len(matching(MINE, parse('"w2999 w3000 w3001"').terms, limit=10)) == 1


def test_letters_of_four_bytes_fit_in_a_part() -> None:
    put([document(" ".join(chr(0x10400 + 40 + n % 20) * 64 + f"{n:04}" for n in range(4_000)))])
    assert WordDocument.objects.count() == 2


def test_many_documents_take_few_statements() -> None:
    with CaptureQueriesContext(
        connection,
    ) as statements:
        put([document(f"number {number} of many") for number in range(500)])
    assert len(statements) <= 20


def test_words_are_known_by_those_spelt_much_like_them() -> None:
    put([document("kubernetes kubectl 12345 ab 你好 " + "z" * 50)])
    assert similar(MINE, "kubernets", 5)[0] == "kubernetes"
    assert similar(MINE, "zebra", 5) == []
    assert known() == {"kubernetes", "kubectl"}
    put([document("Kubernetes again")])
    assert known() == {"kubernetes", "kubectl", "again"}


def test_nobody_is_offered_anothers_words() -> None:
    put([document("bluefins"), document("bluefin", workspace=OTHERS)])
    assert similar(MINE, "bluefin", 5) == ["bluefins"]
    assert similar(OTHERS, "bluefin", 5) == ["bluefin"]


def test_words_go_with_the_last_document_that_has_them() -> None:
    one, two, heading = document("only shared"), document("shared other"), new_id()
    put([one, two, document("only", workspace=OTHERS), Document(MINE, heading, None, "d", "title")])
    remove([one.source_id])
    assert known() == {"shared", "other", "title"}
    put([Document(MINE, two.conversation_id, two.message_id, "new", "shared again")])
    assert known() == {"shared", "again", "title"}
    remove([two.source_id])
    remove_conversation(heading)
    assert known() == set() and known(OTHERS) == {"only"}


def test_words_of_a_long_text_and_of_many_go_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_CHARACTERS", 9_000)
    monkeypatch.setattr(documents, "PAUSE_SECONDS", 0)
    home = new_id()
    long = document(" ".join(f"w{number}" for number in range(3_500)), of=home)
    put([long, *[document(f"common text{number}", of=home) for number in range(150)]])
    put([document("common")])
    remove_conversation(home)
    assert known() == {"common"} and WordDocument.objects.count() == 1


def test_words_of_old_documents_are_kept_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.words.known.NEWEST", 1)
    one = document("early late")
    put([document("early"), one, document("late")])
    remove([one.source_id])
    assert known() == {"early", "late"}


def test_an_owners_many_words_are_compared_soon() -> None:
    letters = random.Random(1)
    words = {"".join(letters.choices("abcdefghij", k=letters.randint(4, 9))) for _ in range(60_000)}
    known_words.learn([WordDocument(workspace=MINE, text=f"abcdefgh {' '.join(words)}")])
    begun = time.process_time()
    assert similar(MINE, "abcdfgh", 5)[0] == "abcdefgh"
    assert time.process_time() - begun < 0.1


def test_one_transaction_takes_a_bounded_part_of_a_long_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(documents, "MOST_CHARACTERS", 20_000)
    monkeypatch.setattr(documents, "PAUSE_SECONDS", 0)
    long = document(" ".join(f"w{number}" for number in range(12_000)))
    written: list[tuple[list[int], dict[UUID, str]]] = []
    learn = known_words.learn

    def noted(rows: Sequence[WordDocument]) -> None:
        written.append(([row.part for row in rows], digests([long.source_id])))
        learn(rows)

    monkeypatch.setattr(known_words, "learn", noted)
    put([long])
    assert written == [([3], {}), ([2], {}), ([1], {}), ([0], {long.source_id: long.digest})]


def test_a_text_that_another_writes_as_well_is_there_once() -> None:
    older = document("older text")
    newer = Document(MINE, older.conversation_id, older.message_id, "new", "newer text")
    documents._write([*documents._rows(older), *documents._rows(document("beside"))])
    documents._write(documents._rows(newer))
    assert found("older") == [] and found("text") == ["newer text"] and found("beside")
