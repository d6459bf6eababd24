"""Settings: how it looks, who somebody is, and the keys of their programs."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import check_for_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import keys, services, signing_in
from accounts.authentication import user_with_id
from accounts.callers import Caller, user_caller
from accounts.errors import (
    InvalidCredentials,
    KeyNotFound,
    PasswordRefused,
    TooManyAttempts,
    TooManyKeys,
)
from accounts.keys import NewKey
from accounts.models import User
from accounts.passwords import check_new_password
from api.pages.browsers import (
    THEME_COOKIE,
    THEMES,
    language_of,
    member_page,
    open_page,
    own_path,
    page,
    shown_page,
)
from api.pages.forms import KeyForm, NameForm, PasswordForm
from api.pages.listing import sidebar
from api.pages.signing import wait

_YEAR = 365 * 24 * 3600
_LOOKS = "/settings"


@require_safe
@page
def preferences(request: HttpRequest, caller: Caller) -> HttpResponse:
    return _shown(request, caller)


@require_POST
@open_page
def looks(request: HttpRequest) -> HttpResponse:
    """Kept in cookies: who has no account may choose as well."""
    response = redirect(own_path(request, request.POST.get("next", _LOOKS)))
    theme, language = request.POST.get("theme", ""), request.POST.get("language", "")
    if theme in THEMES:
        _keep(response, THEME_COOKIE, theme)
    if language and check_for_language(language):
        _keep(response, settings.LANGUAGE_COOKIE_NAME, language)
    return response


@require_POST
@member_page
def name(request: HttpRequest, user: User) -> HttpResponse:
    form = NameForm(request.POST)
    if not form.is_valid():
        return _shown(request, user_caller(user), name_form=form)
    services.change_user(user, {"full_name": form.cleaned_data["full_name"] or None})
    return redirect(f"{_LOOKS}?saved=name#profile")


@require_POST
@member_page
def password(request: HttpRequest, user: User) -> HttpResponse:
    """The browser stays signed in; all others, and the tokens, are refused from now on."""
    form = PasswordForm(request.POST)
    if form.is_valid() and _password_changed(request, user, form):
        update_session_auth_hash(request, user)
        return redirect(f"{_LOOKS}?saved=password#password")
    return _shown(request, user_caller(user), password_form=form)


@require_POST
@member_page
def new_key(request: HttpRequest, user: User) -> HttpResponse:
    """The one page that ever shows the key."""
    form = KeyForm(request.POST)
    if form.is_valid():
        try:
            issued = keys.issue_key(user.id, NewKey(name=form.cleaned_data["name"]))
            return _shown(request, user_caller(user), issued=issued)
        except TooManyKeys as refusal:
            form.add_error("name", str(refusal))
    return _shown(request, user_caller(user), key_form=form)


@require_POST
@member_page
def revoke_key(request: HttpRequest, user: User, key_id: str) -> HttpResponse:
    keys.revoke_key(user.id, _key_in(key_id))
    return redirect(f"{_LOOKS}?saved=key#keys")


def _key_in(value: str) -> UUID:
    """Raises KeyNotFound, also for what is no UUID."""
    try:
        return UUID(value)
    except ValueError as error:
        raise KeyNotFound(UUID(int=0)) from error


def _shown(request: HttpRequest, caller: Caller, **given: Any) -> HttpResponse:
    user = user_with_id(caller.user_id) if caller.user_id and not caller.key_id else None
    context: dict[str, Any] = {
        "languages": settings.LANGUAGES,
        "current_language": language_of(request),
        "saved": request.GET.get("saved", ""),
    }
    if user is not None:
        context |= {
            "user": user,
            "keys": keys.keys_of(user.id),
            "name_form": NameForm({"full_name": user.full_name or ""}),
            "password_form": PasswordForm(),
            "key_form": KeyForm(),
        }
    is_refused = any(isinstance(form, Form) and form.errors for form in given.values())
    context = {**sidebar(caller), **context, **given}
    return shown_page(request, "ui/settings.html", context, status=422 if is_refused else 200)


def _password_changed(request: HttpRequest, user: User, form: PasswordForm) -> bool:
    current, new = form.cleaned_data["current"], form.cleaned_data["new"]
    try:
        signing_in.sign_in(request, username=user.username, password=current)
        check_new_password(new, user)
    except TooManyAttempts as refusal:
        form.add_error("current", wait(refusal))
    except InvalidCredentials:
        form.add_error("current", _("This is not your password."))
    except PasswordRefused as refusal:
        form.add_error("new", str(refusal))
    else:
        user.set_password(new)
        user.save()
        return True
    return False


def _keep(response: HttpResponse, cookie: str, value: str) -> None:
    is_secure = bool(settings.SESSION_COOKIE_SECURE)
    response.set_cookie(cookie, value, max_age=_YEAR, samesite="Lax", secure=is_secure)
