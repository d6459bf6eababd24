"""A thread as one long row of blocks, none of them large: what PDF and DOCX are made from."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from conversations.export.blocks import (
    Block,
    Code,
    Heading,
    Item,
    Paragraph,
    Quote,
    Span,
    Spans,
    Table,
)
from conversations.export.document import ExportedFile, ExportedMessage, ExportedThread
from conversations.export.reading import clean, linkable, read

LONGEST_PARAGRAPH = 5_000
MOST_LINES = 500
MOST_ROWS = 200
# Headings inside of a message stand below those of the document.
_BELOW = 3
_SMALLEST = 6


def blocks_of(thread: ExportedThread) -> Iterator[Block]:
    yield Heading(1, (Span(clean(thread.heading)),))
    for fact in thread.facts:
        yield Item("•", (Paragraph((Span(fact),)),))
    yield Heading(2, (Span("Messages"),))
    for message in thread.messages:
        yield from _message(message)


def _message(message: ExportedMessage) -> Iterator[Block]:
    sender = " ".join(clean(message.sender).split())
    yield Heading(3, (Span(f"{sender}, {message.time}"),))
    yield from chain.from_iterable(divided(_lowered(block)) for block in read(message.text))
    if message.attachments:
        yield Paragraph((Span("Attachments:"),))
        yield from (_attachment(file) for file in message.attachments)


def _attachment(file: ExportedFile) -> Block:
    summary = " ".join(clean(file.summary).split())
    return Item("•", (Paragraph((Span(summary, link=linkable(clean(file.url))),)),))


def _lowered(block: Block) -> Block:
    match block:
        case Heading(level, spans):
            return Heading(min(level + _BELOW, _SMALLEST), spans)
        case Quote(blocks):
            return Quote(tuple(map(_lowered, blocks)))
        case Item(marker, blocks):
            return Item(marker, tuple(map(_lowered, blocks)))
        case _:
            return block


def divided(block: Block) -> Iterator[Block]:
    """The same in pieces, if it is so large that a layout of it would take long."""
    match block:
        case Paragraph(spans) if sum(len(span.text) for span in spans) > LONGEST_PARAGRAPH:
            yield from map(Paragraph, _shorter(spans))
        case Heading(_, spans) if sum(len(span.text) for span in spans) > LONGEST_PARAGRAPH:
            yield from map(Paragraph, _shorter(spans))
        case Code(text):
            yield from map(Code, _pages(text))
        case Table(alignments, header, rows) if len(rows) > MOST_ROWS:
            for start in range(0, len(rows), MOST_ROWS):
                yield Table(alignments, header, rows[start : start + MOST_ROWS])
        case Quote(blocks):
            inner = [piece for each in blocks for piece in divided(each)]
            for start in range(0, len(inner) or 1, MOST_LINES):
                yield Quote(tuple(inner[start : start + MOST_LINES]))
        case Item(marker, blocks):
            inner = [piece for each in blocks for piece in divided(each)]
            for start in range(0, len(inner) or 1, MOST_LINES):
                yield Item("" if start else marker, tuple(inner[start : start + MOST_LINES]))
        case _:
            yield block


def _shorter(spans: Spans) -> Iterator[Spans]:
    taken: list[Span] = []
    room = LONGEST_PARAGRAPH
    for span in spans:
        rest = span.text
        while len(rest) > room:
            cut = rest.rfind(" ", 0, room) + 1 or room
            yield (*taken, replace(span, text=rest[:cut]))
            taken, room, rest = [], LONGEST_PARAGRAPH, rest[cut:]
        taken.append(replace(span, text=rest))
        room -= len(rest)
    yield tuple(taken)


def _pages(text: str) -> Iterator[str]:
    lines = text.split("\n")
    for start in range(0, len(lines), MOST_LINES):
        yield "\n".join(lines[start : start + MOST_LINES])
