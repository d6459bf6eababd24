"""The ASGI application: the layers around Django, and its two handlers."""

import os

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatproject.settings")
django.setup(set_prefix=False)

from django.urls import Resolver404, ResolverMatch, resolve  # noqa: E402 - needs the settings

from api.websocket.app import chat  # noqa: E402 - needs the settings
from chatproject.asgi_types import App, Receive, Scope, Send  # noqa: E402
from chatproject.cors import open_public_pages  # noqa: E402
from chatproject.handler import FullHandler, LeanHandler  # noqa: E402
from chatproject.lifespan import Lifespan  # noqa: E402
from chatproject.logs import configure_logging  # noqa: E402
from chatproject.middleware.body_cap import BodyCap  # noqa: E402
from chatproject.middleware.request_id import RequestLog  # noqa: E402
from chatproject.proxies import believe_proxy  # noqa: E402
from chatproject.routes import is_api  # noqa: E402
from chatproject.startup import warn_of_settings  # noqa: E402

configure_logging(settings.LOGGING)
warn_of_settings()
open_public_pages()


class Resolved:
    """Finds the route of a request, once for all who ask for it."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        believe_proxy(scope)
        match = scope["url_match"] = _match(scope["path"])
        scope["is_api"] = is_api(scope["path"], match)
        await self._app(scope, receive, send)


class Handlers:
    """Async endpoints go to the lean handler, everything else to Django's own."""

    def __init__(self) -> None:
        self._lean = LeanHandler()
        self._full = FullHandler()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match: ResolverMatch | None = scope["url_match"]
        is_endpoint = match is not None and hasattr(match.func, "handlers")
        handler = self._lean if is_endpoint else self._full
        await handler(scope, receive, send)  # type: ignore[arg-type]


def _match(path: str) -> ResolverMatch | None:
    try:
        return resolve(path)
    except Resolver404:
        return None


async def _sockets(scope: Scope, receive: Receive, send: Send) -> None:
    """WebSockets, of which there is one path."""
    believe_proxy(scope)
    await chat(scope, receive, send)


application = Lifespan(RequestLog(Resolved(BodyCap(Handlers()))), sockets=_sockets)
