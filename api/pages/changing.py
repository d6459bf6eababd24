"""Small changes that the page's script asks for: names, the trash, stopping, and looking up."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.callers import Caller
from api.pages.browsers import known_form, page, shown_page
from api.pages.forms import ChangeForm
from api.pages.shown import answer_shown, facts_of, turn_shown
from api.parsing import body_of
from api.responses import json_response
from api.viewsets import RowViewSet, django_request
from conversations import services, shelf
from conversations.access import turn_for
from conversations.browsing import answer_of, kept_anywhere
from conversations.errors import TurnNotFound


@extend_schema(exclude=True)
class ChangeViewSet(RowViewSet):
    def partial_update(self, request: Request, conversation_id: str) -> HttpResponse:
        """Rename, put away or take back."""
        form = body_of(django_request(request), ChangeForm)
        row = kept_anywhere(self.caller, known_form(conversation_id))
        changes: dict[str, Any] = (
            {} if form.title is None else {"title": form.title.strip() or None}
        )
        row = shelf.change_titled(
            self.caller, row.id, surface=row.surface, changes=changes, deleted=form.deleted
        )
        return json_response({"id": str(row.id), "title": row.title})

    def stop(self, request: Request, turn_id: str) -> HttpResponse:
        """The answer ends within a second; its text so far is kept."""
        turn = turn_for(self.caller, turn_in(turn_id))
        services.request_stop(turn)
        return json_response({"id": str(turn.id)}, status=202)


@page
def answer(request: HttpRequest, caller: Caller, turn_id: str) -> HttpResponse:
    """What became of a turn; with `?frame` all but its text, for who has that already."""
    turn = turn_for(caller, turn_in(turn_id))
    message = answer_of(turn)
    item = answer_shown(message, turn) if message else turn_shown(turn)
    return shown_page(request, "ui/items.html", {"items": [item], "frame": "frame" in request.GET})


@page
def facts(request: HttpRequest, caller: Caller, turn_id: str) -> HttpResponse:
    """Who was asked, and how that went."""
    turn = turn_for(caller, turn_in(turn_id))
    return shown_page(request, "ui/facts.html", {"facts": facts_of(turn)})


def turn_in(value: str) -> UUID:
    """Raises TurnNotFound."""
    try:
        return UUID(value)
    except ValueError as error:
        raise TurnNotFound(value) from error
