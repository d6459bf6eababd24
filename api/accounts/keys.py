"""The API keys of the user who is signed in."""

import datetime as dt
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request

from accounts import keys
from accounts.callers import Caller
from accounts.errors import Forbidden, MissingCredential
from accounts.keys import NewKey
from accounts.quota import Rate
from api.accounts.serializers import (
    IssuedKeyJson,
    KeyForm,
    KeysJson,
    issued_key_json,
    key_json,
)
from api.errors import FieldFault, ValidationFailed
from api.openapi import refusals
from api.parsing import body_of, path_uuid
from api.responses import json_response, no_content
from api.viewsets import RowViewSet, django_request


class KeyViewSet(RowViewSet):
    """For users with a token or a browser session: a key makes no further keys."""

    @extend_schema(operation_id="list_keys", responses={200: KeysJson, **refusals(401, 403)})
    def list(self, request: Request) -> HttpResponse:
        """The user's keys, newest first, without the credentials themselves."""
        rows = keys.keys_of(_user_id(self.caller))
        return json_response(KeysJson(items=[key_json(row) for row in rows]))

    @extend_schema(
        operation_id="create_key",
        request=KeyForm,
        responses={201: IssuedKeyJson, **refusals(401, 403, 409, 422)},
    )
    def create(self, request: Request) -> HttpResponse:
        """Issue a key; the answer is the only place where it is ever shown."""
        user_id = _user_id(self.caller)
        form = body_of(django_request(request), KeyForm)
        new = NewKey(
            name=form.name,
            allowed_models=form.allowed_models,
            expires_at=_in_the_future(form.expires_at),
            rate=_rate(form, self.caller),
        )
        return json_response(issued_key_json(keys.issue_key(user_id, new)), status=201)

    @extend_schema(
        operation_id="revoke_key",
        responses={204: OpenApiResponse(description="Gone"), **refusals(401, 403, 404, 422)},
    )
    def destroy(self, request: Request, key_id: str) -> HttpResponse:
        """Revoke a key: it is refused from the next request on, within 5 s on other workers."""
        keys.revoke_key(_user_id(self.caller), path_uuid("key_id", key_id))
        return no_content()


def _user_id(caller: Caller) -> UUID:
    """Raises MissingCredential, Forbidden."""
    if caller.kind == "anonymous":
        raise MissingCredential
    if caller.user_id is None or caller.key_id is not None:
        raise Forbidden("Sign in to manage API keys: a key cannot")
    return caller.user_id


def _in_the_future(moment: dt.datetime | None) -> dt.datetime | None:
    if moment is not None and moment <= timezone.now():
        raise _fault("expires_at", "Input should be in the future")
    return moment


def _rate(form: KeyForm, caller: Caller) -> Rate | None:
    """Raises Forbidden for more than the server gives to everybody."""
    if form.rate_rps is None and form.rate_burst is None:
        return None
    if form.rate_rps is None or form.rate_burst is None:
        raise _fault("rate_rps" if form.rate_rps is None else "rate_burst", "Field required")
    is_more = form.rate_rps > settings.RATE_RPS or form.rate_burst > settings.RATE_BURST
    if is_more and not caller.is_admin:
        raise Forbidden("Only an administrator can give a key more than the server's own rate")
    return Rate(form.rate_rps, form.rate_burst)


def _fault(name: str, message: str) -> ValidationFailed:
    return ValidationFailed([FieldFault(loc=[name], msg=message, type="value_error")])
