from django.conf import settings
from django.urls import path

from api.accounts.keys import KeyViewSet
from api.accounts.users import UserViewSet

# The prefix is the threads API's, to which signing in belongs.
_AUTH = f"{settings.CHAT_API_PREFIX}/auth".removeprefix("/")

urlpatterns = [
    path(f"{_AUTH}/register", UserViewSet.as_view({"post": "register"})),
    path(f"{_AUTH}/login", UserViewSet.as_view({"post": "login"})),
    path(f"{_AUTH}/refresh", UserViewSet.as_view({"post": "refresh"})),
    path(f"{_AUTH}/logout", UserViewSet.as_view({"post": "logout"})),
    path(f"{_AUTH}/me", UserViewSet.as_view({"get": "me"})),
    path("api/keys", KeyViewSet.as_view({"get": "list", "post": "create"})),
    path("api/keys/<str:key_id>", KeyViewSet.as_view({"delete": "destroy"})),
]
