"""The admin site's pages about users and the bypass list (issue 3 point 6)."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.admin_paginator import CappedPaginator
from accounts.keys import NewKey, issue_key
from accounts.models import ApiKey, RateLimitBypass, User
from tests.accounts.admin_pages import administrator, opened, page, sent, statements

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"
USERS, BYPASSES = "/admin/accounts/user/", "/admin/accounts/ratelimitbypass/"


@pytest.fixture
def ada() -> User:
    return administrator()


def _form(user: User, **changes: Any) -> dict[str, Any]:
    """What the form of a user sends when only these fields were touched."""
    fields = {
        "username": user.username,
        "email": user.email or "",
        "full_name": user.full_name or "",
        "roles": ", ".join(user.roles),
        "allowed_products": ", ".join(user.allowed_products),
        "allowed_agents": ", ".join(user.allowed_agents),
        "is_active": "on" if user.is_active else "",
        **changes,
    }
    return {name: value for name, value in fields.items() if value != ""}


def _new(username: str = "grace", **fields: Any) -> dict[str, Any]:
    password = {"password1": PASSWORD, "password2": PASSWORD}
    return {"username": username, "is_active": "on", **password, **fields}


def _saved(user: User, by: User, **changes: Any) -> User:
    """The row after its form was saved."""
    response = sent(f"{USERS}{user.pk}/change/", by, _form(user, **changes))
    assert response.status_code == 302, response.content.decode()
    return User.objects.get(pk=user.pk)


def _refusal(path: str, by: User, fields: dict[str, Any]) -> str:
    response = sent(path, by, fields)
    assert response.status_code == 200
    return response.content.decode()


def test_only_active_administrators_see_a_page(ada: User) -> None:
    plain = User.objects.create(username="plain", roles=["editor"])
    idle = User.objects.create(username="idle", roles=["admin"], is_active=False)

    assert opened(USERS, ada).status_code == 200
    assert [opened(USERS, user).status_code for user in (plain, idle)] == [302, 302]


def test_users_are_found_by_name_email_full_name_and_id(ada: User) -> None:
    grace = User.objects.create(username="grace", email="hopper@example.org", full_name="G. Hopper")

    for term in ("grac", "hopper@", "G. Hop", str(grace.pk)):
        found = page(f"{USERS}?q={term}", ada)
        assert f"{grace.pk}/change/" in found and f"{ada.pk}/change/" not in found, term


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("role=admin", {"ada"}),
        ("role=none", {"almost", "grace"}),
        ("is_active__exact=0", {"grace"}),
    ],
)
def test_users_are_filtered_by_role_and_activity(ada: User, query: str, names: set[str]) -> None:
    User.objects.create(username="grace", is_active=False)
    User.objects.create(username="almost", roles=["administrator", "sub-admin"])

    shown = page(f"{USERS}?{query}", ada)

    everybody = {user.username: user.pk for user in User.objects.all()}
    assert {name for name, pk in everybody.items() if f"{pk}/change/" in shown} == names


def test_a_user_is_added_with_roles_and_a_working_password(ada: User) -> None:
    response = sent(f"{USERS}add/", ada, _new(roles="editor, admin,, editor", full_name="Grace"))

    grace = User.objects.get(username="grace")
    assert response.status_code == 302 and str(grace.pk) in response["Location"]
    assert grace.roles == ["editor", "admin"]
    assert grace.check_password(PASSWORD)
    assert (grace.email, grace.full_name, grace.is_active) == (None, "Grace", True)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"password1": "12345678", "password2": "12345678"}, "too common"),
        ({"password2": "something else"}, "two password fields didn"),
        ({"username": "ada"}, "already exists"),
        ({"email": "ADA@example.org"}, "Email already exists"),
    ],
)
def test_a_user_that_may_not_be_is_refused_by_the_form(
    ada: User, fields: dict[str, Any], reason: str
) -> None:
    User.objects.filter(pk=ada.pk).update(email="ada@example.org")

    assert reason in _refusal(f"{USERS}add/", ada, {**_new(), **fields})
    assert not User.objects.exclude(pk=ada.pk).exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"roles": "editor"},
        {"is_active": ""},
        {"allowed_products": "atlas"},
        {"allowed_agents": "scout"},
        {"username": "other"},
    ],
)
def test_a_change_of_rights_ends_the_tokens(ada: User, changes: dict[str, Any]) -> None:
    """T-1: tokens carry these."""
    grace = User.objects.create(username="grace")

    assert _saved(grace, ada, **changes).token_version == grace.token_version + 1


def test_a_change_of_the_name_leaves_the_tokens(ada: User) -> None:
    grace = User.objects.create(username="grace", roles=["editor"])

    stored = _saved(grace, ada, full_name="Grace Hopper", email="g@example.org")

    assert (stored.full_name, stored.email, stored.roles) == (
        "Grace Hopper",
        "g@example.org",
        ["editor"],
    )
    assert stored.token_version == grace.token_version
    assert stored.updated_at > grace.updated_at


@pytest.mark.parametrize("change", [{"roles": "editor"}, {"is_active": ""}])
def test_the_last_active_administrator_stays_one(ada: User, change: dict[str, Any]) -> None:
    User.objects.create(username="idle", roles=["admin"], is_active=False)
    User.objects.create(username="almost", roles=['odd"admin'])

    shown = _refusal(f"{USERS}{ada.pk}/change/", ada, _form(ada, **change))

    assert "last active administrator" in shown
    ada.refresh_from_db()
    assert ada.is_active and ada.is_admin


@pytest.mark.parametrize("change", [{"roles": "editor"}, {"is_active": ""}])
def test_one_of_two_administrators_may_go(ada: User, change: dict[str, Any]) -> None:
    second = administrator("second")

    stored = _saved(ada, second, **change)

    assert not (stored.is_active and stored.is_admin)


def test_signing_out_everywhere_revokes_keys_and_ends_tokens(ada: User) -> None:
    grace = User.objects.create(username="grace")
    issue_key(grace.pk, NewKey("laptop"))
    kept = issue_key(ada.pk, NewKey("other")).row

    sent(USERS, ada, {"action": "revoke_everything", "_selected_action": [str(grace.pk)]})

    assert User.objects.get(pk=grace.pk).token_version == grace.token_version + 1
    assert list(ApiKey.objects.filter(revoked_at=None)) == [kept]
    assert LogEntry.objects.get().object_id == str(grace.pk)


def test_nobody_is_deleted(ada: User) -> None:
    grace = User.objects.create(username="grace")

    assert "delete_selected" not in page(USERS, ada)
    with pytest.raises(PermissionDenied):
        sent(f"{USERS}{grace.pk}/delete/", ada, {"post": "yes"})


def test_another_password_ends_the_tokens(ada: User) -> None:
    grace = User.objects.create(username="grace")
    another = "a brand new passphrase"

    sent(f"{USERS}{grace.pk}/password/", ada, {"password1": another, "password2": another})

    stored = User.objects.get(pk=grace.pk)
    assert stored.check_password(another)
    assert stored.token_version == grace.token_version + 1


def test_no_account_is_left_without_a_password(ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(password=make_password(PASSWORD))
    fields = {"usable_password": "false", "unset-password": "yes"}

    assert "This field is required" in _refusal(f"{USERS}{ada.pk}/password/", ada, fields)
    assert User.objects.get(pk=ada.pk).has_usable_password()


def test_no_hash_of_a_password_is_shown(ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(password="pbkdf2_sha256$1$c2FsdA$aGFzaA")

    shown = page(f"{USERS}{ada.pk}/change/", ada)

    assert not any(part in shown for part in ("pbkdf2", "c2FsdA", "aGFzaA"))
    assert f"{USERS}{ada.pk}/password/" in shown


def test_a_block_is_stored_normalised_with_who_added_it(ada: User) -> None:
    """C-7.1."""
    sent(f"{BYPASSES}add/", ada, {"network": " 10.1.2.3/8 ", "note": "Office"})

    entry = RateLimitBypass.objects.get()
    assert (entry.network, entry.note, entry.added_by) == ("10.0.0.0/8", "Office", ada)


@pytest.mark.parametrize(
    ("network", "reason"),
    [("rubbish", "Not an IP address"), ("fe80::1%eth0", "Not an IP"), ("10.9.9.9/8", "exists")],
)
def test_what_is_no_new_network_is_refused_by_the_form(
    ada: User, network: str, reason: str
) -> None:
    """C-7.1."""
    RateLimitBypass.objects.create(network="10.0.0.0/8")

    assert reason in _refusal(f"{BYPASSES}add/", ada, {"network": network})
    assert RateLimitBypass.objects.count() == 1


def test_an_entry_is_changed_and_deleted(ada: User) -> None:
    entry = RateLimitBypass.objects.create(network="192.0.2.1")

    sent(f"{BYPASSES}{entry.pk}/change/", ada, {"network": "2001:DB8:0::1", "note": "Lab"})
    entry.refresh_from_db()
    assert (entry.network, entry.note, entry.added_by) == ("2001:db8::1", "Lab", None)

    sent(f"{BYPASSES}{entry.pk}/delete/", ada, {"post": "yes"})
    assert not RateLimitBypass.objects.exists()


@pytest.mark.parametrize("path", [USERS, BYPASSES])
def test_the_number_of_queries_does_not_depend_on_the_number_of_rows(ada: User, path: str) -> None:
    _rows(ada, 1)
    few = len(statements(path, ada))
    _rows(ada, 30)

    assert len(statements(path, ada)) == few


def test_a_count_stops_where_nobody_would_page_to_and_says_so(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CappedPaginator, "most_counted", 3)
    assert "More than" not in page(USERS, ada)
    _rows(ada, 3)

    with CaptureQueriesContext(connection) as captured:
        shown = page(USERS, ada)

    assert "More than 3 users" in shown
    counts = [query["sql"] for query in captured.captured_queries if "COUNT(" in query["sql"]]
    assert counts and all("LIMIT 4" in statement for statement in counts)


def _rows(by: User, number: int) -> None:
    start = User.objects.count()
    for index in range(start, start + number):
        User.objects.create(username=f"user{index}", roles=["editor"])
        RateLimitBypass.objects.create(network=f"192.0.2.{index}", added_by=by)
