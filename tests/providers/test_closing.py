"""A provider that is out of use lets go of its connections, but of no answer that is under way."""

from providers.backends.openai_compatible import OpenAICompatible
from providers.events import TextDelta
from providers.types import ChatMessage, ProviderRequest
from tests.providers.conftest import StartWire

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
FIRST = b'data: {"choices": [{"delta": {"content": "one "}}]}\n\n'
LAST = b'data: {"choices": [{"delta": {"content": "two"}, "finish_reason": "stop"}]}\n\n'
REQUEST = ProviderRequest(model="m", messages=(ChatMessage("user", "hello"),))


async def test_an_answer_goes_on_when_its_provider_is_closed(wire: StartWire) -> None:
    server = await wire([HEAD, FIRST, 0.05, LAST + b"data: [DONE]\n\n"])
    provider = OpenAICompatible(name="old", base_url=server.url)
    said, clients = "", []
    async for event in provider.stream(REQUEST):
        if isinstance(event, TextDelta):
            said += event.text
            clients += [pool.client for pool in provider._http._pools.values()]
            await provider.aclose()
            assert not clients[0].is_closed
    assert said == "one two"
    assert clients[0].is_closed
