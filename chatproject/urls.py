"""All routes: the dialects', health, and the documents about them."""

import sys
from typing import Any

import structlog
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.generic import RedirectView

from api.accepting import asks_for_page
from api.errors import ResourceNotFound
from api.pages.problems import failure, nothing_here
from api.problems import Problem, internal_error, problem_response, render
from chatproject.documents import RedocView, SchemaView, SwaggerView
from chatproject.health import health
from chatproject.health_ready import live, ready
from chatproject.metrics_page import metrics
from chatproject.routes import is_among_api

logger = structlog.get_logger(__name__)

urlpatterns = [
    # Before the admin site, below which the bypass list lies.
    path("", include("api.urls")),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("health", health),
    path("health/live", live),
    path("health/ready", ready),
    path("metrics", metrics),
    path("openapi.json", SchemaView.as_view(), name="schema"),
    path("docs", SwaggerView.as_view()),
    path("redoc", RedocView.as_view()),
]


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_for_a_reader(request):
        return nothing_here(request)
    return problem_response(request, ResourceNotFound())


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, Problem(400, "validation_error", "The request could not be read."))


def handler500(request: HttpRequest, *args: Any) -> HttpResponse:
    """For what no other place catches: Django calls it while the exception is at hand."""
    logger.error("request_failed_unexpectedly", exc_info=sys.exc_info())
    if _is_for_a_reader(request):
        return failure(request)
    return internal_error(request)


def _is_for_a_reader(request: HttpRequest) -> bool:
    return not is_among_api(request.path_info) and asks_for_page(request)
