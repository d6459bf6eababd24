from django.urls import path

from api.usage.views import UsageViewSet

urlpatterns = [
    path("api/usage", UsageViewSet.as_view({"get": "retrieve"})),
]
