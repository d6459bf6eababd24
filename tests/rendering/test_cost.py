"""Time stays bounded: for long honest answers, and for the worst that markdown-it was ever sent."""

import subprocess
import sys
from time import process_time

import pytest

from api.rendering import BlockRenderer, render
from api.rendering.code import LANGUAGES, code_html
from api.rendering.formulas import formula_html
from tests.rendering.answers import long_answer

SIZE = 100_000
# Four times what was measured: the machine is shared.
SECONDS = 2.5
UNITS = [
    "a\n\n", "# \n", "[", "[](", "[]((", "[a](", "![", "*", "**_* ", "*a ", "_a ", "*a_ ", "`",
    "` `` ``` ", "\\``", "<", "<http:", "&", "&amp;", "~~a ", "$", "$a ", "$$a ", "\\(", "$$\n",
    "$$a\n\n", ">", "> ", ">\n", "- ", "-\n", "- a\n", "1. ", "|", "|\n", "|a|b|\n|-|-|\n", "a\n",
    "[a]: b\n", "[^a]", "[^a]: b\n\n", "```\n", "~~~\nx\n~~~\n", "x", "https://", "https://a.b/((",
    "\n", "\r", "x\r", "\0", "\u202e", "a\n=\n", "![[", "[[a]", "[x](y \"", "é*", "$5 and $6 ",
]  # fmt: skip
SHAPES = {
    "deeper lists": "".join("  " * depth + "- a\n" for depth in range(540)),
    "deeper quotes": "\n".join(">" * depth for depth in range(770)),
    "quotes a thousand deep": (">" * 1000 + " a\n") * 299,
    "lists a thousand deep": ("- " * 1000 + "a\n") * 149,
    "longer backticks": " ".join("`" * length for length in range(770)),
    "missing cells": "|" + "a|" * 1000 + "\n|" + "-|" * 1000 + "\n" + "|\n" * 100_000,
    "late definitions": " ".join(f"[{n}]" for n in range(40_000)) + "\n\n[39000]: http://a.b\n",
    "notes": "".join(f"[^{n}] " for n in range(8000))
    + "\n\n"
    + "".join(f"[^{n}]: a [^1]\n\n" for n in range(8000)),
}


def cpu_seconds(text: str) -> float:
    started = process_time()
    render(text)
    return process_time() - started


@pytest.mark.parametrize("unit", UNITS)
def test_no_repetition_is_slow(unit: str) -> None:
    assert cpu_seconds(unit * (SIZE // len(unit))) < SECONDS


@pytest.mark.parametrize("name", SHAPES)
def test_no_shape_is_slow(name: str) -> None:
    assert cpu_seconds(SHAPES[name]) < SECONDS


def test_a_long_answer_is_cheap_while_it_streams() -> None:
    text, started, drawn = long_answer(SIZE), process_time(), 0
    renderer = BlockRenderer()
    for start in range(0, len(text), 60):
        drawn += len(renderer.feed(text[start : start + 60]))
        drawn += renderer.open_block() is not None
    renderer.finish()
    assert drawn > 300
    assert process_time() - started < 3 * SECONDS


@pytest.mark.parametrize(
    "block", ["```python\n" + "x = 1\n" * 20_000, "|a|\n|-|\n" + "|b|\n" * 4000]
)
def test_one_huge_block_is_cheap_while_it_streams(block: str) -> None:
    renderer, started = BlockRenderer(), process_time()
    for start in range(0, len(block), 40):
        renderer.feed(block[start : start + 40])
        renderer.open_block()
    renderer.finish()
    assert process_time() - started < 3 * SECONDS


@pytest.mark.parametrize(
    "unit", ["a\n", "\n", "a({{", "<<A\n", "class /<<A\n", "~\n;```", "'''", "/*"]
)
@pytest.mark.parametrize("language", ["csharp", "java", "cpp", "markdown", "ruby", "perl", "html"])
def test_code_that_a_lexer_hates_is_given_up(language: str, unit: str) -> None:
    assert language in LANGUAGES
    started = process_time()
    code_html(unit * (16_000 // len(unit)), language)
    assert process_time() - started < 1


@pytest.mark.parametrize(
    "latex",
    [r"\bigl(" * 100, "[" * 1900, "⟨" * 1900, r"\lVert " * 200, r"\bigl|" * 200, r"\{" * 240,
     r"(\alpha" * 200, r"\mathopen(" * 100, "{(" * 900, r"\lbrace " * 200],
)  # fmt: skip
def test_a_formula_that_never_closes_is_shown_as_source(latex: str) -> None:
    started = process_time()
    assert "<math" not in formula_html(latex, display=True)
    assert process_time() - started < 0.2


def test_the_deepest_formula_fits_a_small_stack() -> None:
    """Elsewhere the converter would end the process, so that this runs in one of its own."""
    program = r"""
import threading
from api.rendering.formulas import formula_html
units = [r"\frac1", r"\sqrt ", r"\frac{1}", r"\sum_", r"\color{red}", r"\text", r"\binom1",
         "[" * 6 + r"\sqrt", "x^", r"\overline", r"\left(" * 9 + r"\sqrt ", r"\sqrt%" + "\n"]
def convert():
    for unit in units:
        for count in range(1, 251, 7):
            formula_html(unit * count + "x", display=True)
threading.stack_size(1024 * 1024)
thread = threading.Thread(target=convert)
thread.start()
thread.join()
"""
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
