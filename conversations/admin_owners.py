"""Whose rows they are, for a whole page of the admin site at once."""

from collections.abc import Iterable
from typing import Any, Protocol
from uuid import UUID

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from accounts.admin_bases import ReadOnlyAdmin, Row, as_uuid
from accounts.callers import user_caller
from accounts.models import User

_USER = "user:"


class Owned(Protocol):
    workspace: str


class OwnedAdmin(ReadOnlyAdmin[Row]):
    """Rows of a workspace, shown with the user that it belongs to."""

    def learn(self, rows: Any) -> None:
        owners = owners_of(row.workspace for row in rows)
        for row in rows:
            vars(row)["known_owner"] = owners.get(row.workspace)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Row | None:
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            self.learn([row])
        return row

    @admin.display(description="Owner")
    def owner(self, row: Owned) -> str:
        """The username where there is one, else the workspace."""
        user: User | None = vars(row)["known_owner"]
        if user is None:
            return row.workspace
        page = reverse("admin:accounts_user_change", args=[user.pk])
        return format_html('<a class="text-link" href="{}">{}</a>', page, user.username)


def owners_of(workspaces: Iterable[str]) -> dict[str, User]:
    """By workspace; those that are no user's are left out."""
    users = User.objects.only("username").in_bulk(_user_ids(workspaces))
    return {f"{_USER}{user_id}": user for user_id, user in users.items()}


def workspaces_like(text: str) -> list[str]:
    """The workspaces of users with this name or email, in any case, or of this name itself."""
    text = text.strip()
    named = Q(username=text) | Q(username__iexact=text) | Q(email__iexact=text)
    return [text, *(user_caller(user).workspace for user in User.objects.filter(named))]


def _user_ids(workspaces: Iterable[str]) -> set[UUID]:
    texts = {text.removeprefix(_USER) for text in workspaces if text.startswith(_USER)}
    return {user_id for text in texts if (user_id := as_uuid(text)) is not None}
