from django.urls import path

from api.threads.asking import messages, stream
from api.threads.attachments import download
from api.threads.export import ExportViewSet
from api.threads.models import models
from api.threads.rows import ProviderStateViewSet, ThreadMessageViewSet, ThreadViewSet
from api.threads.search import ThreadSearchViewSet

urlpatterns = [
    path("threads", ThreadViewSet.as_view({"get": "list", "post": "create"})),
    path(
        "threads/<str:thread_id>",
        ThreadViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
    ),
    path("threads/<str:thread_id>/messages", messages),
    path("threads/<str:thread_id>/messages/stream", stream),
    path(
        "threads/<str:thread_id>/messages/<str:message_id>",
        ThreadMessageViewSet.as_view({"patch": "partial_update"}),
    ),
    path("threads/<str:thread_id>/export", ExportViewSet.as_view({"get": "retrieve"})),
    path(
        "provider-threads/<str:thread_id>",
        ProviderStateViewSet.as_view({"get": "retrieve", "put": "update"}),
    ),
    path("search/threads", ThreadSearchViewSet.as_view({"post": "search"})),
    path("models", models),
    path("attachments/<path:name>", download),
]
