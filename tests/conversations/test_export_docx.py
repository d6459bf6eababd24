"""A thread as a DOCX, read back with python-docx (T-6.5)."""

import pytest
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

from conversations.export.document import ExportedFile
from tests.conversations.exporting import (
    THREAD,
    docx,
    docx_file,
    message,
    thread_of,
    well_formed_parts,
)


def paragraphs(*texts: str) -> list[Paragraph]:
    """Those of the messages, without the heads."""
    return docx(thread_of(texts)).paragraphs[5:]


def has(paragraph: Paragraph, name: str) -> bool:
    return paragraph._p.find(f".//{qn(name)}") is not None


def test_a_docx_has_title_id_and_messages_in_their_order() -> None:
    """T-6.5."""
    file = ExportedFile("map.png", "image/png", 2048, "https://b.example/7")
    opened = docx(thread_of([message("Where to?", "user", file), message("Home", "assistant")]))
    assert [paragraph.text for paragraph in opened.paragraphs] == [
        "Trip",
        f"•\tThread ID: {THREAD}",
        "•\tCreated: 2026-01-02T12:00:00Z",
        "Messages",
        "user, 2026-01-02T12:00:00Z",
        "Where to?",
        "Attachments:",
        "•\tmap.png (image/png, 2.0 KiB)",
        "assistant, 2026-01-02T12:00:00Z",
        "Home",
    ]
    assert [link.address for each in opened.paragraphs for link in each.hyperlinks] == [
        "https://b.example/7"
    ]
    assert opened.core_properties.title == "Trip"
    styles = [each.style.name for each in opened.paragraphs if each.style]
    assert styles[0::4][:2] == ["Heading 1", "Heading 3"]


def test_a_right_to_left_paragraph_keeps_its_form() -> None:
    """T-6.5, UAX #9."""
    persian, english = paragraphs("سلام **Django** 5\n\nhello سلام")
    assert has(persian, "w:bidi")
    assert not has(english, "w:bidi")
    looks = {run.text: run._r.find(f".//{qn('w:rtl')}") is not None for run in persian.runs}
    assert looks == {"سلام ": True, "Django": False, " 5": True}


def test_code_keeps_its_lines_from_left_to_right() -> None:
    """T-6.5."""
    lines = paragraphs("```\n\tx = 1\n\n    # سلام\n```")
    assert [line.text for line in lines] == ["\tx = 1", "", "    # سلام"]
    assert {line.style.name for line in lines if line.style} == {"ParleyCode"}
    assert not any(has(line, "w:bidi") for line in lines)


def test_a_table_keeps_its_form() -> None:
    """T-6.5."""
    text = "| نام | 价格 |\n|:--|--:|\n| سیب | **5** |\n"
    (table,) = docx(thread_of([text])).tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["نام", "价格"],
        ["سیب", "5"],
    ]
    assert table._tbl.tblPr.find(qn("w:bidiVisual")) is not None
    assert table.cell(1, 1).paragraphs[0].runs[0].bold


def test_lists_and_quotes_keep_their_form() -> None:
    first, second, inner, quote = paragraphs("3. a\n4. b\n   - c\n\n> d")
    assert [each.text for each in (first, second, inner, quote)] == ["3.\ta", "4.\tb", "•\tc", "d"]
    indents = [each.paragraph_format.left_indent or 0 for each in (first, second, inner)]
    assert indents[0] == indents[1] < indents[2]
    assert has(quote, "w:pBdr")


def test_each_look_of_text_is_kept() -> None:
    (paragraph,) = paragraphs("**a** *b* ~~c~~ `d` <i>e</i>")
    runs = {run.text.strip(): run for run in paragraph.runs}
    assert runs["a"].bold
    assert runs["b"].italic
    assert runs["c"].font.strike
    assert runs["d"].font.name == "Courier New"
    assert paragraph.text == "a b c d <i>e</i>"


@pytest.mark.parametrize(
    "text",
    [
        "".join(map(chr, range(32))) + "\x7f\ufffe\uffff",
        "</w:t></w:r> ]]> <![CDATA[ &#0; & \"'",
        "x" * 100_000,
        ">" * 500 + " deep",
        "\n".join("  " * depth + "- x" for depth in range(500)),
        "|a" * 100 + "|\n" + "|-" * 100 + "|\n",
        "[a](<https://b.example/\"'&\\>)",
        "> \n\n- \n\n# \n\n```\n```",
        "\u202e\u2066\u200b\u200d\ud800",
        "😀 中文 فارسی \U00013000",
    ],
)
def test_rubbish_becomes_a_docx_that_opens_with_all_that_follows_it(text: str) -> None:
    thread = thread_of([text, "after"], text[:300])
    assert well_formed_parts(docx_file(thread)) > 5
    assert docx(thread_of([text, "after"], text)).paragraphs[-1].text == "after"


def test_nothing_outside_is_loaded_when_a_docx_is_opened() -> None:
    """An image of a text is a link: no request is made when the file is opened."""
    opened = docx(thread_of(["![a](https://b.example/i.png) ![b](file:///etc/passwd)"]))
    assert [
        (part.reltype.rsplit("/")[-1], part.target_ref)
        for part in opened.part.rels.values()
        if part.is_external
    ] == [("hyperlink", "https://b.example/i.png")]
    assert not opened.inline_shapes
