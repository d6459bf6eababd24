"""One line per dialect."""

from django.conf import settings
from django.urls import include, path

from api.conversations.home import HomeView
from api.pages.chat import home

# Of the threads API, and of signing in, which belongs to it; empty where it stands at the root.
_PREFIX = f"{settings.CHAT_API_PREFIX}/".removeprefix("/")

urlpatterns = [
    path("", HomeView.as_view({"get": "retrieve"}, page=home)),
    path("", include("api.pages.urls")),
    path("", include("api.sessions.urls")),
    path("", include("api.chat_stream.urls")),
    path("", include("api.conversations.urls")),
    path("", include("api.openai.urls")),
    path("", include("api.turns.urls")),
    path("", include("api.usage.urls")),
    path("", include("api.accounts.urls")),
    path("", include("api.admin.urls")),
    path("", include("api.portable.urls")),
    path("", include("api.search.urls")),
    path(_PREFIX, include("api.threads.urls")),
]
