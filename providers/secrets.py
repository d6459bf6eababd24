"""Providers' keys, encrypted while they lie in the database."""

import base64
import functools

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from providers.errors import SecretUnreadable

_PURPOSE = b"parley: keys of providers"


def sealed(secret: str) -> str:
    """Encrypted with the newest key; nothing stays nothing."""
    return _fernet(_keys()).encrypt(secret.encode()).decode() if secret else ""


def unsealed(token: str) -> str:
    """What `sealed` was given; raises SecretUnreadable."""
    if not token:
        return ""
    for keys in (_keys, _old_keys):
        try:
            return _fernet(keys()).decrypt(token.encode()).decode()
        except InvalidToken:
            continue
    raise SecretUnreadable


def key_is_with_the_rows() -> bool:
    """Whether who reads the database can decrypt them: where no key is set, one is kept there."""
    return not settings.PROVIDER_ENCRYPTION_KEYS and type(settings.SECRET_KEY) is not str


def _keys() -> tuple[str, ...]:
    """The newest first."""
    configured: tuple[str, ...] = settings.PROVIDER_ENCRYPTION_KEYS
    return configured or _old_keys()


def _old_keys() -> tuple[str, ...]:
    """What was used before PROVIDER_ENCRYPTION_KEYS was set."""
    return (str(settings.SECRET_KEY),)


@functools.lru_cache(maxsize=8)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    """A key of the length that Fernet wants, of no use for anything else (RFC 5869)."""
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE)
    return base64.urlsafe_b64encode(hkdf.derive(key.encode()))
