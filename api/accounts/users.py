"""Registering, signing in and out (contracts/threads.md T-2)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request

from accounts import services, signing_in
from accounts.errors import AccountError, Forbidden
from accounts.models import User
from accounts.services import NewUser
from api.accounts.serializers import (
    LoginForm,
    RefreshForm,
    RegistrationForm,
    TokensJson,
    UserJson,
    tokens_json,
    user_json,
)
from api.auth import signed_in_user
from api.openapi import refusals
from api.parsing import body_of
from api.responses import json_response, no_content
from api.viewsets import RowViewSet, django_request


class UserViewSet(RowViewSet):
    """Guarded call by call: most need an access token, some need nothing."""

    guarded = False

    @extend_schema(
        operation_id="register_user",
        request=RegistrationForm,
        responses={201: UserJson, **refusals(400, 401, 403, 409, 422, 429)},
    )
    def register(self, request: Request) -> HttpResponse:
        """Create a user: the first one without a token, and as administrator."""
        plain = django_request(request)
        administrator = _administrator(plain)
        form = body_of(plain, RegistrationForm)
        new = NewUser(**form.model_dump())
        if administrator is None:
            return json_response(user_json(_signed_up(plain, new)), status=201)
        return json_response(user_json(services.register_user(new, by=administrator)), status=201)

    @extend_schema(
        operation_id="login",
        request=LoginForm,
        responses={200: TokensJson, **refusals(401, 422, 429)},
    )
    def login(self, request: Request) -> HttpResponse:
        """Tokens for a name and a password."""
        plain = django_request(request)
        form = body_of(plain, LoginForm)
        user = signing_in.sign_in(plain, username=form.username, password=form.password)
        services.note_sign_in(user)
        return json_response(tokens_json(services.tokens_for(user)))

    @extend_schema(
        operation_id="refresh_tokens",
        request=RefreshForm,
        responses={200: TokensJson, **refusals(401, 422)},
    )
    def refresh(self, request: Request) -> HttpResponse:
        """New tokens for a refresh token."""
        form = body_of(django_request(request), RefreshForm)
        return json_response(tokens_json(services.refreshed(form.refresh_token)))

    @extend_schema(
        operation_id="logout",
        request=None,
        responses={204: OpenApiResponse(description="Done"), **refusals(401)},
    )
    def logout(self, request: Request) -> HttpResponse:
        """End every token of the user."""
        services.end_all_tokens(signed_in_user(django_request(request)))
        return no_content()

    @extend_schema(operation_id="get_own_user", responses={200: UserJson, **refusals(401)})
    def me(self, request: Request) -> HttpResponse:
        """The user that the access token belongs to."""
        return json_response(user_json(signed_in_user(django_request(request))))


def _refuse_foreign_page(request: HttpRequest) -> None:
    """Any page that an operator has open could make itself the first administrator."""
    origin = request.headers.get("Origin")
    own = f"{request.scheme}://{request.headers.get('Host', '')}"
    if origin and origin not in (own, *settings.CSRF_TRUSTED_ORIGINS):
        raise Forbidden("The first user cannot be registered from another site's page")


def _administrator(request: HttpRequest) -> User | None:
    """Who creates users; None while registration is open. Raises Unauthorized, Forbidden."""
    if services.registration_is_open():
        return None
    user = signed_in_user(request) if request.headers.get("Authorization") else None
    if user is None or not user.is_admin:
        signing_in.refuse_sign_ups(request)
        signing_in.count_failed_sign_up(request)
        raise Forbidden("Administrator privileges required to create users")
    return user


def _signed_up(request: HttpRequest, new: NewUser) -> User:
    _refuse_foreign_page(request)
    signing_in.refuse_sign_ups(request)
    try:
        return services.register_user(new, by=None)
    except AccountError:
        signing_in.count_failed_sign_up(request)
        raise
