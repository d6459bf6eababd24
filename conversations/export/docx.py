"""A thread as a DOCX: python-docx makes the frame, the text is written into it block by block."""

from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

from docx import Document
from docx.document import Document as Frame
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.styles.style import ParagraphStyle

from conversations.export.document import ExportedThread
from conversations.export.outline import blocks_of
from conversations.export.reading import clean
from conversations.export.wordml import CODE_FONT, CODE_STYLE, Links, xml_of

_BODY = "word/document.xml"
_RELATIONS = "word/_rels/document.xml.rels"
_HYPERLINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
_SIZES = {1: 18, 2: 15, 3: 11, 4: 13, 5: 12, 6: 11}
_FONT = "Arial"
_EAST_ASIAN_FONT = "Microsoft YaHei"
# The properties that Word takes from text in complex scripts are others than those of the rest.
_FONT_ATTRIBUTES = ("w:ascii", "w:hAnsi", "w:cs")
_LONGEST_PROPERTY = 255


def docx_of(thread: ExportedThread, out: BinaryIO) -> None:
    links = Links()
    with ZipFile(_frame(thread)) as frame, ZipFile(out, "w", ZIP_DEFLATED) as file:
        for name in frame.namelist():
            if name not in (_BODY, _RELATIONS):
                file.writestr(name, frame.read(name))
        before, after = frame.read(_BODY).split(b"<w:sectPr", 1)
        with file.open(_BODY, "w", force_zip64=True) as body:
            body.write(before)
            for xml in _texts(thread, links):
                body.write(xml.encode("utf-8", "replace"))
            body.write(b"<w:sectPr" + after)
        file.writestr(_RELATIONS, _with_links(frame.read(_RELATIONS).decode(), links))


def _texts(thread: ExportedThread, links: Links) -> Iterator[str]:
    for block in blocks_of(thread):
        yield from xml_of(block, links)


def _with_links(relations: str, links: Links) -> str:
    added = "".join(
        f'<Relationship Id="{name}" Type="{_HYPERLINK}" Target={quoteattr(target)}'
        ' TargetMode="External"/>'
        for target, name in links.ids.items()
    )
    return relations.replace("</Relationships>", f"{added}</Relationships>")


def _frame(thread: ExportedThread) -> BytesIO:
    """An empty document with the styles, the paper and the properties."""
    document = Document()
    properties = document.core_properties
    properties.title = clean(thread.heading)[:_LONGEST_PROPERTY]
    properties.author = ""
    properties.comments = ""
    properties.created = thread.created_at.replace(tzinfo=None)
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(2)
    _style(document)
    file = BytesIO()
    document.save(file)
    return file


def _style(document: Frame) -> None:
    normal = document.styles["Normal"]
    assert isinstance(normal, ParagraphStyle)
    _set_font(normal, _FONT, 10.5)
    normal.paragraph_format.space_after = Pt(6)
    for level, size in _SIZES.items():
        heading = document.styles[f"Heading {level}"]
        assert isinstance(heading, ParagraphStyle)
        _set_font(heading, _FONT, size)
        heading.font.color.rgb = RGBColor(0x22, 0x22, 0x22)
        heading.font.italic = False
        heading.font.bold = heading.font.cs_bold = True
    code = document.styles.add_style(CODE_STYLE, WD_STYLE_TYPE.PARAGRAPH)
    assert isinstance(code, ParagraphStyle)
    code.base_style = normal
    _set_font(code, CODE_FONT, 9)
    code.paragraph_format.space_after = Pt(0)
    shading = OxmlElement("w:shd")
    for name, value in (("w:val", "clear"), ("w:color", "auto"), ("w:fill", "F2F2F2")):
        shading.set(qn(name), value)
    # The schema wants it before the spacing.
    code.element.get_or_add_pPr().insert(0, shading)


def _set_font(style: ParagraphStyle, name: str, size: float) -> None:
    style.font.size = Pt(size)
    style.font.name = name
    fonts = style.element.rPr.rFonts
    fonts.attrib.clear()
    for attribute in _FONT_ATTRIBUTES:
        fonts.set(qn(attribute), name)
    fonts.set(qn("w:eastAsia"), _EAST_ASIAN_FONT)
    complex_size = OxmlElement("w:szCs")
    complex_size.set(qn("w:val"), str(int(size * 2)))
    style.element.rPr.find(qn("w:sz")).addnext(complex_size)
