"""Providers that installed packages add, in the group `parley.providers` (docs/providers.md)."""

import importlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from providers.base import Provider
from providers.registry import ProviderSpec, normalise

GROUP = "parley.providers"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Unusable:
    """A provider that an installed package names, and why it is left out."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Installed:
    specs: Mapping[str, ProviderSpec]
    unusable: tuple[Unusable, ...]


def installed_names() -> tuple[str, ...]:
    """What the packages call their providers, usable or not; loads nothing."""
    return tuple(sorted({normalise(entry.name) for entry in entry_points(group=GROUP)}))


def installed(environ: Mapping[str, str], taken: Collection[str]) -> Installed:
    """What each package says of its provider when it is shown the settings; it fails alone."""
    specs: dict[str, ProviderSpec] = {}
    unusable: list[Unusable] = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        found = _loaded(entry, environ, {*taken, *specs})
        if isinstance(found, Unusable):
            unusable.append(found)
        else:
            specs[normalise(entry.name)] = found
    return Installed(specs, tuple(unusable))


def _loaded(
    entry: EntryPoint, environ: Mapping[str, str], taken: Collection[str]
) -> ProviderSpec | Unusable:
    name = normalise(entry.name)
    if name in taken:
        return Unusable(name, "The name is taken.")
    if not _NAME.fullmatch(name):
        return Unusable(name, "A name has letters, digits, '.', '_' and '-' only.")
    try:
        spec = entry.load()(environ)
        backend = _backend(spec)
    # Other people's code may raise anything, and must not keep the server from starting.
    except Exception as error:
        return Unusable(name, f"{entry.value} raised {type(error).__name__}: {error}")
    if backend is None:
        return Unusable(
            name, f"{entry.value} must give a ProviderSpec whose backend is a Provider."
        )
    found: ProviderSpec = spec
    return found


def _backend(spec: object) -> type[Provider] | None:
    """The class that would answer; loaded now, because later a turn would fail for it."""
    if not isinstance(spec, ProviderSpec) or not spec.backend:
        return None
    module_name, _, class_name = spec.backend.rpartition(".")
    backend = getattr(importlib.import_module(module_name), class_name)
    return backend if isinstance(backend, type) and issubclass(backend, Provider) else None
