"""Providers on the admin site: added, ordered, disabled and asked, and never a key shown."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin import ShowFacets
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display

from providers.admin_form import ProviderForm
from providers.asking import Found, ask_now
from providers.following import follow_now
from providers.models import ProviderConfig
from providers.registry import ProviderSpec
from providers.rows import usable_spec
from providers.services import enable

_Rows = QuerySet[ProviderConfig]


class ProviderConfigAdmin(ModelAdmin):  # type: ignore[misc]
    form = ProviderForm
    list_display = ("name", "backend", "state", "order", "base_url", "default_model", "updated_at")
    list_editable = ("order",)
    list_filter = ("backend", "is_enabled")
    search_fields = ("name", "base_url")
    ordering = ("order", "name")
    show_facets = ShowFacets.NEVER
    actions = ("ask", "enable_all", "disable_all")
    fieldsets = (
        (None, {"fields": ("name", "backend", "is_enabled", "order")}),
        ("Where", {"fields": ("base_url", "default_model")}),
        ("Secrets", {"fields": ("api_key", "forget_key", "headers", "forget_headers")}),
        ("Limits", {"fields": ("connect", "idle", "first_text", "total")}),
        (
            "When it fails or is busy",
            {
                "fields": ("retries", "failures", "fallbacks", "places", "queue"),
            },
        ),
    )

    @display(description="State", label={"ready": "success", "disabled": "info"})  # type: ignore[untyped-decorator]
    def state(self, row: ProviderConfig) -> str:
        missing = _spec(row).missing
        return "disabled" if not row.is_enabled else f"set {missing}" if missing else "ready"

    @admin.action(description="Ask it something now", permissions=["change"])
    def ask(self, request: HttpRequest, rows: _Rows) -> None:
        for found in ask_now([(row.name, _spec(row)) for row in rows[:_MOST_ASKED]]):
            level = messages.ERROR if found.trouble else messages.SUCCESS
            self.message_user(request, _in_words(found), level)

    @admin.action(description="Enable", permissions=["change"])
    def enable_all(self, request: HttpRequest, rows: _Rows) -> None:
        self._enable(request, rows, "Enabled.", is_enabled=True)

    @admin.action(description="Disable", permissions=["change"])
    def disable_all(self, request: HttpRequest, rows: _Rows) -> None:
        self._enable(request, rows, "Disabled.", is_enabled=False)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Filters of an address are those of the list: others would read hidden columns aloud."""
        return lookup.removesuffix("__exact") in self.list_filter and "\0" not in str(value)

    def get_readonly_fields(
        self, request: HttpRequest, obj: ProviderConfig | None = None
    ) -> tuple[str, ...]:
        return ("name",) if obj else ()

    def save_model(
        self, request: HttpRequest, obj: ProviderConfig, form: Any, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        transaction.on_commit(follow_now)

    def delete_model(self, request: HttpRequest, obj: ProviderConfig) -> None:
        super().delete_model(request, obj)
        transaction.on_commit(follow_now)

    def delete_queryset(self, request: HttpRequest, queryset: _Rows) -> None:
        super().delete_queryset(request, queryset)
        transaction.on_commit(follow_now)

    def _enable(self, request: HttpRequest, rows: _Rows, words: str, *, is_enabled: bool) -> None:
        changed = list(rows.exclude(is_enabled=is_enabled))
        number = enable([row.name for row in changed], is_enabled=is_enabled)
        for row in changed:
            self.log_change(request, row, words)
        transaction.on_commit(follow_now)
        self.message_user(request, f"{words.removesuffix('.')}: {number}.", messages.SUCCESS)


_MOST_ASKED = 10


def _spec(row: ProviderConfig) -> ProviderSpec:
    return usable_spec(row, settings.PROVIDERS, settings.PROVIDER_PRIVATE_NETWORKS)


def _in_words(found: Found) -> str:
    if found.trouble:
        return f"{found.name}: {found.trouble} ({found.seconds:.1f} s)"
    return f"{found.name} answered in {found.seconds:.1f} s: {found.words}"
