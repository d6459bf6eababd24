"""OpenAI itself: chat completions, and the Responses API where an answer is to be continued."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import ClassVar

from providers.backends.chat_completions import splitter_for
from providers.backends.openai_compatible import OpenAICompatible
from providers.backends.responses import ResponsesParser, as_unknown_previous, request_body
from providers.errors import ProviderRefused
from providers.events import ProviderEvent
from providers.types import Capabilities, Continuation, ProviderRequest


class OpenAI(OpenAICompatible):
    capabilities: ClassVar[Capabilities] = Capabilities(
        chains=True, raw=True, tools=True, images=True, files=True
    )

    def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Raises PreviousAnswerUnknown, too.

        A chained answer has no chunks of the chat form, so that `keep_raw` says nothing there.
        """
        if request.continuation is None:
            return super().stream(request)
        return self._chained(request, request.continuation)

    async def _chained(
        self, request: ProviderRequest, continuation: Continuation
    ) -> AsyncGenerator[ProviderEvent, None]:
        parser = ResponsesParser(name=self.name, refuse=self._http.refused)
        body = request_body(request, continuation)
        try:
            events = self._http.events(
                "/responses", body, parser, splitter_for, patient=request.patient
            )
            async with aclosing(events):
                async for event in events:
                    yield event
        except ProviderRefused as refusal:
            if unknown := as_unknown_previous(refusal):
                raise unknown from refusal
            raise
