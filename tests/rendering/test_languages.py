"""What depends on languages: the renderer's own words, and which way tables and lists run."""

import pytest

from api.rendering import BlockRenderer, Words, render
from tests.rendering.inspection import faults

PERSIAN = Words(
    copy="رونوشت", show_image="تصویر از {host}", back="بازگشت", done="انجام", open="باز"
)
ANSWER = "```py\nx\n```\n\n![a](https://a.b/c) [^1]\n\n- [x] a\n- [ ] b\n\n[^1]: note\n"


def test_the_renderers_own_words_are_the_readers() -> None:
    html = render(ANSWER, words=PERSIAN)
    for word in ("رونوشت", "تصویر از a.b", "بازگشت", "انجام", "باز"):
        assert word in html
    assert "Copy" not in html
    assert "Copy" in render(ANSWER)


def test_words_with_signs_of_html_are_escaped() -> None:
    words = Words(*(f"{name}<b>\"'&" for name in ("c", "s", "b", "d", "o")))
    assert faults(render(ANSWER, words=words)) == []


def test_blocks_speak_the_same_language_while_they_grow() -> None:
    renderer = BlockRenderer(words=PERSIAN)
    renderer.feed("```py\nx")
    opened = renderer.open_block()
    assert opened is not None
    assert "رونوشت" in opened.html


@pytest.mark.parametrize(
    ("markdown", "way"),
    [
        ("| | ماه |\n|-|-|\n| 1 | a |", "rtl"),
        ("| | Moon |\n|-|-|\n| 1 | ماه |", "ltr"),
        ("| 1 | 2 |\n|-|-|\n| 3 | 4 |", "auto"),
        ("1. ماه\n2. a", "rtl"),
        ("- `ماه` a", "ltr"),
        ("> > 12 ماه", "rtl"),
        ("[^1]\n\n[^1]: ماه", "rtl"),
    ],
)
def test_a_group_runs_as_its_first_letter_does(markdown: str, way: str) -> None:
    html = render(markdown)
    opening = next(
        f"<{name}" for name in ("section", "table", "ol", "ul", "blockquote") if f"<{name}" in html
    )
    assert f'dir="{way}"' in html[html.index(opening) :].partition(">")[0]


def test_a_group_without_letters_costs_no_more_than_its_size() -> None:
    assert 'dir="auto"' in render("- 1\n\n" * 4000)
