from django.urls import path

from api.sessions.views import SessionViewSet, send_message

urlpatterns = [
    path("sessions", SessionViewSet.as_view({"post": "create"})),
    path(
        "sessions/<str:session_id>",
        SessionViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
    ),
    path("sessions/<str:session_id>/messages", send_message),
]
