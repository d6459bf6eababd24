from django.urls import path

from api.admin.views import BypassViewSet, SlashedBypassViewSet

urlpatterns = [
    path("admin/bypass", BypassViewSet.as_view({"get": "list", "post": "create"})),
    # Below the admin site, which would redirect what it does not know to its login.
    path("admin/bypass/", SlashedBypassViewSet.as_view({"get": "list", "post": "create"})),
    path("admin/bypass/<path:ip>", BypassViewSet.as_view({"delete": "destroy"})),
]
