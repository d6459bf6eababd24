"""Chunks of an OpenAI-like provider that are not of the kind that the client has asked for."""

from collections.abc import Iterator

from providers.backends.chat_completions import ChatCompletionsParser
from providers.errors import ProviderRefused
from providers.events import ProviderEvent, RawChunk


def is_part(chunk: RawChunk) -> bool:
    """Whether it is a piece of a stream, and not a whole answer."""
    return b'"delta"' in chunk.data or b'"message"' not in chunk.data


def pieces_of(chunks: list[RawChunk]) -> Iterator[ProviderEvent]:
    """What the chunks of one answer say, without their other fields."""
    parser = ChatCompletionsParser(name="", refuse=lambda error: ProviderRefused(str(error)))
    for chunk in chunks:
        yield from parser.feed(chunk.data)
