"""OpenRouter: one key for the models of many houses."""

from collections.abc import Mapping
from types import MappingProxyType

from providers.backends.openai_compatible import OpenAICompatible
from providers.types import DEFAULT_LIMITS, Limits


class OpenRouter(OpenAICompatible):
    """Tells OpenRouter which application asks (C-9.7)."""

    def __init__(
        self,
        *,
        name: str,
        base_url: str,
        api_key: str,
        model: str,
        app_url: str,
        app_title: str,
        limits: Limits = DEFAULT_LIMITS,
        secret_headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(
            name=name,
            base_url=base_url,
            api_key=api_key,
            model=model,
            limits=limits,
            extra_headers={"HTTP-Referer": app_url, "X-Title": app_title},
            secret_headers=secret_headers,
        )
