"""Answers as models write them."""

PROSE = "A sentence with **bold** and *slanted* words, `code`, [a link](https://a.b) and $x^2$.\n"
ITEMS = "- an item with `code`\n- another **item**\n\n  with a second paragraph\n- the last\n\n"
CODE = (
    "```python\n"
    + "def f(x: int) -> list[str]:\n    return [str(x), 'text']  # why\n" * 100
    + "```\n\n"
)
TABLE = "| a | b |\n|---|--:|\n" + "| one cell | **12** |\n" * 60 + "\n"
FORMULA = "$$\n\\begin{aligned}a &= b \\\\ c &= \\frac{d}{2}\\end{aligned}\n$$\n\n"
NOTED = "A claim[^1] and [a source].\n\n[^1]: The *note*.\n\n[a source]: https://example.org\n\n"


def long_answer(size: int) -> str:
    """At least `size` characters with a bit of everything, long code and tables first of all."""
    section = f"## Part\n\n{PROSE * 4}\n{ITEMS}{CODE}{TABLE}{FORMULA}"
    return NOTED + section * (size // len(section) + 1)
