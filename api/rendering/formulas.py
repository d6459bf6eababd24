"""LaTeX to MathML, within limits; what cannot be converted shows its source."""

import re
from functools import lru_cache
from html import escape

from math_core import LatexError, LatexToMathML

LONGEST = 2000
_MOST_COMMANDS = 250
_DEEPEST_GROUP = 16
_DEEPEST_FENCE = 6
_UNICODE_FENCES = "⌈⌊⌜⌞⎰❲⟅⟦⟨⟪⟬⟮⦃⦅⦇⦉⦋⦍⦏⦑⦓⦕⦗⧘⧚⧼"  # noqa: RUF001
_NESTING = re.compile(
    rf"""
    (?P<group> \{{ | \\(?:left|begin)\b )
  | (?P<group_end> \}} | \\(?:right|end)\b )
  | (?P<fence> [(\[{_UNICODE_FENCES}] | \\\{{ | \\[bB]igg?l\s*(?:\\[a-zA-Z]+|\\?.)
      | \\(?:mathopen|ulcorner|llcorner|l(?:[aA]ngle|[bB]race|ang|brack|ceil|floor|group|langle
        |lbracket|lparenthesis|moustache|paren|vert|Vert))(?![a-zA-Z]) )
  | (?P<fence_end> [)\]] | \\\}} | \\[bB]igg?r\s*(?:\\[a-zA-Z]+|\\?.)
      | \\r(?:angle|brace|ceil|floor|vert|Vert|brack|paren)(?![a-zA-Z]) )
  | \\.
    """,
    re.VERBOSE | re.DOTALL,
)
_STYLE = re.compile(r' style="([^"]*)"')
_CLASSES = {
    "text-align: right": "math-right",
    "text-align: left": "math-left",
    "border-right": "math-line-right",
    "border-left": "math-line-left",
    "border-top": "math-line-top",
    "border-bottom": "math-line-bottom",
}
CLASSES = frozenset(_CLASSES.values())


def formula_html(latex: str, *, display: bool) -> str:
    """`<math>`, or the escaped source in `<code>`. The result is still to be sanitised."""
    mathml = _mathml(latex.strip(), display)
    if mathml is None:
        return f'<code class="formula" dir="ltr">{escape(latex)}</code>'
    return mathml


@lru_cache(maxsize=512)
def _mathml(latex: str, display: bool) -> str | None:
    if not latex or len(latex) > LONGEST or _is_too_deep(latex):
        return None
    converter = LatexToMathML(fancy_error=False, max_expansions=100)
    try:
        mathml = converter.convert_with_local_state(latex, displaystyle=display)
    except LatexError:
        return None
    return _STYLE.sub(_as_class, mathml)


def _is_too_deep(latex: str) -> bool:
    """The converter recurses on the machine's stack, where going too deep ends the process.

    And each fence that is never closed doubles its work.
    """
    depths = {"group": 0, "fence": 0}
    for match in _NESTING.finditer(latex):
        kind = match.lastgroup or ""
        if kind in depths:
            depths[kind] += 1
        elif kind:
            opened = kind.removesuffix("_end")
            depths[opened] = max(0, depths[opened] - 1)
        if depths["group"] > _DEEPEST_GROUP or depths["fence"] > _DEEPEST_FENCE:
            return True
    return latex.count("\\") > _MOST_COMMANDS


def _as_class(style: re.Match[str]) -> str:
    names = [name for css, name in _CLASSES.items() if css in style[1]]
    return f' class="{" ".join(names)}"' if names else ""
