from django.urls import path

from api.portable.views import export_everything, import_everything

urlpatterns = [
    path("api/export", export_everything),
    path("api/import", import_everything),
]
