"""What the operator's settings say of how every provider is treated."""

from collections.abc import Mapping
from dataclasses import replace

from chatproject.config import Config
from providers.registry import ProviderSpec
from providers.types import DEFAULT_HANDLING, Handling


def with_handling(specs: Mapping[str, ProviderSpec], config: Config) -> dict[str, ProviderSpec]:
    """The same providers; one that says itself how it is treated keeps to that."""
    handling = Handling(
        first_text=config.PROVIDER_FIRST_TEXT_SECONDS,
        total=config.PROVIDER_TOTAL_SECONDS,
        retries=config.PROVIDER_RETRIES,
        failures=config.PROVIDER_FAILURES,
        places=config.PROVIDER_PLACES,
        queue=config.PROVIDER_QUEUE_SECONDS,
    )
    return {
        name: replace(spec, handling=handling) if spec.handling is DEFAULT_HANDLING else spec
        for name, spec in specs.items()
    }
