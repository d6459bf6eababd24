"""Small changes that the page's script asks for: names, the trash, versions, and looking up."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.callers import Caller
from api.exporting import ExportQuery, export_response
from api.pages.browsers import known_form, page, shown_page
from api.pages.files import file_url
from api.pages.forms import ChangeForm, ChooseForm
from api.pages.shown import facts_of, outcome_shown
from api.parsing import body_of, query_of
from api.problems import COMMON, ProblemTable, plain
from api.responses import json_response
from api.viewsets import RowViewSet, django_request
from conversations import services, shelf
from conversations.access import ANYWHERE, conversation_for, own_conversation, turn_for
from conversations.browsing import message_of
from conversations.errors import MessageNotFound, TurnNotFound
from conversations.turns.pages import stored_text
from conversations.versions import choose


@extend_schema(exclude=True)
class ChangeViewSet(RowViewSet):
    problems: ClassVar[ProblemTable] = {**COMMON, MessageNotFound: plain(404, "message_not_found")}

    def partial_update(self, request: Request, conversation_id: str) -> HttpResponse:
        """Rename, put away or take back."""
        form = body_of(django_request(request), ChangeForm)
        row = own_conversation(self.caller, known_form(conversation_id), surface=ANYWHERE)
        changes: dict[str, Any] = (
            {} if form.title is None else {"title": form.title.strip() or None}
        )
        row = shelf.change_titled(
            self.caller, row.id, surface=row.surface, changes=changes, deleted=form.deleted
        )
        return json_response({"id": str(row.id), "title": row.title})

    def choose(self, request: Request, conversation_id: str) -> HttpResponse:
        """Another version of a message, with all that followed it."""
        form = body_of(django_request(request), ChooseForm)
        row = conversation_for(self.caller, known_form(conversation_id), surface=ANYWHERE)
        choose(row, UUID(form.message))
        return json_response({"id": str(row.id)})

    def export(self, request: Request, conversation_id: str) -> StreamingHttpResponse:
        """The conversation as a file: `?format=` is `markdown`, `pdf` or `docx`."""
        row = conversation_for(self.caller, known_form(conversation_id), surface=ANYWHERE)
        wanted = query_of(django_request(request), ExportQuery).format
        return export_response(row, wanted, url_of=file_url)

    def stop(self, request: Request, turn_id: str) -> HttpResponse:
        """The answer ends within a second; its text so far is kept."""
        turn = turn_for(self.caller, turn_in(turn_id))
        services.request_stop(turn)
        return json_response({"id": str(turn.id)}, status=202)


@page
def answer(request: HttpRequest, caller: Caller, turn_id: str) -> HttpResponse:
    """What became of a turn; with `?frame` all but its text, for who has that already."""
    turn = turn_for(caller, turn_in(turn_id))
    context = {"items": [outcome_shown(turn)], "frame": "frame" in request.GET}
    return shown_page(request, "ui/items.html", context)


@page
def facts(request: HttpRequest, caller: Caller, turn_id: str) -> HttpResponse:
    """Who was asked, and how that went."""
    turn = turn_for(caller, turn_in(turn_id))
    return shown_page(request, "ui/facts.html", {"facts": facts_of(turn)})


@page
def message_source(request: HttpRequest, caller: Caller, message_id: str) -> HttpResponse:
    """What was said, as it was written."""
    return _plain_text(message_of(caller, known_form(message_id)).content)


@page
def turn_source(request: HttpRequest, caller: Caller, turn_id: str) -> HttpResponse:
    """The same of an answer that was cut off."""
    turn = turn_for(caller, turn_in(turn_id))
    return _plain_text(turn.text or stored_text(turn.id))


def turn_in(value: str) -> UUID:
    """Raises TurnNotFound."""
    try:
        return UUID(value)
    except ValueError as error:
        raise TurnNotFound(value) from error


def _plain_text(text: str) -> HttpResponse:
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["X-Content-Type-Options"] = "nosniff"
    return response
