"""Any server that speaks OpenAI's chat completions at an address of its own."""

import time
from collections.abc import AsyncGenerator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from providers.backends.chat_completions import (
    ChatCompletionsParser,
    request_body,
    splitter_for,
)
from providers.base import Provider
from providers.errors import AnswerUnreadable, ProviderFault
from providers.events import ProviderEvent
from providers.http import HttpClient
from providers.refusals import decoded
from providers.types import DEFAULT_LIMITS, Capabilities, Limits, ModelInfo, ProviderRequest

CATALOGUE_TIMEOUT = 30.0
_DEFAULT_MODEL_TIMEOUT = 5.0
_FOUND_FOR = 3600.0
_MISSING_FOR = 10.0


class OpenAICompatible(Provider):
    """`base_url` includes the version part; without `model` its first one is the default."""

    capabilities: ClassVar[Capabilities] = Capabilities(raw=True, images=True, files=True)

    def __init__(
        self,
        *,
        name: str,
        base_url: str,
        api_key: str | None = None,
        model: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
        extra_headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(name=name)
        headers = dict(extra_headers)
        if api_key:
            headers["Authorization"] = f"Bearer {api_key}"
        self._http = HttpClient(name, base_url, headers, limits, (api_key or "",))
        self._model = model
        self._found: str | None = None
        self._found_until = 0.0

    def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent, None]:
        parser = ChatCompletionsParser(
            name=self.name, refuse=self._http.refused, keep_raw=request.keep_raw
        )
        body = request_body(request)
        return self._http.events(
            "/chat/completions", body, parser, splitter_for, patient=request.patient
        )

    async def models(self) -> tuple[ModelInfo, ...]:
        return await self._models(CATALOGUE_TIMEOUT)

    async def default_model(self) -> str:
        if self._model:
            return self._model
        if time.monotonic() >= self._found_until:
            await self._find_model()
        return self._found or "default"

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _models(self, seconds: float) -> tuple[ModelInfo, ...]:
        lines = _catalogue_lines(decoded(await self._http.get_json("/models", seconds)))
        if lines is None:
            raise AnswerUnreadable(f"The model list of '{self.name}' cannot be read.")
        return tuple(_model(line) for line in lines if isinstance(line.get("id"), str))

    async def _find_model(self) -> None:
        try:
            models = await self._models(_DEFAULT_MODEL_TIMEOUT)
        except ProviderFault:
            models = ()
        self._found = models[0].id if models else None
        self._found_until = time.monotonic() + (_FOUND_FOR if models else _MISSING_FOR)


def _catalogue_lines(parsed: Any) -> list[dict[str, Any]] | None:
    if isinstance(parsed, dict):
        parsed = parsed.get("data", parsed.get("models"))
    if not isinstance(parsed, list):
        return None
    return [line for line in parsed if isinstance(line, dict)]


def _model(line: dict[str, Any]) -> ModelInfo:
    name = line.get("name")
    return ModelInfo(line["id"], name if isinstance(name, str) and name else line["id"], line)
