from django.urls import path

from api.pages import asking, changing, chat, preferences, searching, signing
from api.pages.models import models

urlpatterns = [
    path("setup", signing.setup),
    path("sign-in", signing.sign_in),
    path("sign-out", signing.sign_out),
    path("c/new", chat.new),
    path("c/<str:conversation_id>", chat.conversation),
    path("trash", chat.trash),
    path("search", searching.search),
    path("settings", preferences.preferences),
    path("settings/looks", preferences.looks),
    path("settings/name", preferences.name),
    path("settings/password", preferences.password),
    path("settings/keys", preferences.new_key),
    path("settings/keys/<str:key_id>/revoke", preferences.revoke_key),
    path("ui/models", models),
    path("ui/list", chat.conversations),
    path("ui/conversations", asking.begin),
    path(
        "ui/conversations/<str:conversation_id>",
        changing.ChangeViewSet.as_view({"patch": "partial_update"}),
    ),
    path("ui/conversations/<str:conversation_id>/ask", asking.ask),
    path("ui/conversations/<str:conversation_id>/again", asking.again),
    path("ui/turns/<str:turn_id>/events", asking.events),
    path("ui/turns/<str:turn_id>/stop", changing.ChangeViewSet.as_view({"post": "stop"})),
    path("ui/turns/<str:turn_id>/answer", changing.answer),
    path("ui/turns/<str:turn_id>/facts", changing.facts),
]
