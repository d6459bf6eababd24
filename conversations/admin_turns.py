"""Turns and attempts on the admin site: how answers went, never what they said."""

import datetime as dt
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator

from accounts.admin_bases import TabularInline, as_uuid, coloured
from conversations.admin_filters import FaultFilter, ProviderFilter
from conversations.admin_owners import OwnedAdmin, workspaces_like
from conversations.models import Attempt, Turn

_ERROR_CHARACTERS = 60
_HIDDEN = ("text", "chain_id", "idempotency_key", "request_digest")


class AttemptInline(TabularInline[Attempt, Turn]):
    model = Attempt
    fields = (
        *("ordinal", "provider", "model", "source", "outcome_word", "upstream_status"),
        *("first_text_after", "took", "error"),
    )
    readonly_fields = fields
    ordering = ("ordinal",)
    extra = 0
    hide_title = True

    @coloured("Outcome", completed="success")
    def outcome_word(self, attempt: Attempt) -> str:
        return attempt.outcome

    @admin.display(description="First text after")
    def first_text_after(self, attempt: Attempt) -> str | None:
        return _seconds(attempt.started_at, attempt.first_text_at)

    @admin.display(description="Took")
    def took(self, attempt: Attempt) -> str | None:
        return _seconds(attempt.started_at, attempt.finished_at)

    def has_add_permission(self, request: HttpRequest, obj: Turn | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Turn | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Turn | None = None) -> bool:
        return False


class TurnAdmin(OwnedAdmin[Turn]):
    list_display = (
        *("short_id", "created", "status_word", "owner", "conversation_link", "provider"),
        *("model", "latency", "first_text_after", "tokens", "fault_and_error"),
    )
    fields = (
        *("id", "status_word", "owner", "whole_conversation_link", "provider", "model", "source"),
        *("latency", "first_text_after", "tokens", "finish_reason", "fault", "error"),
        *("stop_requested", "worker_id", "heartbeat_at", "created_at", "finished_at"),
    )
    list_filter = ("status", ProviderFilter, FaultFilter)
    # Without a field Django would draw no search box; `get_search_results` does not read it.
    search_fields = ("id",)
    search_help_text = "Turn or conversation id, owner"
    list_fullwidth = True
    inlines: ClassVar = [AttemptInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Turn]:
        return super().get_queryset(request).defer(*_HIDDEN).prefetch_related("attempts")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Turn], search_term: str
    ) -> tuple[QuerySet[Turn], bool]:
        if not search_term.strip():
            return queryset, False
        if (row_id := as_uuid(search_term)) is not None:
            return queryset.filter(Q(id=row_id) | Q(conversation_id=row_id)), False
        return queryset.filter(workspace__in=workspaces_like(search_term)), False

    @admin.display(description="Turn")
    def short_id(self, turn: Turn) -> str:
        return _shortened(turn.pk)

    @coloured(
        "Status",
        completed="success",
        failed="danger",
        interrupted="danger",
        stopped="warning",
        running="info",
    )
    def status_word(self, turn: Turn) -> str:
        return turn.status

    @admin.display(description="Conversation")
    def conversation_link(self, turn: Turn) -> str:
        return _conversation_link(turn, _shortened(turn.conversation_id))

    @admin.display(description="Conversation")
    def whole_conversation_link(self, turn: Turn) -> str:
        return _conversation_link(turn, str(turn.conversation_id))

    @admin.display(description="Created (UTC)")
    def created(self, turn: Turn) -> str:
        return f"{turn.created_at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}"

    @admin.display(description="Latency")
    def latency(self, turn: Turn) -> str | None:
        return _seconds(turn.created_at, turn.finished_at)

    @admin.display(description="First text")
    def first_text_after(self, turn: Turn) -> str | None:
        moments = [attempt.first_text_at for attempt in turn.attempts.all()]
        return _seconds(turn.created_at, min(filter(None, moments), default=None))

    @admin.display(description="Tokens")
    def tokens(self, turn: Turn) -> str | None:
        """Of the question, and of the answer."""
        usage: dict[str, Any] = turn.usage if isinstance(turn.usage, dict) else {}
        counts = [usage.get(f"{side}_tokens") for side in ("prompt", "completion")]
        if not any(isinstance(count, int) for count in counts):
            return None
        return " / ".join(str(count) if isinstance(count, int) else "?" for count in counts)

    @admin.display(description="Fault and error")
    def fault_and_error(self, turn: Turn) -> str | None:
        parts = [turn.fault, Truncator(turn.error).chars(_ERROR_CHARACTERS)]
        return ": ".join(filter(None, parts)) or None


def _conversation_link(turn: Turn, shown: str) -> str:
    page = reverse("admin:conversations_conversation_change", args=[turn.conversation_id])
    return format_html('<a class="text-link" href="{}">{}</a>', page, shown)


def _shortened(row_id: Any) -> str:
    """The end of an id, where ids of the same time differ; the whole one as a tooltip."""
    return format_html(
        '<span class="whitespace-nowrap" title="{}">…{}</span>', row_id, str(row_id)[-12:]
    )


def _seconds(start: dt.datetime, end: dt.datetime | None) -> str | None:
    return None if end is None else f"{(end - start).total_seconds():.2f} s"
