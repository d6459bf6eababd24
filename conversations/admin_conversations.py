"""Conversations on the admin site: whose, how long and when, never what was said."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from accounts.admin_bases import as_uuid
from conversations.admin_owners import OwnedAdmin, workspaces_like
from conversations.models import Conversation, Message


class ConversationAdmin(OwnedAdmin[Conversation]):
    list_display = ("id", "owner", "surface", "messages_shown", "created_at", "updated_at")
    fields = (
        *("id", "owner", "workspace", "surface", "provider", "model"),
        *("messages_shown", "turns_link", "created_at", "updated_at"),
    )
    # Without a field Django would draw no search box; `get_search_results` does not read it.
    search_fields = ("id",)
    search_help_text = "Id, or username or email of the owner"

    def learn(self, rows: Any) -> None:
        super().learn(rows)
        counts = _message_counts(rows)
        for row in rows:
            vars(row)["known_messages"] = counts.get(row.pk, 0)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        return super().get_queryset(request).defer("metadata", "title", "summary")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Conversation], search_term: str
    ) -> tuple[QuerySet[Conversation], bool]:
        if not search_term.strip():
            return queryset, False
        if (conversation_id := as_uuid(search_term)) is not None:
            return queryset.filter(id=conversation_id), False
        return queryset.filter(workspace__in=workspaces_like(search_term)), False

    @admin.display(description="Messages")
    def messages_shown(self, conversation: Conversation) -> int:
        count: int = vars(conversation)["known_messages"]
        return count

    @admin.display(description="Turns")
    def turns_link(self, conversation: Conversation) -> str:
        page = reverse("admin:conversations_turn_changelist")
        return format_html(
            '<a class="text-link" href="{}?q={}">Show the turns</a>', page, conversation.pk
        )


def _message_counts(rows: list[Conversation]) -> dict[Any, int]:
    """Of the messages that are part of the history, as everywhere."""
    messages = Message.objects.filter(
        conversation_id__in=[row.pk for row in rows], status=Message.Status.READY
    )
    counted = messages.order_by().values("conversation_id").annotate(number=Count("id"))
    return {row["conversation_id"]: row["number"] for row in counted}
