"""One line per dialect."""

from django.urls import include, path

urlpatterns = [
    path("", include("api.sessions.urls")),
    path("", include("api.chat_stream.urls")),
    path("", include("api.conversations.urls")),
    path("", include("api.turns.urls")),
    path("", include("api.accounts.urls")),
    path("", include("api.admin.urls")),
]
