from django.urls import path

from api.conversations.rows import ConversationViewSet, MessageViewSet
from api.conversations.streams import models, stream

urlpatterns = [
    path("models", models),
    path(
        "conversations",
        ConversationViewSet.as_view({"get": "list", "post": "create"}),
    ),
    path(
        "conversations/<str:conversation_id>",
        ConversationViewSet.as_view(
            {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
        ),
    ),
    path(
        "conversations/<str:conversation_id>/messages",
        MessageViewSet.as_view({"get": "list", "post": "create"}),
    ),
    path("conversations/<str:conversation_id>/stream", stream),
]
