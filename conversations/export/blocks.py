"""What a text is made of once its Markdown has been read."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice


@dataclass(frozen=True, slots=True)
class Span:
    """Some characters of one look. A line feed in `text` is a line break."""

    text: str
    bold: bool = False
    italic: bool = False
    struck: bool = False
    code: bool = False
    link: str | None = None


Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    spans: Spans


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    spans: Spans


@dataclass(frozen=True, slots=True)
class Code:
    """Lines that are shown as they are, always from left to right."""

    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the page."""


@dataclass(frozen=True, slots=True)
class Quote:
    blocks: "tuple[Block, ...]"


@dataclass(frozen=True, slots=True)
class Item:
    """`marker` is what stands beside it: a bullet, or its number."""

    marker: str
    blocks: "tuple[Block, ...]"


@dataclass(frozen=True, slots=True)
class Table:
    """`alignments` has one of "left", "right", "center" or "" per column, rows one cell each."""

    alignments: tuple[str, ...]
    header: tuple[Spans, ...]
    rows: tuple[tuple[Spans, ...], ...]


Block = Paragraph | Heading | Code | Rule | Quote | Item | Table


def text_of(block: Block) -> str:
    """The beginning of its characters: enough to see which way it is written."""
    return "".join(islice(_texts(block), 50))


def _texts(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(spans) | Heading(_, spans):
            yield from (span.text for span in spans)
        case Quote(blocks) | Item(_, blocks):
            for inner in blocks:
                yield from _texts(inner)
        case Table(_, header, rows):
            for row in (header, *rows[:5]):
                yield from (span.text for cell in row for span in cell)
        case Code() | Rule():
            return
