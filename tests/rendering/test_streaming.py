"""An answer that streams ends as the same HTML as one that is rendered whole."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.rendering import BlockRenderer, Rendered, render, split
from tests.rendering.answers import CODE, NOTED, long_answer
from tests.rendering.inspection import faults

FRAGMENTS = st.sampled_from(
    ["# a\n", "- b\n", "1. c\n", "  d\n", "    e\n", "```py\n", "```\n", "$$\n", "\n", "> q\n",
     "|a|b|\n", "|-|-|\n", "[^1]", "[^1]: n\n", "[r]", "[r]: https://a.b\n", "*", "`", "\\[", "\\]",
     "x", " ",
     "---\n", "===\n", "\r", "\r\n", "\t", "\0", "<b>", "![i](https://a.b)", "\u202e", "é",
     "$x$", "~~~"]
)  # fmt: skip
TEXTS = st.lists(FRAGMENTS | st.text(max_size=8), max_size=30).map("".join)


def streamed(text: str, cuts: list[int]) -> list[str]:
    renderer, blocks = BlockRenderer(), dict[int, str]()
    edges = [0, *sorted(cuts), len(text)]
    for start, end in pairwise(edges):
        keep(renderer.feed(text[start:end]), blocks)
        if opened := renderer.open_block():
            assert faults(opened.html) == []
            assert opened.index not in blocks
    keep(renderer.finish(), blocks)
    return [blocks[index] for index in sorted(blocks)]


def keep(rendered: list[Rendered], blocks: dict[int, str]) -> None:
    blocks.update((block.index, block.html) for block in rendered)


@settings(max_examples=100, deadline=None)
@given(text=TEXTS, data=st.data())
def test_the_cuts_of_a_stream_leave_no_trace(text: str, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=6))
    blocks = streamed(text, cuts)
    assert blocks == streamed(text, [])
    assert "".join(blocks) == render(text)
    assert faults(render(text)) == []


@settings(max_examples=150, deadline=None)
@given(text=TEXTS)
def test_blocks_cover_every_word_once_and_in_order(text: str) -> None:
    blocks, position = split(text), 0
    for block in blocks:
        assert not text[position : block.start].strip()
        position = block.end
    assert not text[position:].strip()
    assert all(not block.is_open for block in blocks[:-1])


@given(text=TEXTS, more=TEXTS)
@settings(max_examples=100, deadline=None)
def test_a_finished_block_stays_as_it_is(text: str, more: str) -> None:
    finished = [block for block in split(text) if not block.is_open]
    assert split(text + more)[: len(finished)] == finished


def test_a_finished_block_is_sent_once() -> None:
    renderer = BlockRenderer()
    first = renderer.feed("# Title\n\ntext")
    assert [block.index for block in first] == [0]
    assert all(block.is_final for block in first)
    assert [block.index for block in [*renderer.feed(" more\n\n"), *renderer.finish()]] == [1]


def test_the_end_replaces_only_what_a_definition_changes() -> None:
    renderer = BlockRenderer()
    renderer.feed("plain\n\nA claim[^1].\n\n[later] link\n\nplain\n\n[^1]: Note.\n\n")
    renderer.feed("[later]: https://example.org\n\n")
    changed = {block.index: block.html for block in renderer.finish()}
    assert list(changed) == [1, 2, 6]
    assert 'href="https://example.org"' in changed[2]
    assert 'class="footnotes"' in changed[6]


def test_an_open_block_is_not_drawn_again_before_it_has_grown() -> None:
    renderer = BlockRenderer()
    renderer.feed("Some words")
    opened = renderer.open_block()
    assert opened == Rendered(0, '<p dir="auto">Some words</p>\n', is_final=False)
    renderer.feed(".")
    assert renderer.open_block() is None


def test_code_is_coloured_once_it_is_finished() -> None:
    renderer = BlockRenderer()
    renderer.feed(CODE[:500])
    opened = renderer.open_block()
    assert opened is not None
    assert "hl-" not in opened.html
    assert "hl-k" in renderer.feed(CODE[500:])[0].html


def test_a_long_answer_streams_to_what_it_is_as_a_whole() -> None:
    text = NOTED + long_answer(20_000)
    assert "".join(streamed(text, list(range(0, len(text), 97)))) == render(text)


def test_a_namespace_is_a_word() -> None:
    with pytest.raises(ValueError, match="letters, digits and dashes"):
        BlockRenderer(namespace='x"')
