"""The chat: a new conversation, or one that there is."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts.callers import Caller
from accounts.services import registration_is_open
from api.pages.browsers import CHAT_MODULES, known_form, open_page, page, shown_page
from api.pages.listing import label, sidebar
from api.pages.models import choices
from api.pages.shown import Question, shown_window
from api.pages.signing import setup
from conversations import browsing
from conversations.access import ANYWHERE, conversation_for
from conversations.browsing import Listed, Window
from conversations.models import Conversation

MESSAGES = 60


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
    row = conversation_for(caller, known_form(conversation_id), surface=ANYWHERE)
    context = _messages(row, lambda: _window(request, row))
    context["title"] = _title(row, context["items"])
    return _chat(request, caller, context, current=row.id)


@page
def messages(request: HttpRequest, caller: Caller, conversation_id: str) -> HttpResponse:
    """The last messages alone; with `?frame` all but the texts of answers."""
    row = conversation_for(caller, known_form(conversation_id), surface=ANYWHERE)
    context = _messages(row, lambda: browsing.latest_messages(row, limit=MESSAGES))
    context["frame"] = "frame" in request.GET
    return shown_page(request, "ui/messages.html", context)


def _messages(row: Conversation, find: Callable[[], Window]) -> dict[str, Any]:
    latest, window = browsing.latest_turn(row), find()
    last = window.messages[-1] if window.messages else None
    items = shown_window(window, browsing.ending_turn(latest, last))
    return {"conversation": row, "items": items, "window": window}


def _chat(
    request: HttpRequest, caller: Caller, context: dict[str, Any], *, current: UUID | None = None
) -> HttpResponse:
    around = sidebar(caller, current)
    context = {**context, **around, "choices": choices(), "modules": CHAT_MODULES}
    return shown_page(request, "ui/chat.html", context)


def _title(row: Conversation, items: list[Any]) -> str:
    first = next((item.text for item in items if isinstance(item, Question)), "")
    return label(Listed(row, first[:200]))


def _window(request: HttpRequest, row: Conversation) -> Window:
    if at := request.GET.get("at"):
        return browsing.messages_around(row, known_form(at), limit=MESSAGES)
    if before := request.GET.get("before"):
        return browsing.messages_before(row, known_form(before), limit=MESSAGES)
    return browsing.latest_messages(row, limit=MESSAGES)
