"""Django's settings, derived from the operator's (`chatproject.config`)."""

import secrets
from pathlib import Path
from typing import Any

from corsheaders.defaults import default_headers

from chatproject.config import load
from chatproject.database import database_settings
from chatproject.logs import logging_settings
from chatproject.provider_settings import provider_specs

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"
CONFIG = load()

DEBUG = False
# Nothing that is signed outlives a process yet; accounts will keep a key in the database.
SECRET_KEY = CONFIG.SECRET_KEY or secrets.token_urlsafe(64)
# A self-hosted server answers under any name its operator gives it, and builds no links from it.
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "chatproject.urls"
ASGI_APPLICATION = "chatproject.asgi.application"
USE_TZ = True
TIME_ZONE = "UTC"

INSTALLED_APPS = [
    "daphne",  # first: it replaces `runserver`
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "conversations",
]

# Each of these is natively async: one that is not costs every request a thread.
MIDDLEWARE = [
    "chatproject.middleware.security.SecurityHeaders",
    "corsheaders.middleware.CorsMiddleware",
    "chatproject.middleware.body_cap.RefuseLargeBody",
    "servestatic.middleware.ServeStaticMiddleware",
]
# The checks look for Django's own classes by name. SecurityHeaders is a subclass of
# SecurityMiddleware and sets X-Frame-Options; no API call is authenticated by a cookie yet, so
# that there is nothing for CSRF to protect.
SILENCED_SYSTEM_CHECKS = ["security.W001", "security.W002", "security.W003"]

DATABASES: dict[str, Any] = {"default": database_settings(CONFIG.database_url)}

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_AUTOREFRESH = False

# The ASGI application counts and caps bodies while they arrive (C-1.6).
MAX_BODY_BYTES = 20 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = None
DATA_UPLOAD_MAX_NUMBER_FIELDS = None
FILE_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES

CORS_ALLOW_ALL_ORIGINS = "*" in CONFIG.CORS_ORIGINS
CORS_ALLOWED_ORIGINS = [origin for origin in CONFIG.CORS_ORIGINS if origin not in ("*", "null")]
CORS_ALLOW_CREDENTIALS = not CORS_ALLOW_ALL_ORIGINS
CORS_EXPOSE_HEADERS = ["X-Request-ID", "Retry-After", "X-Turn-ID"]
CORS_ALLOW_HEADERS = [
    *default_headers,
    "idempotency-key",
    "last-event-id",
    "prefer",
    "x-admin-token",
    "x-api-key",
    "x-request-id",
]

REST_FRAMEWORK: dict[str, Any] = {
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Parley",
    "DESCRIPTION": "Chat APIs over many model providers; no answer is ever lost.",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "PREPROCESSING_HOOKS": ["api.openapi.add_async_endpoints"],
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
}

LOGGING_CONFIG = None
LOGGING = logging_settings(CONFIG.LOG_LEVEL)

API_KEY = CONFIG.API_KEY
ANONYMOUS_ALLOWED = CONFIG.anonymous_allowed
APP_TITLE = CONFIG.APP_TITLE
MODEL_NAME = CONFIG.MODEL_NAME
MEMORY_DEFAULT = CONFIG.MEMORY_DEFAULT
MEMORY_MAX = CONFIG.MEMORY_MAX
INITIAL_SYSTEM_PROMPT = CONFIG.INITIAL_SYSTEM_PROMPT
PROVIDER_TIMEOUT_SECONDS = CONFIG.PROVIDER_TIMEOUT_SECONDS
TURN_DRAIN_SECONDS = CONFIG.TURN_DRAIN_SECONDS
REDIS_URL = CONFIG.REDIS_URL
OLLAMA_URL = CONFIG.OLLAMA_URL
METRICS_ENABLED = CONFIG.METRICS_ENABLED

PROVIDERS = provider_specs(CONFIG)
DEFAULT_PROVIDER = CONFIG.default_provider
LLM_MODEL = CONFIG.LLM_MODEL
