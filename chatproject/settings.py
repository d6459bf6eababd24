"""Django's settings, derived from the operator's (`chatproject.config`)."""

import os
import sys
from pathlib import Path
from typing import Any

from corsheaders.defaults import default_headers

from chatproject.admin_settings import unfold_settings
from chatproject.attachment_storage import attachment_storage
from chatproject.cache_settings import cache_settings
from chatproject.config import load, origin_of
from chatproject.database import database_settings
from chatproject.logs import logging_settings
from chatproject.provider_handling import with_handling
from chatproject.provider_settings import provider_specs
from chatproject.secret_key import StoredSecretKey
from chatproject.worker_number import WORKERS_VARIABLE

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"
CONFIG = load()

DEBUG = False
SECRET_KEY = CONFIG.SECRET_KEY or StoredSecretKey()
# A self-hosted server answers under any name its operator gives it, and builds no links from it.
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "chatproject.urls"
ASGI_APPLICATION = "chatproject.asgi.application"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGES = [("en", "English"), ("fa", "فارسی")]
LOCALE_PATHS = [BASE_DIR / "locale"]

INSTALLED_APPS = [
    # First: it replaces `runserver`. It brings Twisted along, which nothing else has a use for.
    *(["daphne"] if "runserver" in sys.argv else []),
    "unfold",  # before the admin: it replaces its templates
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "accounts",
    "providers",
    "conversations",
    "search",
]

# Each of these is natively async: one that is not costs every request a thread.
MIDDLEWARE = [
    "chatproject.middleware.native.SecurityHeaders",
    "chatproject.middleware.cors.Cors",
    "servestatic.middleware.ServeStaticMiddleware",
    "chatproject.middleware.rate_limit.RateLimit",
    "chatproject.middleware.body_cap.RefuseLargeBody",
    "chatproject.middleware.native.Sessions",
    "chatproject.middleware.native.Csrf",
    "chatproject.middleware.native.Authentication",
    "chatproject.middleware.native.Messages",
]
# The checks look for Django's own classes by name, and do not see that ours are subclasses of
# them; SecurityHeaders sets X-Frame-Options. django-ratelimit knows only memcached and Redis
# with django-redis: the cache of one process is exact where there is one process, and Django's
# own Redis cache increments atomically.
SILENCED_SYSTEM_CHECKS = [
    "security.W001",
    "security.W002",
    "security.W003",
    "django_ratelimit.E003",
    "django_ratelimit.W001",
]

DATABASES: dict[str, Any] = {"default": database_settings(CONFIG.database_url)}

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {"digits": "api.pages.digits"},
        },
    }
]
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_AUTOREFRESH = False

# Attachments may go to any storage of Django's.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "attachments": attachment_storage(CONFIG),
}

# The ASGI application counts and caps bodies while they arrive (C-1.6).
MAX_BODY_BYTES = 20 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = None
# Of forms, which only the admin site has.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
MAX_PAGE_BODY_BYTES = 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES

CORS_ALLOW_ALL_ORIGINS = "*" in CONFIG.CORS_ORIGINS
CORS_ALLOWED_ORIGINS = [origin for origin in CONFIG.CORS_ORIGINS if origin not in ("*", "null")]
CORS_ALLOW_CREDENTIALS = not CORS_ALLOW_ALL_ORIGINS
CORS_EXPOSE_HEADERS = [
    "X-Request-ID",
    "Retry-After",
    "X-Turn-ID",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
]
CORS_ALLOW_HEADERS = [
    *default_headers,
    "idempotency-key",
    "last-event-id",
    "prefer",
    "x-admin-token",
    "x-api-key",
    "x-fallback-providers",
    "x-request-id",
]

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "full_name", "email")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "accounts.passwords.MaximumLengthValidator"},
]
SIMPLE_JWT = {"TOKEN_TYPE_CLAIM": "type", "JTI_CLAIM": None, "USER_ID_CLAIM": "sub"}

# Browsers send cookies marked as secure over TLS only: where the server is said to be there.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CONFIG.APP_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [
    origin_of(CONFIG.APP_URL),
    *(origin for origin in CORS_ALLOWED_ORIGINS if "://" in origin),
]
SESSION_ENGINE = "accounts.sessions"
# Cookies that are signed would need the secret key on the event loop.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LOGIN_URL = "admin:login"
CSRF_FAILURE_VIEW = "api.pages.browsers.forged"

UNFOLD = unfold_settings(CONFIG.APP_TITLE)

CACHES = {"default": cache_settings(CONFIG.REDIS_URL)}

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
ADMIN_TOKEN = CONFIG.ADMIN_TOKEN
TRUSTED_PROXIES = CONFIG.TRUSTED_PROXIES
RATE_RPS = CONFIG.RATE_RPS
RATE_BURST = CONFIG.RATE_BURST
CHAT_API_PREFIX = CONFIG.CHAT_API_PREFIX
CHAT_LLM_ENABLED = CONFIG.CHAT_LLM_ENABLED
CHAT_LLM_IDLE_SECONDS = CONFIG.CHAT_LLM_IDLE_SECONDS
CHAT_JWT_SECRET_KEY = CONFIG.CHAT_JWT_SECRET_KEY
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

# Told by whoever starts several; a server of another kind says nothing, and is taken for one.
WORKERS = int(os.environ.get(WORKERS_VARIABLE, "1"))

CHAT_SEARCH_ENABLED = CONFIG.CHAT_SEARCH_ENABLED
CHAT_SEARCH_MIN_SIMILARITY = CONFIG.CHAT_SEARCH_MIN_SIMILARITY
CHAT_CHROMA_PERSIST_DIRECTORY = CONFIG.CHAT_CHROMA_PERSIST_DIRECTORY
CHROMA_URL = CONFIG.CHROMA_URL
CHAT_EMBEDDING_MODEL_NAME = CONFIG.CHAT_EMBEDDING_MODEL_NAME
CHAT_EMBEDDING_BATCH_SIZE = CONFIG.CHAT_EMBEDDING_BATCH_SIZE
CHAT_EMBEDDING_DEVICE = CONFIG.CHAT_EMBEDDING_DEVICE
CHAT_EMBEDDING_API_BASE = CONFIG.CHAT_EMBEDDING_API_BASE
CHAT_EMBEDDING_API_KEY = CONFIG.CHAT_EMBEDDING_API_KEY

PROVIDERS = with_handling(provider_specs(CONFIG), CONFIG)
TOOL_SERVERS = CONFIG.MCP_TOOL_SERVERS
TOOL_STEPS = CONFIG.TOOL_STEPS
TOOL_SECONDS = CONFIG.TOOL_SECONDS
TOOL_CHARACTERS = CONFIG.TOOL_CHARACTERS
PROVIDER_FALLBACKS = CONFIG.PROVIDER_FALLBACKS
PROVIDER_PRIVATE_NETWORKS = CONFIG.PROVIDER_PRIVATE_NETWORKS
PROVIDER_ENCRYPTION_KEYS = CONFIG.PROVIDER_ENCRYPTION_KEYS
MODEL_PRICES = CONFIG.MODEL_PRICES
DEFAULT_PROVIDER = CONFIG.default_provider
LLM_MODEL = CONFIG.LLM_MODEL
