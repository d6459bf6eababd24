"""Conversations and their messages: what only touches rows."""

from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from api.conversations.problems import PROBLEMS
from api.conversations.serializers import (
    ConversationForm,
    ConversationJson,
    ConversationListJson,
    DeletedJson,
    MessageJson,
    MessageListJson,
    ModelForm,
    UserMessageForm,
    conversation_json,
    counted_json,
    message_json,
)
from api.openapi import refusals
from api.parsing import body_of
from api.problems import ProblemTable
from api.responses import json_response
from api.viewsets import RowViewSet, django_request
from conversations import services
from conversations.access import conversation_for
from conversations.errors import ConversationNotFound

SURFACE = "conversations"


class ConversationViewSet(RowViewSet):
    problems: ClassVar[ProblemTable] = PROBLEMS

    @extend_schema(
        operation_id="create_conversation",
        request=ConversationForm,
        responses={200: ConversationJson, **refusals(400, 401)},
    )
    def create(self, request: Request) -> HttpResponse:
        """Begin a conversation."""
        form = body_of(django_request(request), ConversationForm)
        model = form.default_model or settings.MODEL_NAME
        conversation = services.begin_conversation(self.caller, surface=SURFACE, model=model)
        return json_response(conversation_json(conversation))

    @extend_schema(
        operation_id="list_conversations",
        responses={200: ConversationListJson, **refusals(401)},
    )
    def list(self, request: Request) -> HttpResponse:
        """The caller's conversations, oldest first."""
        rows = services.conversations_of(self.caller, surface=SURFACE)
        items = [counted_json(row, count) for row, count in rows]
        return json_response(ConversationListJson(conversations=items))

    @extend_schema(
        operation_id="get_conversation",
        responses={200: ConversationJson, **refusals(401, 404)},
    )
    def retrieve(self, request: Request, conversation_id: str) -> HttpResponse:
        """One conversation, without its messages."""
        row = conversation_for(self.caller, known_form(conversation_id), surface=SURFACE)
        return json_response(conversation_json(row))

    @extend_schema(
        operation_id="change_conversation",
        request=ModelForm,
        responses={200: ConversationJson, **refusals(400, 401, 404)},
    )
    def partial_update(self, request: Request, conversation_id: str) -> HttpResponse:
        """Choose the model of later replies."""
        form = body_of(django_request(request), ModelForm)
        row = services.set_model(
            self.caller,
            known_form(conversation_id),
            surface=SURFACE,
            model=form.default_model,
        )
        return json_response(conversation_json(row))

    @extend_schema(
        operation_id="delete_conversation",
        responses={200: DeletedJson, **refusals(401, 404)},
    )
    def destroy(self, request: Request, conversation_id: str) -> HttpResponse:
        """Remove the conversation and its messages."""
        row_id = known_form(conversation_id)
        services.delete_conversation(self.caller, row_id, surface=SURFACE)
        return json_response(DeletedJson(conversation_id=row_id))


class MessageViewSet(RowViewSet):
    problems: ClassVar[ProblemTable] = PROBLEMS

    @extend_schema(
        operation_id="add_message",
        request=UserMessageForm,
        responses={200: MessageJson, **refusals(400, 401, 404)},
    )
    def create(self, request: Request, conversation_id: str) -> HttpResponse:
        """Store what the user says; the stream answers it."""
        form = body_of(django_request(request), UserMessageForm)
        message = services.add_message(
            self.caller,
            known_form(conversation_id),
            surface=SURFACE,
            content=form.message,
            model=form.model or None,
        )
        return json_response(message_json(message))

    @extend_schema(
        operation_id="list_messages",
        responses={200: MessageListJson, **refusals(401, 404)},
    )
    def list(self, request: Request, conversation_id: str) -> HttpResponse:
        """The messages, oldest first."""
        row = conversation_for(self.caller, known_form(conversation_id), surface=SURFACE)
        items = [message_json(message) for message in services.history_of(row.id)]
        return json_response(MessageListJson(conversation_id=row.id, messages=items))


def known_form(conversation_id: str) -> UUID:
    """An id that is no UUID is an id that is not known: raises ConversationNotFound."""
    try:
        return UUID(conversation_id)
    except ValueError as error:
        raise ConversationNotFound(conversation_id) from error
