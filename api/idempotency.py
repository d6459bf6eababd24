"""The `Idempotency-Key` header (C-10.7)."""

import hashlib
import re

from django.http import HttpRequest

from api.errors import FieldFault, ValidationFailed
from conversations.turns.request import Idempotency

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def idempotency_of(request: HttpRequest) -> Idempotency | None:
    """The key with the digest of method, path, query and body; raises ValidationFailed."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not _KEY.fullmatch(key.strip()):
        message = "Input should be a valid key of 1 to 255 visible ASCII characters"
        fault = FieldFault(loc=["header", "Idempotency-Key"], msg=message, type="invalid_key")
        raise ValidationFailed([fault])
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    digest.update(request.body)
    return Idempotency(key.strip(), digest.hexdigest())
