"""Whether a provider can be reached, for the health page."""

import asyncio
from typing import Literal

from providers.errors import AnswerUnreadable, ProviderFault, ProviderRefused
from providers.http import HttpClient
from providers.types import Limits

Health = Literal["connected", "error", "disconnected"]


async def probe(url: str, timeout: float = 5.0) -> Health:  # noqa: ASYNC109
    """Ask the Ollama server at `url`, for at most `timeout` seconds (C-6.3)."""
    client = HttpClient("ollama", url, {}, Limits(connect=timeout, idle=timeout))
    try:
        async with asyncio.timeout(timeout), client.stream("GET", "/api/tags") as answer:
            return "connected" if answer.status == 200 else "error"
    except (ProviderRefused, AnswerUnreadable):
        return "error"
    except (ProviderFault, TimeoutError):
        return "disconnected"
    finally:
        await client.aclose()
