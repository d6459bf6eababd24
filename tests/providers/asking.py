"""Short ways to ask a provider in a test."""

from typing import Any

from providers.backends.openai_compatible import OpenAICompatible
from providers.base import Provider
from providers.events import ProviderEvent, TextDelta
from providers.types import ChatMessage, Continuation, Limits, ProviderRequest

QUICK = Limits(connect=2.0, idle=0.2)
PATIENT = Limits(connect=10.0, idle=10.0)
KEY = "sk-very-secret-0123456789"


def question(text: str = "Hello", **fields: Any) -> ProviderRequest:
    return ProviderRequest(model="small", messages=(ChatMessage("user", text),), **fields)


def chained(previous_id: str | None, *texts: str) -> ProviderRequest:
    messages = tuple(ChatMessage("user", text) for text in texts)
    return question("the whole story", continuation=Continuation(previous_id, messages))


def compatible(url: str, *, limits: Limits = PATIENT, model: str | None = None) -> OpenAICompatible:
    return OpenAICompatible(name="local", base_url=url, api_key=KEY, limits=limits, model=model)


async def events_of(provider: Provider, request: ProviderRequest | None = None) -> list[Any]:
    return [event async for event in provider.stream(request or question())]


async def events_until_fault(provider: Provider, request: ProviderRequest | None = None) -> Any:
    """The events, and the fault that ended them."""
    events: list[ProviderEvent] = []
    try:
        async for event in provider.stream(request or question()):
            events.append(event)
    except Exception as fault:
        return events, fault
    raise AssertionError(f"No fault came after {events}.")


def text_of(events: list[Any]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))
