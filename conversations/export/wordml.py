"""Blocks as WordprocessingML, the XML inside of a DOCX (ISO/IEC 29500-1, section 17)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from xml.sax.saxutils import escape

from conversations.export.blocks import (
    Block,
    Code,
    Heading,
    Item,
    Paragraph,
    Quote,
    Rule,
    Span,
    Spans,
    Table,
    text_of,
)
from conversations.export.directions import directed_runs, is_right_to_left

CODE_STYLE = "ParleyCode"
CODE_FONT = "Courier New"
# In twentieths of a point.
_STEP = 420
_WIDTH = 9600
_RULE = '<w:pBdr><w:bottom w:val="single" w:sz="6" w:space="1" w:color="999999"/></w:pBdr>'
_QUOTE = '<w:pBdr><w:{side} w:val="single" w:sz="12" w:space="8" w:color="BBBBBB"/></w:pBdr>'
_CODE_LOOK = f'<w:rFonts w:ascii="{CODE_FONT}" w:hAnsi="{CODE_FONT}" w:cs="{CODE_FONT}"/>'
_LINK_LOOK = '<w:color w:val="1A5FB4"/>'
_UNDERLINE = '<w:u w:val="single"/>'
_AFTER_CODE = '<w:spacing w:after="120"/>'
_SIDES = {"left": "left", "right": "right", "center": "center"}


@dataclass(slots=True)
class Links:
    """Where the document points to, each with the id that its XML uses."""

    ids: dict[str, str] = field(default_factory=dict)

    def id_of(self, target: str) -> str:
        return self.ids.setdefault(target, f"parley{len(self.ids) + 1}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block stands: how far inside, in a quote or not, and behind which marker."""

    depth: int = 0
    quoted: bool = False
    marker: str = ""
    right_to_left: bool = False


def xml_of(block: Block, links: Links, place: Place = Place()) -> Iterator[str]:
    match block:
        case Paragraph(spans):
            yield _paragraph(spans, links, place)
        case Heading(level, spans):
            yield _paragraph(spans, links, place, style=f"Heading{level}")
        case Code(text):
            *lines, last = text.split("\n")
            yield from (_code_line(line, place) for line in lines)
            yield _code_line(last, place, _AFTER_CODE)
        case Rule():
            yield f"<w:p><w:pPr>{_RULE}{_indent(place)}</w:pPr></w:p>"
        case Quote(blocks):
            yield from _each(blocks, links, replace(place, depth=place.depth + 1, quoted=True))
        case Item(marker, blocks):
            yield from _item(marker, blocks, links, place, is_right_to_left(text_of(block)))
        case Table():
            yield from _table(block, links, place)


def _each(blocks: Sequence[Block], links: Links, place: Place) -> Iterator[str]:
    for block in blocks:
        yield from xml_of(block, links, place)


def _item(
    marker: str, blocks: Sequence[Block], links: Links, place: Place, right_to_left: bool
) -> Iterator[str]:
    inside = replace(place, depth=place.depth + 1, marker="")
    first, *others = blocks or (Paragraph(()),)
    if not isinstance(first, Paragraph):
        first, others = Paragraph(()), [first, *others]
    marked = replace(inside, marker=marker, right_to_left=right_to_left)
    yield from xml_of(first, links, marked)
    yield from _each(others, links, inside)


def _paragraph(spans: Spans, links: Links, place: Place, *, style: str = "") -> str:
    right_to_left = is_right_to_left("".join(span.text for span in spans))
    if not spans:
        right_to_left = place.right_to_left
    properties = f'<w:pStyle w:val="{style}"/>' if style else ""
    if place.quoted:
        properties += _QUOTE.format(side="right" if right_to_left else "left")
    if right_to_left:
        properties += "<w:bidi/>"
    properties += _indent(place)
    marker = f"{_run(Span(place.marker), right_to_left)}<w:r><w:tab/></w:r>" if place.marker else ""
    runs = "".join(_linked(span, links, right_to_left) for span in spans)
    return f"<w:p><w:pPr>{properties}</w:pPr>{marker}{runs}</w:p>"


def _indent(place: Place) -> str:
    if not place.depth:
        return ""
    hanging = f' w:hanging="{_STEP}"' if place.marker else ""
    return f'<w:ind w:left="{place.depth * _STEP}"{hanging}/>'


def _code_line(line: str, place: Place, spacing: str = "") -> str:
    indent = _indent(replace(place, marker=""))
    properties = f'<w:pStyle w:val="{CODE_STYLE}"/>{spacing}{indent}'
    run = f"<w:r>{_text(line)}</w:r>" if line else ""
    return f"<w:p><w:pPr>{properties}</w:pPr>{run}</w:p>"


def _linked(span: Span, links: Links, right_to_left: bool) -> str:
    runs = "".join(
        _run(replace(span, text=text), direction)
        for text, direction in directed_runs(span.text, right_to_left=right_to_left)
    )
    if not span.link:
        return runs
    return f'<w:hyperlink r:id="{links.id_of(span.link)}">{runs}</w:hyperlink>'


def _run(span: Span, right_to_left: bool) -> str:
    # The order of these is the schema's.
    properties = "".join(
        look
        for look, wanted in (
            (_CODE_LOOK, span.code),
            ("<w:b/><w:bCs/>", span.bold),
            ("<w:i/><w:iCs/>", span.italic),
            ("<w:strike/>", span.struck),
            (_LINK_LOOK, span.link),
            (_UNDERLINE, span.link),
            ("<w:rtl/>", right_to_left),
        )
        if wanted
    )
    return f"<w:r><w:rPr>{properties}</w:rPr>{_text(span.text)}</w:r>"


def _text(text: str) -> str:
    opened = '<w:t xml:space="preserve">'
    escaped = escape(text)
    for character, tag in (("\n", "<w:br/>"), ("\t", "<w:tab/>")):
        escaped = escaped.replace(character, f"</w:t>{tag}{opened}")
    return f"{opened}{escaped}</w:t>"


def _table(table: Table, links: Links, place: Place) -> Iterator[str]:
    columns = len(table.header)
    visual = "<w:bidiVisual/>" if is_right_to_left(text_of(table)) else ""
    indent = f'<w:tblInd w:w="{place.depth * _STEP}" w:type="dxa"/>' if place.depth else ""
    width = max(_WIDTH - place.depth * _STEP, _STEP) // columns
    grid = f'<w:gridCol w:w="{width}"/>' * columns
    yield (
        f'<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/>{visual}'
        f'<w:tblW w:w="0" w:type="auto"/>{indent}</w:tblPr><w:tblGrid>{grid}</w:tblGrid>'
    )
    bold = tuple(tuple(replace(span, bold=True) for span in cell) for cell in table.header)
    yield _row(bold, table.alignments, links, "<w:trPr><w:tblHeader/></w:trPr>")
    for row in table.rows:
        yield _row(row, table.alignments, links, "")
    # Two tables without a paragraph between them would become one.
    yield "</w:tbl><w:p/>"


def _row(row: Sequence[Spans], alignments: Sequence[str], links: Links, properties: str) -> str:
    cells = (
        f"<w:tc>{_cell(spans, alignment, links)}</w:tc>"
        for spans, alignment in zip(row, alignments, strict=True)
    )
    return f"<w:tr>{properties}{''.join(cells)}</w:tr>"


def _cell(spans: Spans, alignment: str, links: Links) -> str:
    right_to_left = is_right_to_left("".join(span.text for span in spans))
    side = _SIDES.get(alignment, "")
    if right_to_left and side in ("left", "right"):
        # In a right-to-left paragraph "left" means where its lines begin.
        side = "right" if side == "left" else "left"
    properties = "<w:bidi/>" if right_to_left else ""
    if side:
        properties += f'<w:jc w:val="{side}"/>'
    runs = "".join(_linked(span, links, right_to_left) for span in spans)
    return f"<w:p><w:pPr>{properties}</w:pPr>{runs}</w:p>"
