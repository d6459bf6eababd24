"""A whole answer, or one that grows: finished blocks are drawn once, the open one now and then."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from api.rendering.blocks import Block, Kind, Splitter
from api.rendering.budget import Budget
from api.rendering.context import Context, Drawn
from api.rendering.drawing import draw, draw_plain
from api.rendering.footnotes import definition, numbered, section_html
from api.rendering.growth import Growth
from api.rendering.words import ENGLISH, Words

_NAMESPACE = re.compile(r"[a-zA-Z0-9-]{0,64}")


@dataclass(frozen=True, slots=True)
class Rendered:
    """Put `html` in the place of block `index`; a final one is sent again by `finish` only."""

    index: int
    html: str
    is_final: bool


@dataclass(frozen=True, slots=True)
class _Unresolved:
    source: str
    drawn: Drawn
    is_coloured: bool


def render(text: str, *, namespace: str = "", words: Words = ENGLISH) -> str:
    """Safe HTML of a whole answer: the blocks of a `BlockRenderer`, one after the other."""
    renderer = BlockRenderer(namespace=namespace, words=words)
    blocks = {block.index: block.html for block in renderer.feed(text)}
    blocks.update((block.index, block.html) for block in renderer.finish())
    return "".join(blocks[index] for index in sorted(blocks))


class BlockRenderer:
    """Renders an answer block by block while it arrives.

    `namespace` (letters, digits and dashes; ValueError) keeps the ids of footnotes of several
    answers on one page apart.
    """

    def __init__(self, *, namespace: str = "", words: Words = ENGLISH) -> None:
        if not _NAMESPACE.fullmatch(namespace):
            raise ValueError("A namespace consists of at most 64 letters, digits and dashes.")
        self._context = Context(f"{namespace}-" if namespace else "", words)
        self._splitter = Splitter()
        self._budget = Budget()
        self._growth = Growth()
        self._pieces: list[str] = []
        self._begin = 0
        self._end = 0
        self._count = 0
        self._notes: dict[str, str] = {}
        self._referred: dict[str, None] = {}
        self._unresolved: dict[int, _Unresolved] = {}

    def feed(self, piece: str) -> list[Rendered]:
        """The blocks that this piece has finished."""
        self._pieces.append(piece)
        self._end += len(piece)
        return [self._finished(block) for block in self._splitter.feed(piece)]

    def open_block(self) -> Rendered | None:
        """The block that still grows; None if it has not grown enough since it was last asked for.

        How much is enough rises with its size, so that all redrawings together stay affordable.
        """
        block = self._splitter.open_block()
        if block is None or not self._growth.is_due(block, self._count):
            return None
        source = self._source(block)
        if block.kind is Kind.NOTE or not self._budget.affords(source, block.kind):
            return Rendered(self._count, draw_plain(source).html, is_final=False)
        return Rendered(self._count, draw(source, self._context, is_coloured=False).html, False)

    def finish(self) -> list[Rendered]:
        """The last blocks, those that a later definition changes, and the footnotes."""
        last = [self._finished(block) for block in self._splitter.finish()]
        self._context.numbers = numbered(self._referred, self._notes)
        blocks = {block.index: block for block in last}
        blocks.update((block.index, block) for block in self._resolved())
        if self._notes:
            html = section_html(self._notes, self._context)
            blocks[self._count] = Rendered(self._count, html, is_final=True)
        return [blocks[index] for index in sorted(blocks)]

    def _finished(self, block: Block) -> Rendered:
        source = self._source(block)
        self._forget(block.end)
        index, self._count = self._count, self._count + 1
        if not self._budget.spend(source, block.kind):
            return Rendered(index, draw_plain(source).html, is_final=True)
        if block.kind is Kind.NOTE:
            return self._noted(index, source)
        is_coloured = self._budget.colours(source)
        drawn = draw(source, self._context, is_coloured=is_coloured)
        for label, target in drawn.definitions.items():
            self._context.references.setdefault(label, dict(target))
        if drawn.missed or drawn.notes:
            self._unresolved[index] = _Unresolved(source, drawn, is_coloured)
            self._referred.update(dict.fromkeys(drawn.notes))
        return Rendered(index, drawn.html, is_final=True)

    def _noted(self, index: int, source: str) -> Rendered:
        label, markdown = definition(source)
        self._notes.setdefault(label, markdown)
        return Rendered(index, "", is_final=True)

    def _resolved(self) -> Iterator[Rendered]:
        for index, block in self._unresolved.items():
            is_defined = not block.drawn.missed.isdisjoint(self._context.references)
            if is_defined or any(label in self._notes for label in block.drawn.notes):
                html = draw(block.source, self._context, is_coloured=block.is_coloured).html
                if html != block.drawn.html:
                    yield Rendered(index, html, is_final=True)

    def _source(self, block: Block) -> str:
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0][block.start - self._begin : block.end - self._begin]

    def _forget(self, end: int) -> None:
        """Drop what is drawn once it is most of what is kept: cutting each time is quadratic."""
        if end - self._begin > (self._end - self._begin) // 2:
            self._pieces = ["".join(self._pieces)[end - self._begin :]]
            self._begin = end
