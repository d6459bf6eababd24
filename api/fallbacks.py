"""The header `X-Fallback-Providers`: who is asked when the first one fails, for this request."""

from django.http import HttpRequest

from api.errors import FieldFault, ValidationFailed
from providers.registry import registry
from providers.resilience.chain import FALLBACK
from providers.types import Ask

HEADER = "X-Fallback-Providers"
_MOST = 8
_MOST_WRITTEN = 100


def asked_fallbacks(request: HttpRequest) -> tuple[Ask, ...]:
    """Each `provider` or `provider/model`, separated by commas; raises ValidationFailed."""
    written = request.headers.get(HEADER, "").split(",", _MOST_WRITTEN)
    names = list(dict.fromkeys(name.strip() for name in written if name.strip()))
    if len(names) > _MOST:
        raise _invalid(f"Input should be a valid list of {_MOST} providers or fewer", "too_long")
    return tuple(map(_ask, names))


def _ask(name: str) -> Ask:
    provider, _, model = name.partition("/")
    if not registry().is_configured(provider):
        message = "Input should be a valid list of configured providers"
        raise _invalid(message, "provider_not_found")
    return Ask(registry().normalise(provider), model.strip(), FALLBACK)


def _invalid(message: str, kind: str) -> ValidationFailed:
    return ValidationFailed([FieldFault(loc=["header", HEADER], msg=message, type=kind)])
