"""Every route with who may call it: one table, walked by a test beside the URL resolver.

A route stands under its pattern as Django's resolver joins it. What is not in the table is
treated as API: limited and counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from django.conf import settings
from django.urls import ResolverMatch


class Access(Enum):
    """Who may call a route."""

    EVERYONE = "no credential is looked at"
    CALLER = "whoever C-4 lets in: a user, the shared key, anonymous where that is allowed"
    SIGNED_IN = "a user with a token or a browser session, not a key"
    TOKEN = "a user with an access token, whatever else is allowed"
    FIRST_OR_ADMIN = "everyone while there is no user, then an administrator's access token"
    ADMIN_TOKEN = "the operator with X-Admin-Token"
    VISITOR = "as CALLER; a browser that is not let in is led to sign in"
    MEMBER = "as SIGNED_IN, likewise"
    ADMIN = "an administrator; a browser that is not let in is led to sign in"
    STAFF = "an administrator with a browser session; its sign-in page for everyone"


@dataclass(frozen=True, slots=True)
class Route:
    """`is_api`: it costs a token of the rate limit and is counted (C-5.5, C-6.5)."""

    access: Access
    is_api: bool = True


_THREADS = f"{settings.CHAT_API_PREFIX}/".removeprefix("/")
_AUTH = f"{_THREADS}auth"
_CALLER = Route(Access.CALLER)
_TOKEN = Route(Access.TOKEN)
_SIGNED_IN = Route(Access.SIGNED_IN)
_ADMIN_TOKEN = Route(Access.ADMIN_TOKEN)
_OPEN_API = Route(Access.EVERYONE)
_PAGE = Route(Access.EVERYONE, is_api=False)
STAFF = Route(Access.STAFF, is_api=False)
_VISITOR = Route(Access.VISITOR, is_api=False)
_MEMBER = Route(Access.MEMBER, is_api=False)
# What the pages' own scripts ask for is part of the pages (C-5.5), but for what costs an answer.
_SCRIPT = Route(Access.CALLER, is_api=False)

ROUTES: Mapping[str, Route] = {
    "": _PAGE,
    "health": _PAGE,
    "health/live": _PAGE,
    "health/ready": _PAGE,
    "metrics": _PAGE,
    "docs": _PAGE,
    "redoc": _PAGE,
    "openapi.json": _PAGE,
    "admin": _PAGE,
    "sessions": _CALLER,
    "sessions/<str:session_id>": _CALLER,
    "sessions/<str:session_id>/messages": _CALLER,
    "api/chat/stream": _CALLER,
    "models": _CALLER,
    "conversations": _CALLER,
    "conversations/<str:conversation_id>": _CALLER,
    "conversations/<str:conversation_id>/messages": _CALLER,
    "conversations/<str:conversation_id>/stream": _CALLER,
    "v1/models": _CALLER,
    "v1/models/<path:model_id>": _CALLER,
    "v1/chat/completions": _CALLER,
    "v1/responses": _CALLER,
    "v1/responses/<str:response_id>": _CALLER,
    "v1/embeddings": _CALLER,
    "api/turns/<str:turn_id>": _CALLER,
    "api/turns/<str:turn_id>/events": _CALLER,
    "api/turns/<str:turn_id>/stop": _CALLER,
    "api/usage": _CALLER,
    f"{_AUTH}/register": Route(Access.FIRST_OR_ADMIN),
    f"{_AUTH}/login": _OPEN_API,
    f"{_AUTH}/refresh": _OPEN_API,
    f"{_AUTH}/logout": _TOKEN,
    f"{_AUTH}/me": _TOKEN,
    f"{_THREADS}threads": _TOKEN,
    f"{_THREADS}threads/<str:thread_id>": _TOKEN,
    f"{_THREADS}threads/<str:thread_id>/messages": _TOKEN,
    f"{_THREADS}threads/<str:thread_id>/messages/stream": _TOKEN,
    f"{_THREADS}threads/<str:thread_id>/messages/<str:message_id>": _TOKEN,
    f"{_THREADS}threads/<str:thread_id>/export": _TOKEN,
    f"{_THREADS}provider-threads/<str:thread_id>": _TOKEN,
    f"{_THREADS}search/threads": _TOKEN,
    f"{_THREADS}models": _TOKEN,
    f"{_THREADS}attachments/<path:name>": _TOKEN,
    "api/search/messages": _CALLER,
    "api/export": _TOKEN,
    "api/import": _TOKEN,
    "api/keys": _SIGNED_IN,
    "api/keys/<str:key_id>": _SIGNED_IN,
    "setup": _PAGE,
    "sign-in": _PAGE,
    "sign-out": _PAGE,
    "c/new": _VISITOR,
    "c/<str:conversation_id>": _VISITOR,
    "c/<str:conversation_id>/export": _SCRIPT,
    "trash": _VISITOR,
    "search": _VISITOR,
    "settings": _VISITOR,
    "settings/looks": _PAGE,
    "settings/name": _MEMBER,
    "settings/password": _MEMBER,
    "settings/keys": _MEMBER,
    "settings/keys/<str:key_id>/revoke": _MEMBER,
    "metrics/live": Route(Access.ADMIN, is_api=False),
    "ui/models": _SCRIPT,
    "ui/list": _VISITOR,
    "ui/ask": _CALLER,
    "ui/conversations/<str:conversation_id>": _SCRIPT,
    "ui/conversations/<str:conversation_id>/ask": _CALLER,
    "ui/conversations/<str:conversation_id>/again": _CALLER,
    "ui/conversations/<str:conversation_id>/choose": _SCRIPT,
    "ui/conversations/<str:conversation_id>/messages": _VISITOR,
    "ui/messages/<str:message_id>/source": _VISITOR,
    "ui/files/<str:file_id>": _SCRIPT,
    "ui/turns/<str:turn_id>/events": _SCRIPT,
    "ui/turns/<str:turn_id>/source": _VISITOR,
    "ui/turns/<str:turn_id>/stop": _SCRIPT,
    "ui/turns/<str:turn_id>/answer": _VISITOR,
    "ui/turns/<str:turn_id>/facts": _VISITOR,
    "admin/bypass": _ADMIN_TOKEN,
    "admin/bypass/": _ADMIN_TOKEN,
    "admin/bypass/<path:ip>": _ADMIN_TOKEN,
}


# Also what does not exist below them.
_NEVER_API = (settings.STATIC_URL, "/health/")


# Whose unknown paths are answered in the API's own form, whoever asks (C-1.2).
_API_HEADS = {
    *(path.partition("/")[0] for path, route in ROUTES.items() if route.is_api),
    *("health", "metrics", "openapi.json", "v1", "ws"),
} - {"admin"}


def is_among_api(path: str) -> bool:
    """Whether a path, known or not, is where the APIs are and not the pages."""
    head = path.lstrip("/").partition("/")[0]
    return head in _API_HEADS or path.startswith("/admin/bypass")


def route_for(match: ResolverMatch) -> Route | None:
    """The row of a resolved path; the admin site's own routes share one."""
    if match.app_names[:1] == ["admin"]:
        return STAFF
    return ROUTES.get(match.route)


def is_api(path: str, match: ResolverMatch | None) -> bool:
    if match is None:
        return not path.startswith(_NEVER_API)
    route = route_for(match)
    return route is None or route.is_api
