from django.urls import path

from api.turns.views import TurnViewSet, events

urlpatterns = [
    path("api/turns/<str:turn_id>", TurnViewSet.as_view({"get": "retrieve"})),
    path("api/turns/<str:turn_id>/events", events),
    path("api/turns/<str:turn_id>/stop", TurnViewSet.as_view({"post": "stop"})),
]
