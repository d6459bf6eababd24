"""The chat: the list of conversations, one conversation, and the trash."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateformat import format as formatted
from django.utils.translation import gettext as _

from accounts.callers import Caller
from accounts.services import registration_is_open
from api.pages.browsers import CHAT_MODULES, known_form, open_page, page, shown_page
from api.pages.models import choices
from api.pages.phrases import phrases
from api.pages.shown import Question, shown_window
from api.pages.signing import setup
from conversations import browsing
from conversations.browsing import Listed, Place, Window
from conversations.models import Conversation

CONVERSATIONS = 40
MESSAGES = 60
_LONGEST_LABEL = 80


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list; `day` stands above the first one of each day."""

    id: UUID
    label: str
    day: str
    is_current: bool


@open_page
def home(request: HttpRequest) -> HttpResponse:
    """The chat, but for the very first visitor, who creates the administrator."""
    return setup(request) if registration_is_open() else new(request)


@page
def new(request: HttpRequest, caller: Caller) -> HttpResponse:
    """A conversation that is begun with its first question."""
    return _chat(request, caller, {"title": _("New conversation"), "items": ()})


@page
def conversation(request: HttpRequest, caller: Caller, conversation_id: str) -> HttpResponse:
    """The last messages, or those around the one that `?at=` names, or before `?before=`."""
    row = browsing.conversation_anywhere(caller, known_form(conversation_id))
    window = _window(request, row)
    items = shown_window(window, browsing.latest_turn(row))
    context = {"conversation": row, "title": _title(row, items), "items": items, "window": window}
    return _chat(request, caller, context, current=row.id)


@page
def conversations(request: HttpRequest, caller: Caller) -> HttpResponse:
    """A part of the list, for the page's own script."""
    current = request.GET.get("current", "")
    named = known_form(current) if current else None
    listing = browsing.list_conversations(caller, limit=CONVERSATIONS, after=_place(request))
    rows = _rows(listing.items, named, above=request.GET.get("day", ""))
    return shown_page(request, "ui/rows.html", {"rows": rows, "next": listing.next})


@page
def trash(request: HttpRequest, caller: Caller) -> HttpResponse:
    """What was deleted and can be taken back."""
    listing = browsing.list_conversations(
        caller, limit=CONVERSATIONS, after=_place(request), deleted=True
    )
    rows = [Row(each.conversation.id, _label(each), "", False) for each in listing.items]
    context = {"trashed": rows, "next_trashed": listing.next}
    return shown_page(request, "ui/trash.html", {**sidebar(caller), **context})


def sidebar(caller: Caller, current: UUID | None = None) -> dict[str, Any]:
    """What the frame of a page with the list needs."""
    listing = browsing.list_conversations(caller, limit=CONVERSATIONS)
    return {
        "rows": _rows(listing.items, current, above=""),
        "next": listing.next,
        "caller": caller,
        "phrases": phrases(),
        "can_search": settings.CHAT_SEARCH_ENABLED,
        "can_sign_up": caller.kind == "anonymous" and registration_is_open(),
    }


def _chat(
    request: HttpRequest, caller: Caller, context: dict[str, Any], *, current: UUID | None = None
) -> HttpResponse:
    around = sidebar(caller, current)
    context = {**context, **around, "choices": choices(), "modules": CHAT_MODULES}
    return shown_page(request, "ui/chat.html", context)


def _rows(items: list[Listed], current: UUID | None, *, above: str) -> list[Row]:
    """`above` is the day of the row before the first one."""
    rows = []
    for item in items:
        day = _day(item.conversation.updated_at)
        heading, above = ("" if day == above else day), day
        id = item.conversation.id
        rows.append(Row(id, _label(item), heading, id == current))
    return rows


def _day(moment: dt.datetime) -> str:
    days = (timezone.localdate() - timezone.localdate(moment)).days
    if days <= 0:
        return _("Today")
    if days == 1:
        return _("Yesterday")
    return formatted(moment, "j F Y" if days > 300 else "j F")


def _label(item: Listed) -> str:
    text = (item.conversation.title or "").strip() or item.words.strip()
    line = " ".join(text.split()) or _("Untitled")
    return line if len(line) <= _LONGEST_LABEL else f"{line[:_LONGEST_LABEL]}…"


def _title(row: Conversation, items: list[Any]) -> str:
    first = next((item.text for item in items if isinstance(item, Question)), "")
    return _label(Listed(row, first[:200]))


def _window(request: HttpRequest, row: Conversation) -> Window:
    if at := request.GET.get("at"):
        return browsing.messages_around(row, known_form(at), limit=MESSAGES)
    if before := request.GET.get("before"):
        return browsing.messages_before(row, known_form(before), limit=MESSAGES)
    return browsing.latest_messages(row, limit=MESSAGES)


def _place(request: HttpRequest) -> Place | None:
    return Place.parse(request.GET.get("after", ""))
