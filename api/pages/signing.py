"""The first administrator, signing in, and signing out."""

import math

from django.conf import settings
from django.contrib.auth import login, logout
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts import signing_in
from accounts.errors import AccountError, InvalidCredentials, TooManyAttempts
from accounts.models import User
from accounts.services import NewUser, register_user, registration_is_open
from api.pages.browsers import open_page, own_path, shown_page
from api.pages.forms import SetupForm, SignInForm

_BACKEND = "django.contrib.auth.backends.ModelBackend"


@require_http_methods(["GET", "HEAD", "POST"])
@open_page
def setup(request: HttpRequest) -> HttpResponse:
    """While there is no user: create one, who is the administrator."""
    if not registration_is_open():
        return redirect("/")
    form = SetupForm(request.POST or None)
    if form.is_valid() and (user := _registered(request, form)) is not None:
        login(request, user, backend=_BACKEND)
        return redirect("/")
    context = {"form": form, "anonymous_allowed": settings.ANONYMOUS_ALLOWED}
    return shown_page(request, "ui/setup.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@open_page
def sign_in(request: HttpRequest) -> HttpResponse:
    if registration_is_open() and not settings.ANONYMOUS_ALLOWED:
        return redirect("/setup")
    next_path = own_path(request, request.POST.get("next") or request.GET.get("next", ""))
    form = SignInForm(request.POST or None)
    if form.is_valid() and (user := _signed_in(request, form)) is not None:
        login(request, user, backend=_BACKEND)
        return redirect(next_path)
    context = {"form": form, "next": next_path, "anonymous_allowed": settings.ANONYMOUS_ALLOWED}
    return shown_page(request, "ui/sign_in.html", context, status=422 if form.errors else 200)


@require_POST
@open_page
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("/sign-in")


def wait(refusal: TooManyAttempts) -> str:
    """How long to wait, in words."""
    minutes = math.ceil(refusal.retry_after / 60)
    return ngettext(
        "Too many failed attempts. Try again in %(minutes)d minute.",
        "Too many failed attempts. Try again in %(minutes)d minutes.",
        minutes,
    ) % {"minutes": minutes}


def _registered(request: HttpRequest, form: Form) -> User | None:
    try:
        signing_in.refuse_sign_ups(request)
        return register_user(NewUser(**form.cleaned_data), by=None)
    except TooManyAttempts as refusal:
        form.add_error(None, wait(refusal))
    except AccountError as refusal:
        signing_in.count_failed_sign_up(request)
        form.add_error("password", str(refusal))
    return None


def _signed_in(request: HttpRequest, form: Form) -> User | None:
    try:
        return signing_in.sign_in(request, **form.cleaned_data)
    except TooManyAttempts as refusal:
        form.add_error(None, wait(refusal))
    except InvalidCredentials:
        form.add_error(None, _("No account has this name and password."))
    return None
