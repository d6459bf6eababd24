"""Anthropic, in its own protocol: the Messages API."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, ClassVar
from urllib.parse import urlencode

from providers.backends.anthropic_answer import MessagesParser
from providers.backends.anthropic_request import request_body
from providers.backends.chat_completions import splitter_for
from providers.base import Provider
from providers.errors import AnswerUnreadable
from providers.events import ProviderEvent
from providers.http import HttpClient
from providers.refusals import decoded
from providers.types import DEFAULT_LIMITS, Capabilities, Limits, ModelInfo, ProviderRequest

VERSION = "2023-06-01"
_CATALOGUE_TIMEOUT = 30.0
_PAGE, _MOST_PAGES = 1000, 20


class Anthropic(Provider):
    """`base_url` is without the version part."""

    capabilities: ClassVar[Capabilities] = Capabilities(tools=True, images=True, files=True)

    def __init__(
        self,
        *,
        name: str,
        base_url: str,
        api_key: str,
        model: str,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        super().__init__(name=name)
        headers = {"x-api-key": api_key, "anthropic-version": VERSION}
        base_url = base_url.rstrip("/").removesuffix("/v1")
        self._http = HttpClient(name, base_url, headers, limits, (api_key,))
        self._model = model

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Raises ProviderRefused, too, for a file that it does not take."""
        body = request_body(request, name=self.name)
        parser = MessagesParser(name=self.name, refuse=self._http.refused)
        events = self._http.events(
            "/v1/messages", body, parser, splitter_for, patient=request.patient
        )
        async with aclosing(events):
            async for event in events:
                yield event

    async def models(self) -> tuple[ModelInfo, ...]:
        models: list[ModelInfo] = []
        after: str | None = None
        for _ in range(_MOST_PAGES):
            page = await self._page(after)
            models.extend(_model(line) for line in page["data"] if _is_model(line))
            after = page.get("last_id")
            if not (page.get("has_more") and isinstance(after, str)):
                break
        return tuple(models)

    async def default_model(self) -> str:
        return self._model

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _page(self, after: str | None) -> dict[str, Any]:
        query = urlencode({"limit": _PAGE, **({"after_id": after} if after else {})})
        page = decoded(await self._http.get_json(f"/v1/models?{query}", _CATALOGUE_TIMEOUT))
        if not isinstance(page, dict) or not isinstance(page.get("data"), list):
            raise AnswerUnreadable(f"The model list of '{self.name}' cannot be read.")
        return page


def _is_model(line: Any) -> bool:
    return isinstance(line, dict) and isinstance(line.get("id"), str)


def _model(line: dict[str, Any]) -> ModelInfo:
    name = line.get("display_name")
    return ModelInfo(line["id"], name if isinstance(name, str) and name else line["id"], line)
