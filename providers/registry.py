"""Which providers there are, by name."""

import hashlib
import importlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from providers.base import Provider
from providers.errors import ProviderNotConfigured, ProviderNotFound
from providers.types import DEFAULT_HANDLING, Handling

_ALIASES = {"mcp-agent": "mcp"}


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """How a provider is built: `backend` is the dotted path of its class.

    `missing` names the setting that would configure it, and is None once it is configured.
    """

    backend: str | None
    options: Mapping[str, Any] = field(repr=False)
    missing: str | None
    handling: Handling = DEFAULT_HANDLING

    @property
    def address(self) -> str:
        """Where it is; empty for one that has no address."""
        return str(self.options.get("base_url") or self.options.get("url") or "")


class Registry:
    """The configured providers, in the order of preference; each is built when first asked for.

    `default_model` is the model of the default provider, in place of that provider's own.
    `fallbacks` are asked when any provider fails, each `provider` or `provider/model`.
    """

    def __init__(
        self,
        specs: Mapping[str, ProviderSpec],
        default: str | None = None,
        default_model: str | None = None,
        fallbacks: tuple[str, ...] = (),
    ) -> None:
        self._specs = dict(specs)
        self._default = normalise(default) if default else None
        self._providers: dict[str, Provider] = {}
        self._lock = threading.Lock()
        self.default_model = default_model
        self.fallbacks = fallbacks

    def normalise(self, name: str) -> str:
        return normalise(name)

    def configured(self) -> tuple[str, ...]:
        return tuple(name for name in self._specs if self.is_configured(name))

    def is_configured(self, name: str) -> bool:
        spec = self._specs.get(normalise(name))
        return spec is not None and spec.missing is None and spec.backend is not None

    def get(self, name: str) -> Provider:
        """The one instance; raises ProviderNotFound for an unknown or unconfigured name."""
        known = normalise(name)
        with self._lock:
            if not self.is_configured(known):
                raise ProviderNotFound(known)
            if known not in self._providers:
                self._providers[known] = built(known, self._specs[known])
            return self._providers[known]

    def replace(self, specs: Mapping[str, ProviderSpec]) -> tuple[Provider, ...]:
        """Go on with these providers; gives the instances that are out of use, to be closed.

        Those that stay as they are keep their instance, and turns keep the one that they have.
        """
        with self._lock:
            changed = [n for n in self._providers if not _same(self._specs[n], specs.get(n))]
            self._specs = dict(specs)
            return tuple(self._providers.pop(name) for name in changed)

    def identity(self, name: str) -> str:
        """The same for as long as the same server is asked; empty for one without an address."""
        spec = self._specs.get(normalise(name))
        if spec is None or not spec.address:
            return ""
        return hashlib.sha256(f"{spec.backend} {spec.address}".encode()).hexdigest()

    def handling(self, name: str) -> Handling:
        spec = self._specs.get(normalise(name))
        return DEFAULT_HANDLING if spec is None else spec.handling

    @property
    def default_name(self) -> str:
        """The provider for those who name none; it need not be configured."""
        return self._default or next(iter(self.configured()), "demo")

    def require_default(self) -> str:
        """The default's name; raises ProviderNotConfigured when it cannot be used."""
        name = self.default_name
        if not self.is_configured(name):
            raise ProviderNotConfigured(name, self.missing_variable(name) or "DEFAULT_PROVIDER")
        return name

    def missing_variable(self, name: str) -> str | None:
        spec = self._specs.get(normalise(name))
        return None if spec is None else spec.missing

    async def aclose(self) -> None:
        """Close what the providers hold for this event loop."""
        for provider in tuple(self._providers.values()):
            await provider.aclose()


_current: Registry | None = None


def registry() -> Registry:
    """The process's own, from the settings."""
    global _current
    if _current is None:
        _current = Registry(
            settings.PROVIDERS,
            settings.DEFAULT_PROVIDER,
            settings.LLM_MODEL,
            settings.PROVIDER_FALLBACKS,
        )
    return _current


def use_registry(replacement: Registry | None) -> None:
    """Replace the process's own; None goes back to the settings."""
    global _current
    _current = replacement


def normalise(name: str) -> str:
    """Names are trimmed and case-insensitive (C-9.5)."""
    plain = name.strip().casefold()
    return _ALIASES.get(plain, plain)


def _same(spec: ProviderSpec, other: ProviderSpec | None) -> bool:
    """Whether they build the same provider, however it is treated."""
    return other is not None and (spec.backend, spec.options, spec.missing) == (
        other.backend,
        other.options,
        other.missing,
    )


def built(name: str, spec: ProviderSpec) -> Provider:
    """A new instance, which nobody shares."""
    module_name, _, class_name = (spec.backend or "").rpartition(".")
    backend = getattr(importlib.import_module(module_name), class_name)
    provider = backend(name=name, **spec.options)
    assert isinstance(provider, Provider)
    return provider
