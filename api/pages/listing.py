"""The list of conversations, beside every page and in parts, and the trash."""

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
from api.pages.browsers import known_form, page, shown_page
from api.pages.digits import digits
from api.pages.phrases import phrases
from conversations import browsing
from conversations.browsing import Listed, Place

# At first, and with each further part: the page lays out all of the list for each.
CONVERSATIONS = 40
MORE = 100
_LONGEST_LABEL = 80
_DAYS_OF_A_YEAR = 300


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list; `heading` is the day, above the first row of each.

    `changed` is in microseconds since 1970: what the page sorts by when it takes in a new part.
    """

    id: UUID
    label: str
    heading: str
    day: str
    changed: int
    is_current: bool


@page
def conversations(request: HttpRequest, caller: Caller) -> HttpResponse:
    """A part of the list, for the page's own script."""
    current = request.GET.get("current", "")
    named = known_form(current) if current else None
    after = _place(request)
    listing = browsing.list_conversations(
        caller, limit=MORE if after else CONVERSATIONS, after=after
    )
    rows = _rows(listing.items, named, above=request.GET.get("day", ""))
    return shown_page(request, "ui/rows.html", {"rows": rows, "next": listing.next})


@page
def trash(request: HttpRequest, caller: Caller) -> HttpResponse:
    """What was deleted and can be taken back."""
    listing = browsing.list_conversations(
        caller, limit=CONVERSATIONS, after=_place(request), deleted=True
    )
    context = {"trashed": _rows(listing.items, None, above=""), "next_trashed": listing.next}
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


def label(item: Listed) -> str:
    """One line: the title, or the first words."""
    text = (item.conversation.title or "").strip() or item.words.strip()
    line = " ".join(text.split()) or _("Untitled")
    return line if len(line) <= _LONGEST_LABEL else f"{line[:_LONGEST_LABEL]}…"


def _rows(items: list[Listed], current: UUID | None, *, above: str) -> list[Row]:
    """`above` is the day of the row before the first one."""
    rows = []
    for item in items:
        row = item.conversation
        day = _day(row.updated_at)
        heading, above = ("" if day == above else day), day
        changed = Place.of(row).micros
        rows.append(Row(row.id, label(item), heading, day, changed, row.id == current))
    return rows


def _day(moment: dt.datetime) -> str:
    """In the browser's time zone, which `open_page` has made the current one."""
    here = timezone.localtime(moment)
    days = (timezone.localdate() - here.date()).days
    if days <= 0:
        return _("Today")
    if days == 1:
        return _("Yesterday")
    return digits(formatted(here, "j F Y" if days > _DAYS_OF_A_YEAR else "j F"))


def _place(request: HttpRequest) -> Place | None:
    return Place.parse(request.GET.get("after", ""))
