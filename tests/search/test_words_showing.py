"""Of a long text only its beginning is read to be shown."""

import pytest

from accounts.callers import ANONYMOUS
from conversations.ids import new_id
from conversations.models import Conversation, Message
from search.candidates import Candidate
from search.results import Match, Why
from search.scope import Scope
from search.showing import LONGEST_SHOWN, shown

pytestmark = pytest.mark.django_db


def shown_of(text: str, why: Why, span: tuple[int, int] | None, query: str) -> Match:
    conversation = Conversation.objects.create(workspace="anonymous", surface="t")
    message = Message.objects.create(id=new_id(), conversation=conversation, content=text)
    candidate = Candidate(message.id, conversation.id, (why,), 1.0, span=span)
    return shown(Scope(ANONYMOUS), [(candidate, 0)], query)[0]


def test_the_content_stays_in_the_database() -> None:
    match = shown_of("some fox " + "and so on " * LONGEST_SHOWN, Why.WORDS, None, "fox")
    assert match.message is not None and "content" in match.message.get_deferred_fields()
    assert match.snippet.html.startswith("some <mark>fox</mark>")


def test_a_match_far_down_is_shown_by_the_words_before_it() -> None:
    text = "fox " + "x " * LONGEST_SHOWN + " far"
    match = shown_of(text, Why.REGEX, (len(text) - 3, len(text)), "fox")
    assert match.snippet.html.startswith("<mark>fox</mark>")
