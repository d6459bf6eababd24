"""Regular expressions: what they find, what is refused, and that none takes long."""

import re
import threading
import time
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.callers import ANONYMOUS, SHARED_KEY
from conversations.ids import new_id
from conversations.models import Conversation, Message
from search import regex
from search.errors import InvalidPattern
from search.regex import LONGEST_TEXT, Scan, compiled, scan, scan_headings
from search.scope import Filters, Scope

MINE = Scope(ANONYMOUS)
# Each makes a backtracking matcher take time without end.
CRUEL = [
    *(r"(a+)+$", r"([a-zA-Z]+)*$", r"(a|aa)+$", r"(a|a?)+$", r"(.*a){20}$", r"(a*)*b", r"^(a+)+b"),
    *(
        r"(x+x+)+y",
        r"(?:a|a|a|a)*c",
        r"(\w+\s?)*$c",
        r"(a{0,50}){0,10}b",
        r"(.*)*(.*)*=",
        r"a*a*a*b",
    ),
    *(r"([^@]+)+@", r"^(\d+)*$", r"(\s*\s*)*x", r"(ab?)*(ba?)*c", r"(?:.+)+\n\n", r"(a|b|ab)*d"),
    r"(.+)+(.+)+z",
]


def told(*texts: str, workspace: str = "anonymous", title: str | None = None) -> list[UUID]:
    conversation = Conversation.objects.create(workspace=workspace, surface="t", title=title)
    rows = [Message(id=new_id(), conversation=conversation, content=text) for text in texts]
    return [row.id for row in Message.objects.bulk_create(rows)]


def matched(pattern: str, text: str) -> str | None:
    clock = regex._Clock(time.monotonic() + 10)
    ready = compiled(pattern)
    span = regex._first_match(ready, text, regex._piece_size(ready), clock)
    return text[slice(*span)] if span else None


@pytest.mark.django_db
def test_messages_are_found_newest_first_with_their_spans() -> None:
    older, _, newer = told("an É 42 here", "nothing", "now 7")
    found = scan(MINE, compiled(r"é|\d+"), limit=10)
    assert [(hit.message_id, hit.start, hit.end) for hit in found.hits] == [
        (newer, 4, 5),
        (older, 3, 4),
    ]
    assert found.is_complete


@pytest.mark.django_db
def test_a_scan_goes_on_where_it_ended() -> None:
    ids = told("a1", "a2", "a3")
    first = scan(MINE, compiled("a"), limit=2)
    assert (len(first.hits), first.is_complete, first.reached) == (2, False, ids[1])
    rest = scan(MINE, compiled("a"), below=first.reached, limit=2)
    assert [hit.message_id for hit in rest.hits] == [ids[0]] and rest.is_complete


@pytest.mark.django_db
def test_only_the_callers_own_messages_are_read() -> None:
    told("secret")
    assert scan(Scope(SHARED_KEY), compiled("secret"), limit=10) == Scan((), True, None)
    assert scan(Scope(ANONYMOUS, Filters(surface="x")), compiled("s"), limit=1).hits == ()
    Conversation.objects.update(deleted_at=timezone.now())
    assert scan(MINE, compiled("secret"), limit=10).hits == ()


@pytest.mark.django_db
def test_titles_and_summaries_are_found() -> None:
    told(title="Trip to Rome")
    Conversation.objects.create(workspace="anonymous", surface="t", summary="roman holiday")
    told()
    found = scan_headings(MINE, compiled("^rom"), limit=10)
    assert found.hits == ()
    found = scan_headings(MINE, compiled("rom"), limit=10)
    assert [(hit.message_id, hit.start) for hit in found.hits] == [(None, 1), (None, 8)]


@pytest.mark.django_db
def test_a_scan_stops_when_its_time_is_up() -> None:
    told(*["a" * 200] * 2_000)
    found = scan(MINE, compiled("b"), limit=10, seconds=0.001)
    assert not found.is_complete
    assert scan(MINE, compiled("b"), below=found.reached, limit=10, seconds=20).is_complete


@pytest.mark.django_db
def test_a_text_too_long_for_its_time_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regex, "STEPS_AT_ONCE", 1)
    monkeypatch.setattr(regex, "LONGEST_TEXT", 5_000_000)
    older, newer = told("found b", "a" * 5_000_000)
    first = scan(MINE, compiled("b"), limit=10, seconds=0.002)
    assert first == Scan((), False, newer)
    assert scan(MINE, compiled("b"), below=newer, limit=1).hits[0].message_id == older


@pytest.mark.django_db
def test_what_is_far_down_in_a_text_is_not_looked_at() -> None:
    told("x" * LONGEST_TEXT + "found", "x" * (LONGEST_TEXT - 5) + "found")
    hits = scan(MINE, compiled("found"), limit=10, seconds=10).hits
    assert [hit.end for hit in hits] == [LONGEST_TEXT]


@pytest.mark.django_db
def test_all_is_read_in_pages_that_fit_the_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regex, "FIRST_PAGE", 2)
    monkeypatch.setattr(regex, "PAGE_CHARACTERS", 3_000)
    told(*["a"] * 15, *["a" * 1_000] * 10)
    with CaptureQueriesContext(connection) as statements:
        found = scan(MINE, compiled("a"), limit=100, seconds=10)
    assert len(found.hits) == 25 and found.is_complete
    limits = [int(re.findall(r"LIMIT (\d+)", query["sql"])[-1]) for query in statements]
    assert limits[:5] == [2, 3, 3, 3, 3] and limits[-1] > 3


def test_who_waits_too_long_for_others_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regex, "_SCANS", threading.BoundedSemaphore(1))
    below = new_id()
    with regex._SCANS:
        assert scan(MINE, compiled("a"), below=below, limit=1, seconds=0.01) == Scan(
            (), False, below
        )


@pytest.mark.parametrize(
    "pattern",
    [
        *("(", "[z-a]", r"(a)\1", "(?=a)", "(?<!a)b", "a**", "a{1001}", "x" * 1_001),
        *(r"\pL{900}", r"((a{30}){30}){30}", r"(?P<n>a)(?P=n)", "(?P<"),
    ],
)
def test_what_is_no_expression_is_refused(pattern: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidPattern) as caught:
        compiled(pattern)
    assert 10 < len(str(caught.value)) < 300
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("pattern", CRUEL)
def test_no_expression_takes_long(pattern: str) -> None:
    ready, texts = compiled(pattern), ["a" * 199 + "!", "ab x 12 " * 25]
    clock = regex._Clock(time.monotonic() + 10)
    begun = time.process_time()
    for text in texts * 250:
        regex._first_match(ready, text, regex._piece_size(ready), clock)
    assert time.process_time() - begun < 0.3


@pytest.mark.parametrize("text", ["", "\x00", "\ud800", "你好", "🙂"])
def test_any_text_can_be_read(text: str) -> None:
    assert matched("(?s)^.*$", text) == text
    assert matched(r"\C", text) is not None or not text


def test_a_match_is_found_anywhere_in_a_long_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regex, "STEPS_AT_ONCE", 1)
    for place in (0, 1_990, 2_000, 2_999, 3_500, 9_995):
        text = "é" * place + "here" + "é" * (9_996 - place)
        assert matched("here", text) == "here"
    assert matched("^é+$", "é" * 5_000) is None
    assert matched(r"\Aa|a\z|\ba\b", "b" + "a" * 9_000 + "b") is None


def test_other_threads_go_on_during_a_search() -> None:
    text = "a" * 20_000_000
    ready = compiled("(x+x+)+y|zzz")
    searching = threading.Thread(target=ready.search, args=(text.encode(), 0, len(text)))
    searching.start()
    ticks = 0
    while searching.is_alive():
        time.sleep(0.001)
        ticks += 1
    assert ticks > 3
