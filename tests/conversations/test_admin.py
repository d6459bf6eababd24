"""Conversations and turns on the admin site: everything but what was said (issue 3 point 6)."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from accounts.callers import user_caller
from accounts.models import User
from conversations.models import Attempt, Conversation, Message, Turn
from providers.backends.demo import Demo
from providers.registry import ProviderSpec, Registry, use_registry
from tests.accounts.admin_pages import administrator, opened, page, sent, statements

pytestmark = pytest.mark.django_db

CONVERSATIONS, TURNS = "/admin/conversations/conversation/", "/admin/conversations/turn/"
HIDDEN = "a-secret-of-the-user"


@pytest.fixture
def ada() -> User:
    return administrator()


@pytest.fixture
def two_providers() -> Iterator[None]:
    backend = f"{Demo.__module__}.{Demo.__qualname__}"
    specs = {name: ProviderSpec(backend, {}, None) for name in ("demo", "other")}
    use_registry(Registry(specs))
    yield
    use_registry(None)


def _turn(workspace: str = "anonymous", **fields: Any) -> Turn:
    """One of a conversation of its own, with a question, an answer and two attempts."""
    conversation = Conversation.objects.create(
        workspace=workspace, surface="sessions", metadata={"note": HIDDEN}
    )
    question, answer = (
        Message.objects.create(conversation=conversation, role=role, content=HIDDEN)
        for role in ("user", "assistant")
    )
    now = dt.datetime.now(dt.UTC)
    stated: dict[str, Any] = {"status": "completed", "provider": "demo", **fields}
    turn = Turn.objects.create(
        conversation=conversation,
        workspace=workspace,
        question=question,
        answer=answer,
        worker_id="worker",
        heartbeat_at=now,
        text=HIDDEN,
        chain_id=HIDDEN,
        idempotency_key=f"{HIDDEN}{Turn.objects.count()}",
        **stated,
    )
    for ordinal in (0, 1):
        Attempt.objects.create(
            turn=turn,
            ordinal=ordinal,
            provider=f"provider-{ordinal}",
            source="default",
            outcome="completed" if ordinal else "timeout",
            started_at=turn.created_at,
            first_text_at=turn.created_at + dt.timedelta(seconds=0.25) if ordinal else None,
            finished_at=turn.created_at + dt.timedelta(seconds=2),
        )
    return turn


def _shown(path: str, by: User, rows: dict[str, Any]) -> set[str]:
    """The names of the rows that a list shows."""
    text = page(path, by)
    return {name for name, row in rows.items() if f"{row.pk}/change/" in text}


def test_no_word_of_a_user_is_on_any_page(ada: User) -> None:
    turn = _turn()
    for path in (
        *(CONVERSATIONS, f"{CONVERSATIONS}{turn.conversation_id}/change/"),
        *(f"{CONVERSATIONS}{turn.conversation_id}/history/", f"{TURNS}{turn.pk}/history/"),
        *(TURNS, f"{TURNS}{turn.pk}/change/"),
    ):
        asked = " ".join(statements(path, ada))
        assert str(turn.conversation_id) in page(path, ada) or str(turn.pk) in page(path, ada)
        assert HIDDEN not in page(path, ada), path
        assert not any(f'"{name}"' in asked for name in ("text", "content", "metadata")), path


@pytest.mark.parametrize("path", [CONVERSATIONS, TURNS])
def test_nobody_searches_in_what_was_said(ada: User, path: str) -> None:
    _turn()

    assert "/change/" not in page(f"{path}?q={HIDDEN}", ada).split('id="changelist-form"')[1]


@pytest.mark.parametrize("path", [CONVERSATIONS, TURNS])
def test_rows_are_only_looked_at(ada: User, path: str) -> None:
    turn = _turn()
    row_id = turn.pk if path == TURNS else turn.conversation_id
    for page_of in (f"{row_id}/change/", f"{row_id}/delete/", "add/"):
        with pytest.raises(PermissionDenied):
            sent(f"{path}{page_of}", ada, {"post": "yes", "status": "failed"})
    assert "delete_selected" not in page(path, ada)


@pytest.mark.parametrize("path", [CONVERSATIONS, TURNS])
def test_the_number_of_queries_does_not_depend_on_the_number_of_rows(ada: User, path: str) -> None:
    _turn(user_caller(ada).workspace)
    few = len(statements(path, ada))
    for index in range(20):
        _turn(user_caller(User.objects.create(username=f"user{index}")).workspace)

    assert len(statements(path, ada)) == few


@pytest.mark.parametrize("path", [CONVERSATIONS, TURNS])
def test_rows_come_newest_first_and_in_no_order_that_no_index_serves(ada: User, path: str) -> None:
    turns = [_turn(), _turn()]
    keys = [turn.pk if path == TURNS else turn.conversation_id for turn in turns]

    text, asked = page(path, ada), statements(f"{path}?o=2", ada)

    assert text.index(f"{keys[1]}/change/") < text.index(f"{keys[0]}/change/")
    table = path.rstrip("/").rpartition("/")[2]
    listing = next(statement for statement in asked if " ORDER BY " in statement)
    assert listing.endswith(f' ORDER BY "conversations_{table}"."id" DESC')


def test_a_conversation_shows_its_owner_and_counts(ada: User) -> None:
    turn = _turn(user_caller(ada).workspace)
    Message.objects.create(
        conversation=turn.conversation, role="user", content=HIDDEN, status="processing"
    )

    for path in (CONVERSATIONS, f"{CONVERSATIONS}{turn.conversation_id}/change/"):
        text = page(path, ada)
        assert f'href="/admin/accounts/user/{ada.pk}/change/">ada</a>' in text
    assert ">2<" in page(CONVERSATIONS, ada).replace(" ", "").replace("\n", "")


def test_a_workspace_without_an_account_is_named_as_it_is(ada: User) -> None:
    gone = "user:00000000-0000-4000-8000-000000000000"
    _turn("shared-key")
    _turn(gone)
    _turn("user:rubbish")

    text = page(TURNS, ada)

    assert all(workspace in text for workspace in ("shared-key", gone, "user:rubbish"))


@pytest.mark.parametrize(
    ("path", "term"),
    [
        *((path, term) for path in (CONVERSATIONS, TURNS) for term in ("ADA", "ada@example.org")),
        *((CONVERSATIONS, "conversation"), (TURNS, "conversation"), (TURNS, "turn")),
    ],
)
def test_rows_are_found_by_id_and_owner(ada: User, path: str, term: str) -> None:
    User.objects.filter(pk=ada.pk).update(email="ada@example.org")
    mine, other = _turn(user_caller(ada).workspace), _turn()
    ids = {"conversation": mine.conversation_id, "turn": mine.pk}
    rows = {"mine": mine, "other": other}
    if path == CONVERSATIONS:
        rows = {name: turn.conversation for name, turn in rows.items()}  # type: ignore[misc]

    assert _shown(f"{path}?q={ids.get(term, term)}", ada, rows) == {"mine"}


@pytest.mark.usefixtures("two_providers")
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("status__exact=failed", {"failed"}),
        ("provider=other", {"other"}),
        ("fault=timeout", {"failed"}),
        ("", {"failed", "other"}),
    ],
)
def test_turns_are_filtered_by_status_provider_and_fault(
    ada: User, query: str, names: set[str]
) -> None:
    rows = {"failed": _turn(status="failed", fault="timeout"), "other": _turn(provider="other")}

    assert _shown(f"{TURNS}?{query}", ada, rows) == names


@pytest.mark.usefixtures("two_providers")
def test_the_choices_of_filters_cost_no_query(ada: User) -> None:
    _turn()

    asked, text = statements(TURNS, ada), page(TURNS, ada)

    assert "provider=other" in text and "fault=interrupted" in text and "fault=refused" in text
    assert not any("DISTINCT" in statement for statement in asked)


def test_a_turn_shows_how_it_went_and_who_was_asked(ada: User) -> None:
    turn = _turn(usage={"prompt_tokens": 12, "completion_tokens": 345, "note": HIDDEN})
    Turn.objects.update(finished_at=turn.created_at + dt.timedelta(seconds=1.5))

    text, row = page(f"{TURNS}{turn.pk}/change/", ada), page(TURNS, ada)

    for shown in ("1.50 s", "0.25 s", "12 / 345"):
        assert shown in text and shown in row
    assert all(shown in text for shown in ("provider-0", "timeout", "provider-1", "2.00 s"))


@pytest.mark.parametrize("usage", [None, {}, [], "rubbish", {"prompt_tokens": "many"}])
def test_usage_of_any_form_is_survived(ada: User, usage: Any) -> None:
    turn = _turn(usage=usage)

    assert opened(TURNS, ada).status_code == 200
    assert opened(f"{TURNS}{turn.pk}/change/", ada).status_code == 200
