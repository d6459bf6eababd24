"""API keys as they are looked up: each at most once in five seconds, their last use noted.

A key that is revoked in this process is dead at once, elsewhere when its entry has aged.
"""

import datetime as dt
import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from accounts.callers import Caller, key_caller
from accounts.models import ApiKey
from accounts.quota import Rate

# Less than the promised five seconds, by the time that a request takes.
CACHE_SECONDS = 4.5
MOST_ENTRIES = 10_000
KEY_PREFIX = "parley_"
SHOWN_CHARACTERS = 12


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that exists; `caller` is None where it is revoked, or its user inactive."""

    caller: Caller | None
    expires_at: dt.datetime | None
    rate: Rate | None

    @property
    def good_caller(self) -> Caller | None:
        """None for a key that has expired, too."""
        return None if self.has_expired else self.caller

    @property
    def is_good(self) -> bool:
        return self.good_caller is not None

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()


class Unknown(Enum):
    """That nothing is known of a key without asking for it."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN


@dataclass(frozen=True, slots=True)
class _Entry:
    key: KnownKey | None
    until: float


class Keyring:
    """The keys that were asked for lately; safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._misses: OrderedDict[str, _Entry] = OrderedDict()
        self._generation = 0
        self._lock = threading.Lock()
        self._used: dict[UUID, dt.datetime] = {}

    def peek(self, secret: str) -> KnownKey | Unknown | None:
        """The same as `find`, without a query; UNKNOWN where that would need one."""
        if not _looks_like_one(secret):
            return None
        entry = self._fresh(digest_of(secret))
        return UNKNOWN if entry is None else self._noted(entry.key)

    def find(self, secret: str) -> KnownKey | None:
        """The key, None where there is none like this; its use is noted."""
        if not _looks_like_one(secret):
            return None
        digest = digest_of(secret)
        return self._noted((self._fresh(digest) or self._read(digest)).key)

    def forget(self) -> None:
        """After a change of a key or its user: every entry is read anew."""
        with self._lock:
            self._generation += 1
            self._entries.clear()
            self._misses.clear()

    def take_uses(self) -> dict[UUID, dt.datetime]:
        """When keys were last used, since this was last asked."""
        used, self._used = self._used, {}
        return dict(used)

    def _noted(self, key: KnownKey | None) -> KnownKey | None:
        caller = key.good_caller if key is not None else None
        if caller is not None and caller.key_id is not None:
            self._used[caller.key_id] = timezone.now()
        return key

    def _fresh(self, digest: str) -> _Entry | None:
        entry = self._entries.get(digest) or self._misses.get(digest)
        return entry if entry is not None and entry.until > self._clock() else None

    def _read(self, digest: str) -> _Entry:
        generation, asked_at = self._generation, self._clock()
        entry = _Entry(_stored(digest), asked_at + CACHE_SECONDS)
        with self._lock:
            # What was read before a change must not outlive it.
            if generation == self._generation:
                # What is no key must not push out the keys.
                held = self._entries if entry.key is not None else self._misses
                held[digest] = entry
                held.move_to_end(digest)
                if len(held) > MOST_ENTRIES:
                    held.popitem(last=False)
        return entry


KEYRING = Keyring()


def new_secret() -> str:
    """A key as its user gets it: 256 random bits."""
    return KEY_PREFIX + secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    # A fast hash is enough for what nobody can guess.
    return hashlib.sha256(secret.encode()).hexdigest()


def store_uses(used: dict[UUID, dt.datetime]) -> None:
    """Write when keys were last used; a later use on another worker stays."""
    for key_id, moment in used.items():
        earlier = Q(last_used_at=None) | Q(last_used_at__lt=moment)
        ApiKey.objects.filter(earlier, id=key_id).update(last_used_at=moment)


def _looks_like_one(secret: str) -> bool:
    return secret.startswith(KEY_PREFIX) and len(secret) < 100


def _stored(digest: str) -> KnownKey | None:
    key = ApiKey.objects.select_related("user").filter(digest=digest).first()
    if key is None:
        return None
    is_dead = key.revoked_at is not None or not key.user.is_active
    return KnownKey(None if is_dead else key_caller(key), key.expires_at, key.rate)
