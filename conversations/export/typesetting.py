"""Blocks as the source of a Typst document. Texts are string literals: nothing in them is run."""

from collections.abc import Iterator, Sequence

from conversations.export.blocks import (
    Block,
    Code,
    Heading,
    Item,
    Paragraph,
    Quote,
    Rule,
    Spans,
    Table,
    text_of,
)
from conversations.export.breaking import breakable
from conversations.export.directions import is_right_to_left

LONGEST_WORD = 40
LONGEST_CODE_WORD = 60
_PAGE_CHARACTERS = 80
_TAB = 4
# The first font that has a character is taken, and after these any font of the machine.
_FONTS = (
    "Noto Sans",
    "Noto Sans Arabic",
    "Vazirmatn",
    "Noto Sans Hebrew",
    "Noto Sans CJK SC",
    "Noto Emoji",
    "Noto Sans Symbols",
    "DejaVu Sans",
)

PRELUDE = """
#set page(paper: "a4", margin: 2cm, numbering: "1")
#set text(font: %s, size: 10.5pt, hyphenate: false)
#set par(leading: 0.7em, spacing: 0.9em)
#set table(stroke: 0.5pt + gray, inset: 5pt)
#show raw: set text(font: ("DejaVu Sans Mono",) + %s, size: 1.05em)
#show link: set text(fill: rgb("#1a5fb4"))
#show heading.where(level: 1): set text(size: 1.5em)
#show heading.where(level: 2): set text(size: 1.3em)
#show heading.where(level: 3): set text(fill: rgb("#4a4a4a"))
#show heading: set block(above: 1.4em, below: 0.8em)
#let side(d) = if d == rtl { right } else { left }
#let p(d, body) = { set text(dir: d); par(body) }
#let h(n, d, body) = { set text(dir: d); heading(level: n, bookmarked: n < 3, body) }
#let code(body) = block(width: 100%%, fill: luma(244), inset: 7pt, radius: 3pt, {
  set text(dir: ltr, size: 0.85em)
  raw(block: true, body)
})
#let quoted(d, body) = block(
  width: 100%%,
  stroke: if d == rtl { (right: 2pt + luma(190)) } else { (left: 2pt + luma(190)) },
  inset: if d == rtl { (right: 9pt) } else { (left: 9pt) },
  body,
)
#let item(d, marker, body) = {
  set text(dir: d)
  grid(columns: (1.8em, 1fr), column-gutter: 0.5em, align: (end, start), marker, body)
}
#let cell(d, side, body) = align(side, { set text(dir: d); body })
""" % (("(" + ", ".join(f'"{font}"' for font in _FONTS) + ")",) * 2)


def title(text: str) -> str:
    return f"#set document(title: {_literal(text)})\n"


def first_page(number: int) -> str:
    return f"#counter(page).update({number})\n"


def source_of(block: Block) -> str:
    """One line of Typst, good at the top of a document."""
    return f"#{_code(block)}\n"


def _code(block: Block) -> str:
    direction = _direction(text_of(block))
    match block:
        case Paragraph(spans):
            return f"p({direction}, {_spans(spans)})"
        case Heading(level, spans):
            return f"h({level}, {direction}, {_spans(spans)})"
        case Code(text):
            return f"code({_literal(breakable(text.expandtabs(_TAB), longest=LONGEST_CODE_WORD))})"
        case Rule():
            return "line(length: 100%, stroke: 0.5pt + gray)"
        case Quote(blocks):
            return f"quoted({direction}, {_all(blocks)})"
        case Item(marker, blocks):
            return f"item({direction}, {_literal(marker)}, {_all(blocks)})"
        case Table():
            return _table(block, direction)


def _all(blocks: Sequence[Block]) -> str:
    return "{" + "; ".join(["[]", *map(_code, blocks)]) + "}"


def _table(table: Table, direction: str) -> str:
    columns = len(table.header)
    longest = max(8, min(LONGEST_WORD, _PAGE_CHARACTERS // columns))
    header = ", ".join(_cells(table.header, table.alignments, longest, "strong"))
    rows = ", ".join(
        cell for row in table.rows for cell in _cells(row, table.alignments, longest, "")
    )
    return (
        f"{{ set text(dir: {direction});"
        f" table(columns: {columns}, table.header({header}), {rows}) }}"
    )


def _cells(
    row: Sequence[Spans], alignments: Sequence[str], longest: int, look: str
) -> Iterator[str]:
    for spans, alignment in zip(row, alignments, strict=True):
        direction = _direction("".join(span.text for span in spans))
        side = alignment or f"side({direction})"
        yield f"cell({direction}, {side}, {look}({_spans(spans, longest)}))"


def _direction(text: str) -> str:
    return "rtl" if is_right_to_left(text) else "ltr"


def _spans(spans: Spans, longest: int = LONGEST_WORD) -> str:
    parts = ["[]"]
    for span in spans:
        text = _literal(breakable(span.text, longest=longest))
        part = f"raw({text})" if span.code else text
        for name, wanted in (
            ("strong", span.bold),
            ("emph", span.italic),
            ("strike", span.struck),
        ):
            part = f"{name}({part})" if wanted else part
        parts.append(f"link({_literal(span.link)}, {part})" if span.link else part)
    return "{" + "; ".join(parts) + "}"


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
