from django.urls import path

from api.pages import (
    asking,
    changing,
    chat,
    files,
    following,
    listing,
    metrics,
    preferences,
    searching,
    signing,
)
from api.pages.models import models

urlpatterns = [
    path("setup", signing.setup),
    path("sign-in", signing.sign_in),
    path("sign-out", signing.sign_out),
    path("c/new", chat.new),
    path("c/<str:conversation_id>", chat.conversation),
    path(
        "c/<str:conversation_id>/export",
        changing.ChangeViewSet.as_view({"get": "export"}),
    ),
    path("trash", listing.trash),
    path("search", searching.search),
    path("settings", preferences.preferences),
    path("settings/looks", preferences.looks),
    path("settings/name", preferences.name),
    path("settings/password", preferences.password),
    path("settings/keys", preferences.new_key),
    path("settings/keys/<str:key_id>/revoke", preferences.revoke_key),
    path("metrics/live", metrics.live),
    path("ui/models", models),
    path("ui/list", listing.conversations),
    path("ui/ask", asking.ask_first),
    path(
        "ui/conversations/<str:conversation_id>",
        changing.ChangeViewSet.as_view({"patch": "partial_update"}),
    ),
    path("ui/conversations/<str:conversation_id>/ask", asking.ask),
    path("ui/conversations/<str:conversation_id>/again", asking.again),
    path(
        "ui/conversations/<str:conversation_id>/choose",
        changing.ChangeViewSet.as_view({"post": "choose"}),
    ),
    path("ui/conversations/<str:conversation_id>/messages", chat.messages),
    path("ui/messages/<str:message_id>/source", changing.message_source),
    path("ui/files/<str:file_id>", files.file),
    path("ui/turns/<str:turn_id>/events", following.events),
    path("ui/turns/<str:turn_id>/source", changing.turn_source),
    path("ui/turns/<str:turn_id>/stop", changing.ChangeViewSet.as_view({"post": "stop"})),
    path("ui/turns/<str:turn_id>/answer", changing.answer),
    path("ui/turns/<str:turn_id>/facts", changing.facts),
]
