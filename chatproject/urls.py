"""All routes: the dialects', health, and the documents about them."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from drf_spectacular.views import (
    SpectacularJSONAPIView,
    SpectacularRedocView,
    SpectacularSwaggerView,
)

from api.errors import ResourceNotFound
from api.problems import Problem, internal_error, problem_response, render
from chatproject.health import health

urlpatterns = [
    path("", include("api.urls")),
    path("health", health),
    path("openapi.json", SpectacularJSONAPIView.as_view(), name="schema"),
    path("docs", SpectacularSwaggerView.as_view()),
    path("redoc", SpectacularRedocView.as_view()),
]


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem_response(request, ResourceNotFound())


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, Problem(400, "validation_error", "The request could not be read."))


def handler500(request: HttpRequest, *args: Any) -> HttpResponse:
    return internal_error(request)
