"""Signing in with a name and a password, and slowing down those who guess.

Failures count, not attempts: the right password may be used at any rate. They count
for an address, for a name at an address, and for a name at all addresses. A name that was guessed
at too often from many addresses is still open to an address that has not failed. Guesses at the
same time are held back in each process; several workers together let a few more through.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import authenticate
from django.http import HttpRequest
from django_ratelimit import ALL
from django_ratelimit.core import get_usage

from accounts.addresses import address_of, rate_key
from accounts.errors import InvalidCredentials, TooManyAttempts
from accounts.models import User
from accounts.usernames import LONGEST_USERNAME


def sign_in(request: HttpRequest, *, username: str, password: str) -> User:
    """The active user with this password; raises InvalidCredentials, TooManyAttempts.

    An unknown name costs as much as a wrong password: Django's backend hashes for both.
    """
    if len(username) > LONGEST_USERNAME or len(password) > LONGEST_PASSWORD:
        # Nobody's: neither is worth folding or hashing.
        _AT_ADDRESS.refuse(request)
        _AT_ADDRESS.usage(request, increment=True)
        raise InvalidCredentials
    username = User.normalize_username(username)
    counters = _sign_in_counters(username)
    _refuse_guessing(request, counters)
    with _GUESSES.one_more(request, counters[:2]):
        user = authenticate(request, username=username, password=password)
        if not isinstance(user, User):
            for counter in counters:
                counter.usage(request, increment=True)
            raise InvalidCredentials
    return user


def refuse_sign_ups(request: HttpRequest) -> None:
    """Raises TooManyAttempts for an address whose sign-ups have failed too often."""
    _SIGN_UPS.refuse(request)


def count_failed_sign_up(request: HttpRequest) -> None:
    _SIGN_UPS.usage(request, increment=True)


LONGEST_PASSWORD = 4096
# For a place beside those who are being looked at just now.
_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Counter:
    """Failures of one kind; `rate` is in django-ratelimit's form, how many in which time."""

    group: str
    key: Callable[[str, HttpRequest], str]
    rate: str

    def usage(self, request: HttpRequest, *, increment: bool = False) -> dict[str, Any]:
        usage: dict[str, Any] | None = get_usage(
            request,
            group=self.group,
            key=self.key,
            rate=self.rate,
            method=ALL,
            increment=increment,
        )
        return usage or {"count": 0, "limit": 1, "time_left": 0}

    def refuse(self, request: HttpRequest) -> None:
        usage = self.usage(request)
        # The library counts the attempt as well, which here has not failed yet.
        if usage["count"] >= usage["limit"]:
            raise TooManyAttempts(max(1.0, float(usage["time_left"])))


class _Guesses:
    """Passwords that this process is hashing: none has failed yet, and all of them might."""

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def one_more(self, request: HttpRequest, counters: Iterable[_Counter]) -> Iterator[None]:
        """Wait while those before could use up what is left; raises TooManyAttempts."""
        keyed = {f"{each.group} {each.key(each.group, request)}": each for each in counters}
        with self._free:
            if not self._free.wait_for(lambda: self._is_room(request, keyed), _PATIENCE_SECONDS):
                raise TooManyAttempts(1.0)
            self._under_way.update(keyed.keys())
        try:
            yield
        finally:
            with self._free:
                self._under_way.subtract(keyed.keys())
                # Zeros would stay for ever, one for each name that anybody tried.
                self._under_way = +self._under_way
                self._free.notify_all()

    def _is_room(self, request: HttpRequest, counters: Mapping[str, _Counter]) -> bool:
        for key, counter in counters.items():
            counter.refuse(request)
            usage = counter.usage(request)
            if usage["count"] + self._under_way[key] >= usage["limit"]:
                return False
        return True


def _address(group: str, request: HttpRequest) -> str:
    return rate_key(address_of(request.scope))  # type: ignore[attr-defined]


_GUESSES = _Guesses()
_SIGN_UPS = _Counter("sign-up", _address, "50/5m")
_AT_ADDRESS = _Counter("sign-in at address", _address, "50/5m")


def _sign_in_counters(username: str) -> tuple[_Counter, _Counter, _Counter]:
    name_at_address = _Counter(
        "sign-in of name at address",
        lambda group, request: f"{_address(group, request)} {username}",
        "10/5m",
    )
    name = _Counter("sign-in of name", lambda group, request: username, "100/h")
    return _AT_ADDRESS, name_at_address, name


def _refuse_guessing(request: HttpRequest, counters: tuple[_Counter, _Counter, _Counter]) -> None:
    at_address, name_at_address, name = counters
    at_address.refuse(request)
    name_at_address.refuse(request)
    if name_at_address.usage(request)["count"]:
        name.refuse(request)
