"""The JSON of users, tokens and API keys."""

import datetime as dt
import unicodedata
from typing import Annotated, Literal
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

from accounts.keys import IssuedKey
from accounts.models import SLOWEST_RPS, ApiKey, User
from accounts.services import TokenPair
from accounts.usernames import LONGEST_USERNAME, check_username
from api.parsing import Body, NonEmpty
from api.responses import Answer


def _nfkc(text: object) -> object:
    """As it is stored: some characters become many, or blanks.

    Texts that are too long anyway are left alone: folding megabytes of them takes minutes.
    """
    is_short = isinstance(text, str) and len(text) <= LONGEST_USERNAME
    return unicodedata.normalize("NFKC", str(text)) if is_short else text


def _in_utc(moment: dt.datetime) -> dt.datetime:
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError as error:
        raise ValueError("should be a moment before the year 9999 ends") from error


def _printable(text: str) -> str:
    try:
        check_username(text)
    except ValidationError as error:
        raise ValueError(error.message) from error
    return text


def _address(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError as error:
        raise ValueError("should be a valid email address") from error
    return text


def _none_if_empty(text: object) -> object:
    """Forms send their empty fields as well."""
    return None if text == "" else text


Username = Annotated[
    str,
    BeforeValidator(_nfkc),
    StringConstraints(min_length=1, max_length=LONGEST_USERNAME),
    AfterValidator(_printable),
]
Email = Annotated[str, StringConstraints(max_length=254), AfterValidator(_address)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Words = Annotated[list[Word], Field(max_length=100)]
# JSON has no times: the strict form would take none.
Moment = Annotated[AwareDatetime, Field(strict=False), AfterValidator(_in_utc)]


class RegistrationForm(Body):
    username: Username
    # What it may be is for the validators to say.
    password: str
    email: Annotated[Email | None, BeforeValidator(_none_if_empty)] = None
    full_name: Annotated[str, StringConstraints(max_length=255)] | None = None
    roles: Words = []
    allowed_products: Words = []
    allowed_agents: Words = []
    is_active: bool = True


class LoginForm(Body):
    username: NonEmpty
    password: NonEmpty


class RefreshForm(Body):
    refresh_token: NonEmpty


class KeyForm(Body):
    """Without a rate of its own the key has the server's; then both parts are needed."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    allowed_models: Words = []
    expires_at: Moment | None = None
    rate_rps: Annotated[float, Field(ge=SLOWEST_RPS, le=1_000_000)] | None = None
    rate_burst: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class UserJson(Answer):
    id: UUID
    username: str
    email: str | None
    full_name: str | None
    roles: list[str]
    allowed_products: list[str]
    allowed_agents: list[str]
    is_active: bool
    token_version: int
    created_at: dt.datetime
    updated_at: dt.datetime
    last_login_at: dt.datetime | None


class TokensJson(Answer):
    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int
    refresh_expires_in: int


class KeyJson(Answer):
    id: UUID
    name: str
    prefix: str
    allowed_models: list[str]
    rate_rps: float | None
    rate_burst: int | None
    created_at: dt.datetime
    expires_at: dt.datetime | None
    last_used_at: dt.datetime | None


class IssuedKeyJson(KeyJson):
    """`key` is the credential itself: it is shown this once."""

    key: str


class KeysJson(Answer):
    items: list[KeyJson]


def user_json(user: User) -> UserJson:
    return UserJson(
        id=user.id,
        username=user.username,
        email=user.email,
        full_name=user.full_name,
        roles=user.roles,
        allowed_products=user.allowed_products,
        allowed_agents=user.allowed_agents,
        is_active=user.is_active,
        token_version=user.token_version,
        created_at=user.created_at,
        updated_at=user.updated_at,
        last_login_at=user.last_login,
    )


def tokens_json(tokens: TokenPair) -> TokensJson:
    return TokensJson(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        expires_in=tokens.expires_in,
        refresh_expires_in=tokens.refresh_expires_in,
    )


def key_json(key: ApiKey) -> KeyJson:
    return KeyJson(
        id=key.id,
        name=key.name,
        prefix=key.prefix,
        allowed_models=key.allowed_models,
        rate_rps=key.rate_rps,
        rate_burst=key.rate_burst,
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
    )


def issued_key_json(issued: IssuedKey) -> IssuedKeyJson:
    return IssuedKeyJson(**key_json(issued.row).model_dump(), key=issued.secret)
