from django.urls import path

from api.search.views import MessageSearchViewSet

urlpatterns = [
    path("api/search/messages", MessageSearchViewSet.as_view({"get": "search"})),
]
