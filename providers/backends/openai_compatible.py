"""Any server that speaks OpenAI's chat completions at an address of its own."""

import time
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from contextlib import aclosing
from types import MappingProxyType
from typing import Any, ClassVar

from providers.backends.chat_completions import ChatCompletionsParser, splitter_for
from providers.backends.chat_request import request_body
from providers.base import Provider
from providers.errors import AnswerUnreadable, ProviderFault, ProviderRefused
from providers.events import ProviderEvent
from providers.http import HttpClient
from providers.refusals import decoded
from providers.types import DEFAULT_LIMITS, Capabilities, Limits, ModelInfo, ProviderRequest

CATALOGUE_TIMEOUT = 30.0
_DEFAULT_MODEL_TIMEOUT = 5.0
_FOUND_FOR = 3600.0
_MISSING_FOR = 10.0
_SHORTEST_SECRET = 8


class OpenAICompatible(Provider):
    """`base_url` includes the version part; without `model` its first one is the default."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        raw=True, tools=True, images=True, files=True
    )

    def __init__(
        self,
        *,
        name: str,
        base_url: str,
        api_key: str | None = None,
        model: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
        extra_headers: Mapping[str, str] = MappingProxyType({}),
        secret_headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(name=name)
        headers = {**extra_headers, **secret_headers}
        if api_key:
            headers["Authorization"] = f"Bearer {api_key}"
        secrets = (api_key or "", *_telling(secret_headers.values()))
        self._http = HttpClient(name, base_url, headers, limits, secrets)
        self._model = model
        self._counts = True
        self._found: str | None = None
        self._found_until = 0.0

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent, None]:
        # What the caller has written is sent as it is: nothing was added that could be left out.
        adds_counts = self._counts and request.as_sent is None
        if adds_counts:
            try:
                async with aclosing(self._events(request, counts=True)) as events:
                    async for event in events:
                        yield event
                return
            except ProviderRefused as refusal:
                if not _knows_no_counts(refusal, request):
                    raise
        async with aclosing(self._events(request, counts=False)) as events:
            async for event in events:
                # It answers without, so that this was what it did not like.
                self._counts = self._counts and not adds_counts
                yield event

    async def models(self) -> tuple[ModelInfo, ...]:
        return await self._models(CATALOGUE_TIMEOUT)

    async def default_model(self) -> str:
        if self._model:
            return self._model
        if time.monotonic() >= self._found_until:
            await self._find_model()
        return self._found or "default"

    async def embed(self, body: Mapping[str, Any]) -> bytes:
        return await self._http.post_json("/embeddings", body)

    async def aclose(self) -> None:
        await self._http.aclose()

    def _events(
        self, request: ProviderRequest, *, counts: bool
    ) -> AsyncGenerator[ProviderEvent, None]:
        parser = ChatCompletionsParser(
            name=self.name, refuse=self._http.refused, keep_raw=request.keep_raw
        )
        body = request_body(request, counts=counts)
        return self._http.events(
            "/chat/completions", body, parser, splitter_for, patient=request.patient
        )

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


def _telling(values: Iterable[str]) -> Iterator[str]:
    """What is to be kept out of errors: values, and what follows a `Bearer`; no short word."""
    pieces = (piece for value in values for piece in (value, *value.split()))
    return (piece for piece in pieces if len(piece) >= _SHORTEST_SECRET)


def _knows_no_counts(refusal: ProviderRefused, request: ProviderRequest) -> bool:
    """Mistral, and strict servers like it, refuse what asks for token counts."""
    is_about_it = refusal.status in (400, 422) and "stream_options" in str(refusal)
    return is_about_it and "stream_options" not in request.options


def _catalogue_lines(parsed: Any) -> list[dict[str, Any]] | None:
    if isinstance(parsed, dict):
        parsed = parsed.get("data", parsed.get("models"))
    if not isinstance(parsed, list):
        return None
    return [line for line in parsed if isinstance(line, dict)]


def _model(line: dict[str, Any]) -> ModelInfo:
    name = line.get("name")
    return ModelInfo(line["id"], name if isinstance(name, str) and name else line["id"], line)
