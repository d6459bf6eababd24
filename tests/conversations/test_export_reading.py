"""Markdown of any origin becomes blocks, and nothing of it is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.export.blocks import (
    Block,
    Code,
    Heading,
    Item,
    Paragraph,
    Quote,
    Rule,
    Span,
    Table,
)
from conversations.export.breaking import breakable
from conversations.export.directions import directed_runs, is_right_to_left
from conversations.export.outline import LONGEST_PARAGRAPH, MOST_LINES, MOST_ROWS, divided
from conversations.export.reading import read


def blocks(text: str) -> list[Block]:
    return list(read(text))


def shown(found: list[Block] | tuple[Block, ...]) -> str:
    parts: list[str] = []
    for block in found:
        match block:
            case Paragraph(spans) | Heading(_, spans):
                parts += [span.text for span in spans]
            case Code(text):
                parts.append(text)
            case Quote(inner):
                parts.append(shown(inner))
            case Item(marker, inner):
                parts += [marker, shown(inner)]
            case Table(_, header, rows):
                parts += [span.text for row in (header, *rows) for cell in row for span in cell]
            case Rule():
                pass
    return "\n".join(parts)


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("## Top", Heading(2, (Span("Top"),))),
        ("a\nb", Paragraph((Span("a"), Span("\n"), Span("b")))),
        ("```py\n\tx\n\n  y\n```", Code("\tx\n\n  y")),
        ("***", Rule()),
        ("> a", Quote((Paragraph((Span("a"),)),))),
        ("3) a", Item("3)", (Paragraph((Span("a"),)),))),
        ("- a", Item("•", (Paragraph((Span("a"),)),))),
        ("| a |\n|--:|\n| b |", Table(("right",), ((Span("a"),),), (((Span("b"),),),))),
    ],
)
def test_each_form_of_block_is_read(text: str, block: Block) -> None:
    assert blocks(text) == [block]


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("**a**", Span("a", bold=True)),
        ("*a*", Span("a", italic=True)),
        ("~~a~~", Span("a", struck=True)),
        ("`<a>`", Span("<a>", code=True)),
        ("<script>a</script>", Span("<script>a</script>")),
        ("[a](https://b.example/?c=1&d)", Span("a", link="https://b.example/?c=1&d")),
        ("<mailto:a@b.example>", Span("mailto:a@b.example", link="mailto:a@b.example")),
        ("![a](https://b.example/i.png)", Span("a", link="https://b.example/i.png")),
        ("![](/i.png)", Span("/i.png")),
    ],
)
def test_each_look_of_text_is_read(text: str, span: Span) -> None:
    (block,) = blocks(text)
    assert isinstance(block, Paragraph)
    assert "".join(each.text for each in block.spans) == span.text
    assert {each.link for each in block.spans} == {span.link}
    assert block.spans[0].bold == span.bold
    assert block.spans[0].italic == span.italic
    assert block.spans[0].struck == span.struck
    assert block.spans[0].code == span.code


@pytest.mark.parametrize("target", ["file:///etc/passwd", "/relative", "javascript:a", "//h"])
def test_a_target_that_is_not_of_the_web_is_shown_and_not_linked(target: str) -> None:
    found = blocks(f"[a]({target})")
    assert target in shown(found)
    assert all(
        span.link is None for block in found if isinstance(block, Paragraph) for span in block.spans
    )


@pytest.mark.parametrize(
    "text",
    [
        ">" * 500 + " deep",
        "\n".join("  " * depth + "- deep" for depth in range(500)),
        "- " * 300 + "deep",
        "|deep" * 100 + "|\n" + "|-" * 100 + "|\n",
    ],
)
def test_what_is_too_deep_or_too_wide_is_shown_as_it_was_written(text: str) -> None:
    found = blocks(f"# before\n\n{text}\n\nafter")
    assert shown(found).count("deep") == text.count("deep")
    assert any(isinstance(block, Code) for block in found)
    assert found[0] == Heading(1, (Span("before"),))
    assert shown(found).endswith("after")


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "*a " * 30_000, "_a*b" * 4_000, "![a](" * 3_900, "<" * 19_000, "|" * 50_000],
)
def test_rubbish_is_read_to_its_end(text: str) -> None:
    assert len(shown(blocks(text))) >= len(text.rstrip())


@given(st.text(alphabet=st.sampled_from("ab*_`~[]()<>!|-#>\n \t1.&;:سل中"), max_size=200))
def test_no_letter_of_a_text_is_lost(text: str) -> None:
    letters = [each for each in text if each in "abسل中"]
    # The word after a fence says which language it is, the target of a link is not its text.
    if "```" not in text and "~~~" not in text and "](" not in text and "]:" not in text:
        assert [each for each in shown(blocks(text)) if each in "abسل中"] == letters


def test_characters_that_no_document_can_hold_become_visible() -> None:
    text = "".join(map(chr, [*range(9), 11, 12, *range(14, 32), 0x7F]))
    assert (
        shown(blocks(f"a{text}b"))
        == "a"
        + "".join(
            map(chr, [*range(0x2400, 0x2409), 0x240B, 0x240C, *range(0x240E, 0x2420), 0x2421])
        )
        + "b"
    )
    assert shown(blocks("a\ufffe\uffff\ud800b")) == "a\ufffd\ufffd\ufffdb"


@pytest.mark.parametrize(
    ("text", "right_to_left"),
    [
        ("hello سلام", False),
        ("سلام hello", True),
        ("123 - سلام", True),
        ("שלום", True),
        ("12 !", False),
        ("\u2067سل\u2069 a", False),
        ("", False),
    ],
)
def test_the_first_strong_character_says_the_direction(text: str, right_to_left: bool) -> None:
    """UAX #9, P2 and P3."""
    assert is_right_to_left(text) is right_to_left


def test_runs_are_cut_where_the_direction_changes() -> None:
    """UAX #9, N1 and N2."""
    runs = list(directed_runs("سلام، Django 5.2 (خوب) 7", right_to_left=True))
    assert runs == [("سلام، ", True), ("Django", False), (" 5.2 (خوب) 7", True)]
    assert list(directed_runs("a (سلام) b", right_to_left=False)) == [
        ("a (", False),
        ("سلام", True),
        (") b", False),
    ]


@given(st.text(alphabet=st.sampled_from("ab1 (.سل"), max_size=60), st.booleans())
def test_runs_hold_every_character_once(text: str, right_to_left: bool) -> None:
    assert "".join(run for run, _ in directed_runs(text, right_to_left=right_to_left)) == text


def test_long_words_may_break_and_short_ones_stay() -> None:
    assert breakable("short words " * 50, longest=40) == "short words " * 50
    broken = breakable("x" * 1000, longest=40).split("\u200b")
    assert "".join(broken) == "x" * 1000
    assert max(map(len, broken)) <= 40
    assert "\u200b\u0301" not in breakable("e\u0301" * 100, longest=8)


def test_large_blocks_come_in_pieces() -> None:
    words = "word " * 3 * LONGEST_PARAGRAPH
    pieces = list(divided(Paragraph((Span("b", bold=True), Span(words)))))
    assert all(len(shown([piece])) <= LONGEST_PARAGRAPH + 1 for piece in pieces)
    assert shown(pieces).replace("\n", "") == "b" + words
    assert len(list(divided(Code("x\n" * 3 * MOST_LINES)))) == 4
    row = ((Span("x"),),)
    tables = list(divided(Table(("",), row[0] and row, (row,) * (2 * MOST_ROWS + 1))))
    assert [len(table.rows) for table in tables if isinstance(table, Table)] == [
        MOST_ROWS,
        MOST_ROWS,
        1,
    ]
