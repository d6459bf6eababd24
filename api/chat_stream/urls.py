from django.urls import path

from api.chat_stream.views import chat_stream

# CHAT_API_PREFIX moves the threads API only: this path is the same everywhere.
urlpatterns = [path("api/chat/stream", chat_stream)]
