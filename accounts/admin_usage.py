"""What callers have used, on the admin site: looked through, and taken along as a CSV file."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.admin_bases import ReadOnlyAdmin, as_uuid
from accounts.models import ApiKey, Usage
from accounts.money import dollars, plain
from accounts.spreadsheets import csv_of

MOST_EXPORTED = 50_000
_COLUMNS = (
    *("day", "workspace", "username", "key", "provider", "model", "calls", "prompt_tokens"),
    *("completion_tokens", "cost_usd", "estimated_calls", "unpriced_calls"),
)


class PeriodFilter(admin.SimpleListFilter):
    title = "period"
    parameter_name = "period"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("today", "Today"), ("week", "Last 7 days"), ("month", "This month")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Usage]) -> QuerySet[Usage]:
        today = timezone.now().date()
        match self.value():
            case "today":
                return queryset.filter(day=today)
            case "week":
                return queryset.filter(day__gt=today - dt.timedelta(days=7))
            case "month":
                return queryset.filter(day__gte=today.replace(day=1))
        return queryset


class CountFilter(admin.SimpleListFilter):
    title = "counts"
    parameter_name = "counts"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("unpriced", "With calls without a price"), ("estimated", "With tokens estimated")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Usage]) -> QuerySet[Usage]:
        match self.value():
            case "unpriced":
                return queryset.filter(unpriced__gt=0)
            case "estimated":
                return queryset.filter(estimated__gt=0)
        return queryset


class UsageAdmin(ReadOnlyAdmin[Usage]):
    list_display = (
        *("day", "owner", "key_shown", "provider", "model", "calls", "prompt_tokens"),
        *("completion_tokens", "cost", "estimated", "unpriced"),
    )
    list_filter = (PeriodFilter, CountFilter)
    list_select_related = ("user",)
    search_fields = ("model",)
    search_help_text = "Model or provider, username, or the id of a key"
    actions = ("export",)
    _keys: dict[str, ApiKey]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Usage], search_term: str
    ) -> tuple[QuerySet[Usage], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        found = Q(model__icontains=term) | Q(provider=term) | Q(user__username__istartswith=term)
        if (key_id := as_uuid(term)) is not None:
            found |= Q(key_id=str(key_id))
        return queryset.filter(found | Q(workspace=term)), False

    def learn(self, rows: Sequence[Usage]) -> None:
        self._keys = _keys_of(rows)

    @admin.display(description="Who")
    def owner(self, line: Usage) -> str:
        return line.user.username if line.user else line.workspace

    @admin.display(description="API key", empty_value="-")
    def key_shown(self, line: Usage) -> str | None:
        return str(self._keys.get(line.key_id, line.key_id)) if line.key_id else None

    @admin.display(description="US dollars", empty_value="no price")
    def cost(self, line: Usage) -> str | None:
        return _cost(line)

    @admin.action(description="Export as CSV")
    def export(self, request: HttpRequest, queryset: QuerySet[Usage]) -> HttpResponse:
        lines = list(queryset.select_related("user").order_by("-day", "-pk")[:MOST_EXPORTED])
        content = csv_of(_COLUMNS, _cells(lines))
        response = HttpResponse(content, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="usage.csv"'
        return response


def _cells(lines: Sequence[Usage]) -> Iterator[Sequence[object]]:
    keys = _keys_of(lines)
    for line in lines:
        name = keys[line.key_id].name if line.key_id in keys else line.key_id
        who = (line.workspace, line.user.username if line.user else "", name)
        tokens = (line.calls, line.prompt_tokens, line.completion_tokens)
        cost = (_cost(line), line.estimated, line.unpriced)
        yield (line.day, *who, line.provider, line.model, *tokens, *cost)


def _keys_of(lines: Sequence[Usage]) -> dict[str, ApiKey]:
    ids = {UUID(line.key_id) for line in lines if line.key_id}
    return {str(key.id): key for key in ApiKey.objects.filter(id__in=ids)}


def _cost(line: Usage) -> str | None:
    """None where no price of any call is known."""
    is_known = line.unpriced < line.calls
    return plain(dollars(line.nanodollars)) if is_known else None
