"""API keys on the admin site (issue 3 point 6)."""

import datetime as dt
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts import admin_keys
from accounts.keyring import KEYRING
from accounts.keys import NewKey, issue_key
from accounts.models import ApiKey, User
from tests.accounts.admin_pages import administrator, page, sent, statements

pytestmark = pytest.mark.django_db

KEYS = "/admin/accounts/apikey/"


@pytest.fixture
def ada() -> User:
    KEYRING.forget()
    return administrator()


def _added(by: User, **fields: Any) -> str:
    """The page that answers the form of a new key."""
    response = sent(f"{KEYS}add/", by, {"user": str(by.pk), "name": "laptop", **fields})
    assert response.status_code == 200
    return response.content.decode()


def _expired(by: User) -> ApiKey:
    past = timezone.now() - dt.timedelta(minutes=1)
    return issue_key(by.pk, NewKey("old", expires_at=past)).row


def test_a_new_key_is_shown_once_and_stored_nowhere(ada: User) -> None:
    shown = _added(ada, allowed_models="gpt-4o, demo", rate_rps="2.5", rate_burst="7")

    key = ApiKey.objects.get()
    secret = shown.split('id="secret"')[1].split(">")[1].split("<")[0]
    found = KEYRING.find(secret)
    assert found is not None and found.caller is not None and found.caller.key_id == key.pk
    assert (key.allowed_models, key.rate_rps, key.rate_burst) == (["gpt-4o", "demo"], 2.5, 7)
    kept = [*ApiKey.objects.values(), *LogEntry.objects.values(), *Session.objects.values()]
    assert len(kept) >= 2 and secret not in repr(kept)
    assert secret not in page(KEYS, ada) + page(f"{KEYS}{key.pk}/change/", ada)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"rate_rps": "2"}, "Give both a rate above 0 and a burst of 1 or more."),
        ({"rate_rps": "0", "rate_burst": "1"}, "Give both a rate above 0"),
        ({"expires_at_0": "2020-01-01", "expires_at_1": "00:00"}, "Give a time in the future"),
        ({"user": ""}, "This field is required"),
    ],
)
def test_a_key_that_may_not_be_is_refused_by_the_form(
    ada: User, fields: dict[str, Any], reason: str
) -> None:
    assert reason in _added(ada, **fields)
    assert not ApiKey.objects.exists()


def test_a_user_with_too_many_keys_gets_no_other(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_keys, "MOST_KEYS", 1)
    issue_key(ada.pk, NewKey("first"))

    assert "revoke one first" in _added(ada)
    assert ApiKey.objects.count() == 1


def test_a_changed_key_acts_at_once(
    ada: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    issued = issue_key(ada.pk, NewKey("laptop"))
    KEYRING.find(issued.secret)
    fields = {"name": "desk", "allowed_models": "demo", "rate_rps": "3", "rate_burst": "9"}

    with django_capture_on_commit_callbacks(execute=True):
        sent(f"{KEYS}{issued.row.pk}/change/", ada, fields)

    found = KEYRING.find(issued.secret)
    assert found is not None and found.caller is not None and found.rate is not None
    assert found.caller.allowed_models == ("demo",)
    assert (found.rate.rps, found.rate.burst) == (3, 9)
    assert ApiKey.objects.get().name == "desk"


def test_a_key_that_has_expired_can_still_be_renamed(ada: User) -> None:
    key = _expired(ada)
    assert key.expires_at is not None
    expiry = {
        "expires_at_0": f"{key.expires_at:%Y-%m-%d}",
        "expires_at_1": f"{key.expires_at:%H:%M:%S}",
    }

    sent(f"{KEYS}{key.pk}/change/", ada, {"name": "older", **expiry})

    assert ApiKey.objects.get().name == "older"


def test_a_revoked_key_is_dead_at_once(
    ada: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    issued, kept = issue_key(ada.pk, NewKey("laptop")), issue_key(ada.pk, NewKey("desk"))
    KEYRING.find(issued.secret)

    with django_capture_on_commit_callbacks(execute=True):
        sent(KEYS, ada, {"action": "revoke", "_selected_action": [str(issued.row.pk)]})

    found = KEYRING.find(issued.secret)
    assert found is not None and not found.is_good
    assert list(ApiKey.objects.filter(revoked_at=None)) == [kept.row]
    assert LogEntry.objects.get().object_id == str(issued.row.pk)


def test_a_revoked_key_is_neither_changed_nor_deleted(ada: User) -> None:
    key = issue_key(ada.pk, NewKey("laptop")).row
    ApiKey.objects.update(revoked_at=timezone.now())

    for verb in ("change", "delete"):
        with pytest.raises(PermissionDenied):
            sent(f"{KEYS}{key.pk}/{verb}/", ada, {"name": "other", "post": "yes"})
    assert "delete_selected" not in page(KEYS, ada)


def test_keys_are_filtered_by_their_state(ada: User) -> None:
    active, dead = (issue_key(ada.pk, NewKey(name)).row for name in ("active", "dead"))
    ApiKey.objects.filter(pk=dead.pk).update(revoked_at=timezone.now())
    rows = {"active": active, "expired": _expired(ada), "revoked": dead}

    for state, row in rows.items():
        shown = page(f"{KEYS}?state={state}", ada)
        assert [name for name, key in rows.items() if str(key.pk) in shown] == [state], row


@pytest.mark.parametrize("term", ["lap", "grace", "id"])
def test_keys_are_found_by_name_user_and_id(ada: User, term: str) -> None:
    grace = User.objects.create(username="grace")
    key, other = issue_key(grace.pk, NewKey("laptop")).row, issue_key(ada.pk, NewKey("desk")).row

    shown = page(f"{KEYS}?q={key.pk if term == 'id' else term}", ada)

    assert f"{key.pk}/change/" in shown and f"{other.pk}/change/" not in shown


def test_the_number_of_queries_does_not_depend_on_the_number_of_keys(ada: User) -> None:
    issue_key(ada.pk, NewKey("first"))
    few = len(statements(KEYS, ada))
    for index in range(20):
        user = User.objects.create(username=f"user{index}")
        issue_key(user.pk, NewKey(f"key{index}"))

    assert len(statements(KEYS, ada)) == few
