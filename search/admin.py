"""The outbox on the admin site: what could not be indexed, and why; nobody's words are on it."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin_bases import SiteAdmin
from search import outbox
from search.models import Change


@admin.register(Change)
class ChangeAdmin(SiteAdmin[Change]):
    """Only what was set aside; the rest comes and goes by itself."""

    list_display = (
        "id",
        "lane",
        "source_id",
        "conversation_id",
        "attempts",
        "error",
        "set_aside_at",
    )
    list_filter = ("lane",)
    readonly_fields = (*list_display, "created_at")
    fields = readonly_fields
    sortable_by = ()
    ordering = ("-id",)
    actions = ("try_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Change]:
        return super().get_queryset(request).exclude(set_aside_at=None)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Change | None = None) -> bool:
        # For the action; all fields are read-only.
        return super().has_change_permission(request, obj) and obj is None

    @admin.action(description="Try to index these again", permissions=["change"])
    def try_again(self, request: HttpRequest, changes: QuerySet[Change]) -> None:
        number = outbox.try_again(changes)
        self.message_user(request, f"{number} will be tried again.", messages.SUCCESS)
