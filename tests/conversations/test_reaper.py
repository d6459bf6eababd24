"""P5: nothing stays running past the reaper, and it ends nothing that lives."""

import datetime as dt

import pytest
from django.utils import timezone

from conversations.ids import new_id
from conversations.models import Conversation, Message, Turn, TurnPage
from conversations.turns import pages
from conversations.turns.events import TurnStarted
from conversations.turns.pages import Page
from conversations.turns.reaper import clear_pages, reap
from providers.events import TextDelta

pytestmark = pytest.mark.django_db


def a_turn(*, silent_for: float, text: str = "half") -> Turn:
    conversation = Conversation.objects.create(workspace="w", surface="test")
    question = Message.objects.create(
        conversation=conversation, role="user", content="?", status="processing"
    )
    turn = Turn.objects.create(
        conversation=conversation,
        workspace="w",
        question=question,
        worker_id="gone",
        heartbeat_at=timezone.now() - dt.timedelta(seconds=silent_for),
    )
    pages.store([Page(turn.id, 1, [TurnStarted(str(turn.id)), TextDelta(text)])])
    return turn


def test_a_turn_without_heartbeat_is_interrupted_at_the_second_look() -> None:
    turn = a_turn(silent_for=16)
    suspects, ended = reap({})
    assert (set(suspects), ended) == ({turn.id}, [])
    assert reap(suspects)[1] == [turn.id]
    turn.refresh_from_db()
    assert (turn.status, turn.text, turn.fault) == ("interrupted", "half", "interrupted")
    assert turn.question is not None
    assert turn.question.status == "error"


def test_a_turn_with_a_heartbeat_lives() -> None:
    a_turn(silent_for=5)
    assert reap({}) == ({}, [])


def test_a_worker_that_comes_back_between_the_looks_keeps_its_turn() -> None:
    turn = a_turn(silent_for=16)
    suspects, _ = reap({})
    Turn.objects.filter(id=turn.id).update(heartbeat_at=timezone.now() - dt.timedelta(seconds=15.5))
    assert reap(suspects)[1] == []


def test_pages_go_some_time_after_their_turn() -> None:
    old, recent, running = a_turn(silent_for=0), a_turn(silent_for=0), a_turn(silent_for=0)
    minutes = {old: 20.0, recent: 5.0}
    for turn, age in minutes.items():
        ended = timezone.now() - dt.timedelta(minutes=age)
        Turn.objects.filter(id=turn.id).update(finished_at=ended)
    assert clear_pages()
    kept = set(TurnPage.objects.values_list("turn_id", flat=True))
    assert kept == {recent.id, running.id}


def test_pages_are_read_up_to_the_first_gap() -> None:
    turn = a_turn(silent_for=0)
    pages.store([Page(turn.id, 9, [TextDelta("after the gap")])])
    assert pages.stored_text(turn.id) == "half"


def test_ids_sort_by_the_time_they_were_made() -> None:
    made = [new_id() for _ in range(1000)]
    assert made == sorted(made)


def test_a_page_whose_confirmation_was_lost_may_come_again_with_more() -> None:
    turn = a_turn(silent_for=0)
    page = Page(turn.id, 3, [TextDelta(" a")])
    pages.store([page])
    pages.store([Page(turn.id, 3, [*page.events, TextDelta(" b")])])
    assert pages.stored_text(turn.id) == "half a b"
