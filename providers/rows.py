"""What administrators' rows make of the operator's providers."""

import importlib
import inspect
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from providers.addresses import Network, Reach
from providers.errors import SecretUnreadable
from providers.models import PLACE_OF_ROWS, ProviderConfig
from providers.registry import ProviderSpec
from providers.secrets import unsealed
from providers.types import DEFAULT_LIMITS, Handling

Specs = Mapping[str, ProviderSpec]

DISABLED = "it to enabled in the admin site"
NO_BACKEND = "a backend that is installed, in the admin site,"
NO_KEY = "its API key in the admin site"
LOST_KEY = "its API key again in the admin site"
NO_ADDRESS = "its address in the admin site"

_PLACE_OF_DEMO = 1000
_KEYED = frozenset({"openai", "openrouter", "anthropic", "gemini"})
_ADDRESSES = ("base_url", "url")


def merged(own: Specs, rows: Iterable[ProviderConfig], allowed: tuple[Network, ...]) -> Specs:
    """The operator's `own` providers with the rows in their order; a row takes its name's place.

    A row that cannot be used says in `missing` what to set, and no other suffers from it.
    """
    places = {name: (place_of(own, name), name, spec) for name, spec in own.items()}
    for row in rows:
        places[row.name] = (row.order, row.name, spec_of(row, own, allowed))
    by_place = sorted(places.values(), key=lambda place: place[0])
    return {name: spec for _, name, spec in by_place}


def place_of(own: Specs, name: str) -> int:
    """Where a provider stands whose row does not say it."""
    if name == "demo":
        return _PLACE_OF_DEMO
    names = list(own)
    return 10 * (names.index(name) + 1) if name in own else PLACE_OF_ROWS


def spec_of(row: ProviderConfig, own: Specs, allowed: tuple[Network, ...]) -> ProviderSpec:
    """How the row's provider is built; `allowed` are the private networks where it may be."""
    spec = usable_spec(row, own, allowed)
    return spec if row.is_enabled else replace(spec, missing=DISABLED)


def usable_spec(row: ProviderConfig, own: Specs, allowed: tuple[Network, ...]) -> ProviderSpec:
    """The same, as if it were enabled."""
    kind = own.get(row.backend)
    if kind is None or kind.backend is None:
        return ProviderSpec(None, {}, NO_BACKEND, row.handling(Handling()))
    try:
        key, headers = unsealed(row.sealed_key), headers_of(row)
    except SecretUnreadable:
        return ProviderSpec(kind.backend, {}, LOST_KEY, row.handling(kind.handling))
    options = _options(row, kind, key, headers, Reach(allowed))
    missing = _missing(row, kind, options)
    return ProviderSpec(kind.backend, options, missing, row.handling(kind.handling))


def headers_of(row: ProviderConfig) -> dict[str, str]:
    """The extra headers, decrypted; raises SecretUnreadable."""
    found: dict[str, str] = json.loads(unsealed(row.sealed_headers) or "{}")
    return found


def taken(backend: str) -> frozenset[str]:
    """The options that the class at this dotted path has."""
    module_name, _, class_name = backend.rpartition(".")
    found = getattr(importlib.import_module(module_name), class_name)
    return frozenset(inspect.signature(found).parameters)


def address_option(options: frozenset[str]) -> str | None:
    """The one that holds the address, where there is one that can be guarded."""
    return next((each for each in _ADDRESSES if each in options and "limits" in options), None)


def _options(
    row: ProviderConfig, kind: ProviderSpec, key: str, headers: dict[str, str], reach: Reach
) -> dict[str, Any]:
    known = taken(str(kind.backend))
    limits = row.limits(kind.options.get("limits", DEFAULT_LIMITS))
    options: dict[str, Any] = {**kind.options, "limits": limits}
    address = address_option(known)
    if row.base_url and address:
        options[address] = row.base_url
        # The operator's key is for the operator's address.
        options["api_key"] = ""
        options["limits"] = replace(limits, reach=reach)
    given = {"api_key": key, "model": row.default_model, "secret_headers": headers}
    options |= {name: value for name, value in given.items() if value}
    return {name: value for name, value in options.items() if name in known}


def _missing(row: ProviderConfig, kind: ProviderSpec, options: dict[str, Any]) -> str | None:
    if not all(options.get(name) for name in _ADDRESSES if name in options):
        return NO_ADDRESS
    if row.backend in _KEYED and not options.get("api_key"):
        return NO_KEY
    return None if row.base_url or row.sealed_key or row.backend in _KEYED else kind.missing
