"""The header `X-Fallback-Providers`: who is asked when the first one fails, for this request."""

from django.http import HttpRequest

from api.errors import FieldFault, ValidationFailed
from providers.registry import registry
from providers.resilience.chain import FALLBACK
from providers.types import Ask

HEADER = "X-Fallback-Providers"


def asked_fallbacks(request: HttpRequest) -> tuple[Ask, ...]:
    """Each `provider` or `provider/model`, separated by commas; raises ValidationFailed."""
    names = request.headers.get(HEADER, "").split(",")
    return tuple(_ask(name.strip()) for name in names if name.strip())


def _ask(name: str) -> Ask:
    provider, _, model = name.partition("/")
    if not registry().is_configured(provider):
        message = "Input should be a valid list of configured providers"
        fault = FieldFault(loc=["header", HEADER], msg=message, type="provider_not_found")
        raise ValidationFailed([fault])
    return Ask(registry().normalise(provider), model.strip(), FALLBACK)
