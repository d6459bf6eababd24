"""What every page has in common: who looks, in which language and time, under which policy."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.authentication import user_with_id
from accounts.callers import Caller
from accounts.errors import CallerRefused, Forbidden, ForgedRequest, InvalidApiKey, KeyNotFound
from accounts.models import User
from api.auth import caller_of
from conversations.errors import ConversationError, ConversationNotFound

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
THEMES = ("system", "light", "dark")
THEME_COOKIE = "parley_theme"
ZONE_COOKIE = "parley_zone"

# What every page with the list loads, and what the chat loads: all at once, not one by one.
_MODULES = ("words", "html", "server", "toast", "drafts", "drawer", "zone", "rows", "list")
CHAT_MODULES = (
    *_MODULES,
    *("models", "scroll", "progress", "turn", "files", "reload", "live", "composer"),
    *("clipboard", "messages"),
)

_LONGEST_ZONE = 64

View = Callable[..., HttpResponse]


def open_page(view: View) -> View:
    """For everybody: in the browser's language and time zone, and under the policy."""

    @wraps(view)
    def shown(request: HttpRequest, **parameters: Any) -> HttpResponse:
        zone = zone_named(request.COOKIES.get(ZONE_COOKIE, ""))
        with translation.override(language_of(request)), timezone.override(zone):
            response = _answer(view, request, parameters)
        response["Content-Security-Policy"] = POLICY
        response["Referrer-Policy"] = "same-origin"
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return shown


def page(view: View) -> View:
    """For callers: `view(request, caller, …)`; who is not let in is led to sign in."""

    @wraps(view)
    def looked_at(request: HttpRequest, **parameters: Any) -> HttpResponse:
        return view(request, caller_of(request), **parameters)

    return open_page(looked_at)


def member_page(view: View) -> View:
    """For people with an account: `view(request, user, …)`; a key does not open it."""

    @wraps(view)
    def looked_at(request: HttpRequest, **parameters: Any) -> HttpResponse:
        return view(request, _user(caller_of(request)), **parameters)

    return open_page(looked_at)


def staff_page(view: View) -> View:
    """For administrators: `view(request, user, …)`."""

    @wraps(view)
    def looked_at(request: HttpRequest, **parameters: Any) -> HttpResponse:
        user = _user(caller_of(request))
        if not user.is_staff:
            raise Forbidden(_("Only administrators may look at this page."))
        return view(request, user, **parameters)

    return open_page(looked_at)


@open_page
def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's answer to a form without the proof that it is ours, mostly a page from before."""
    words = _("Somebody has signed in or out since it was opened. Go back and load it again.")
    return problem_page(request, 403, _("This page is out of date"), words)


def shown_page(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A whole page, with what the frame around it needs."""
    return render(request, template, {**_frame(request), **context}, status=status)


def problem_page(request: HttpRequest, status: int, title: str, words: str) -> HttpResponse:
    """With the way back."""
    context = {"problem": title, "words": words}
    return shown_page(request, "ui/problem.html", context, status=status)


def language_of(request: HttpRequest) -> str:
    return translation.get_language_from_request(request)


def theme_of(request: HttpRequest) -> str:
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return theme if theme in THEMES else THEMES[0]


@lru_cache(maxsize=512)
def zone_named(name: str) -> ZoneInfo | None:
    """What the page's script has found out of its browser; None for what is no zone."""
    try:
        return ZoneInfo(name) if name and len(name) <= _LONGEST_ZONE else None
    except (LookupError, OSError, ValueError):
        return None


def own_path(request: HttpRequest, given: str) -> str:
    """Where to go next, if that is here; else the start."""
    is_own = given.startswith("/") and not given.startswith("//") and "\\" not in given
    return given if is_own and given.isprintable() else "/"


def known_form(conversation_id: str) -> UUID:
    """An id that is no UUID is an id that is not known: raises ConversationNotFound."""
    try:
        return UUID(conversation_id)
    except ValueError as error:
        raise ConversationNotFound(conversation_id) from error


def _answer(view: View, request: HttpRequest, parameters: dict[str, Any]) -> HttpResponse:
    try:
        return view(request, **parameters)
    except (ForgedRequest, Forbidden, InvalidApiKey) as refusal:
        return problem_page(request, 403, _("This is not for you"), str(refusal))
    except CallerRefused:
        return redirect(f"/sign-in?next={quote(request.get_full_path())}")
    except (ConversationError, KeyNotFound):
        words = _("It may have been deleted, or belong to somebody else.")
        return problem_page(request, 404, _("Nothing was found here"), words)


def _user(caller: Caller) -> User:
    """Raises MissingCredential's kin, Forbidden."""
    if caller.user_id is None and caller.kind == "anonymous":
        raise CallerRefused
    user = user_with_id(caller.user_id) if caller.user_id and not caller.key_id else None
    if user is None:
        raise Forbidden(_("Sign in with your name and password: a key does not open this page."))
    return user


def _frame(request: HttpRequest) -> dict[str, Any]:
    language = translation.get_language() or "en"
    return {
        "app_title": settings.APP_TITLE,
        "modules": _MODULES,
        "theme": theme_of(request),
        "language": language,
        "direction": "rtl" if translation.get_language_bidi() else "ltr",
    }
