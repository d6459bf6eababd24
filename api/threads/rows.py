"""Threads, their messages and their provider state: what only touches rows."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request

from accounts.callers import user_caller
from api.auth import signed_in_user
from api.openapi import refusals
from api.parsing import body_of, path_uuid, query_of
from api.problems import ProblemTable
from api.responses import json_response, no_content
from api.threads.problems import PROBLEMS, InvalidText
from api.threads.serializers import (
    DEFAULT_PROVIDER,
    MessageChangeForm,
    MessageJson,
    StateForm,
    StateJson,
    StateQuery,
    ThreadChangeForm,
    ThreadForm,
    ThreadJson,
    ThreadPageJson,
    ThreadQuery,
    ThreadsQuery,
    ThreadWithMessagesJson,
    message_json,
    state_json,
    thread_json,
    thread_page,
)
from api.viewsets import RowViewSet, django_request
from conversations import shelf
from conversations.access import conversation_for
from conversations.models import Conversation
from conversations.turns.answers import LONGEST_ERROR
from providers.registry import registry

SURFACE = "threads"
_PAGE = [
    OpenApiParameter("page", int, description="From 1."),
    OpenApiParameter("limit", int, description="From 1; above 100 it is 100."),
]


class OwnRows(RowViewSet):
    """For users with an access token, and nobody else (C-4.5)."""

    guarded = False
    problems: ClassVar[ProblemTable] = PROBLEMS

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.caller = user_caller(signed_in_user(django_request(request)))

    def thread(self, thread_id: str) -> Conversation:
        """Raises ValidationFailed, ConversationNotFound, Forbidden."""
        return conversation_for(self.caller, id_in(thread_id), surface=SURFACE)


class ThreadViewSet(OwnRows):
    @extend_schema(
        operation_id="create_thread",
        request=ThreadForm,
        responses={201: ThreadJson, **refusals(401, 403, 422)},
    )
    def create(self, request: Request) -> HttpResponse:
        """Begin a thread."""
        form = body_of(django_request(request), ThreadForm)
        row = shelf.begin_titled(
            self.caller,
            surface=SURFACE,
            title=form.title,
            summary=form.summary,
            metadata=form.given_metadata or {},
        )
        return json_response(thread_json(self.caller, row), status=201)

    @extend_schema(
        operation_id="list_threads",
        parameters=[*_PAGE, OpenApiParameter("include_deleted", bool)],
        responses={200: ThreadPageJson, **refusals(401, 422)},
    )
    def list(self, request: Request) -> HttpResponse:
        """Newest first; without `include_deleted` only those with a title and a message."""
        form = query_of(django_request(request), ThreadsQuery)
        page = shelf.page_of_conversations(
            self.caller,
            surface=SURFACE,
            number=form.page,
            limit=form.most,
            everything=form.include_deleted,
        )
        return json_response(thread_page(self.caller, page))

    @extend_schema(
        operation_id="get_thread",
        parameters=[OpenApiParameter("messages_limit", int, description="1 to 50, 5 if absent.")],
        responses={200: ThreadWithMessagesJson, **refusals(401, 403, 404, 422)},
    )
    def retrieve(self, request: Request, thread_id: str) -> HttpResponse:
        """The thread with its last messages, newest first."""
        row = self.thread(thread_id)
        form = query_of(django_request(request), ThreadQuery)
        page = shelf.page_of_messages(row, number=1, limit=form.messages_limit)
        last = [message_json(message) for message in page.items]
        fields = thread_json(self.caller, row).model_dump()
        return json_response(ThreadWithMessagesJson(**fields, last_messages=last))

    @extend_schema(
        operation_id="change_thread",
        request=ThreadChangeForm,
        responses={200: ThreadJson, **refusals(401, 403, 404, 422)},
    )
    def partial_update(self, request: Request, thread_id: str) -> HttpResponse:
        """Change what is given; `is_deleted: false` takes a deleted thread back."""
        thread = id_in(thread_id)
        form = body_of(django_request(request), ThreadChangeForm)
        row = shelf.change_titled(
            self.caller,
            thread,
            surface=SURFACE,
            changes=form.changes(),
            deleted=form.is_deleted,
        )
        return json_response(thread_json(self.caller, row))

    @extend_schema(
        operation_id="delete_thread",
        responses={204: OpenApiResponse(description="Gone"), **refusals(401, 403, 404, 422)},
    )
    def destroy(self, request: Request, thread_id: str) -> HttpResponse:
        """Put the thread away; again, it changes nothing."""
        shelf.put_away(self.caller, id_in(thread_id), surface=SURFACE)
        return no_content()


class ThreadMessageViewSet(OwnRows):
    @extend_schema(
        operation_id="change_thread_message",
        request=MessageChangeForm,
        responses={200: MessageJson, **refusals(400, 401, 403, 404, 422)},
    )
    def partial_update(self, request: Request, thread_id: str, message_id: str) -> HttpResponse:
        """Change a message's status, text, error or count of tokens."""
        row = self.thread(thread_id)
        message = path_uuid("message_id", message_id)
        form = body_of(django_request(request), MessageChangeForm)
        return json_response(message_json(shelf.change_message(row, message, _changes(form))))


class ProviderStateViewSet(OwnRows):
    @extend_schema(
        operation_id="get_provider_thread",
        parameters=[OpenApiParameter("provider", str)],
        responses={200: StateJson, **refusals(401, 403, 404, 422)},
    )
    def retrieve(self, request: Request, thread_id: str) -> HttpResponse:
        """What a provider calls the thread."""
        row = self.thread(thread_id)
        form = query_of(django_request(request), StateQuery)
        return json_response(state_json(shelf.provider_state(row, _provider(form.provider))))

    @extend_schema(
        operation_id="set_provider_thread",
        parameters=[OpenApiParameter("provider", str)],
        request=StateForm,
        responses={200: StateJson, **refusals(401, 403, 404, 422)},
    )
    def update(self, request: Request, thread_id: str) -> HttpResponse:
        """Say what a provider calls the thread."""
        row = self.thread(thread_id)
        plain = django_request(request)
        form = body_of(plain, StateForm)
        state = shelf.set_provider_state(
            row,
            _provider(form.provider or query_of(plain, StateQuery).provider),
            external_id=form.conversation_id,
            payload=form.payload,
        )
        return json_response(state_json(state))


def id_in(thread_id: str) -> UUID:
    """Raises ValidationFailed."""
    return path_uuid("thread_id", thread_id)


def _provider(name: str | None) -> str:
    return registry().normalise(name or "")[:64] or DEFAULT_PROVIDER


def _changes(form: MessageChangeForm) -> dict[str, Any]:
    """Raises InvalidText."""
    if form.text is not None and not form.text.strip():
        raise InvalidText
    given = {
        "status": form.status,
        "content": form.text,
        "error_code": form.error_code[:LONGEST_ERROR] if form.error_code else None,
        "tokens_count": form.tokens_count,
    }
    return {name: value for name, value in given.items() if value is not None}
