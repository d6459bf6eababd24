"""The colours of code and the lines of matrices, light and dark, as the file the UI serves.

`python -m api.rendering.stylesheet` writes static/ui/highlight.css anew.
"""

from pathlib import Path

from pygments.formatters import HtmlFormatter

from api.rendering.code import PREFIX

TARGET = Path(__file__).resolve().parents[2] / "static" / "ui" / "highlight.css"
_LIGHT = "default"
_DARK = "github-dark"
_SHAPES = """\
.math-right { text-align: right; padding-right: 0; }
.math-left { text-align: left; padding-left: 0; }
.math-line-right { border-right: 0.05em solid currentcolor; }
.math-line-left { border-left: 0.05em solid currentcolor; }
.math-line-top { border-top: 0.05em solid currentcolor; }
.math-line-bottom { border-bottom: 0.05em solid currentcolor; }
.align-left { text-align: left; }
.align-center { text-align: center; }
.align-right { text-align: right; }
"""


def stylesheet() -> str:
    """Follows the reader's system unless the root element says `data-theme="light"` or "dark"."""
    system = _rules(_DARK, ':root:not([data-theme="light"]) .highlight')
    parts = [
        "/* Written by api/rendering/stylesheet.py. */",
        _rules(_LIGHT, ".highlight"),
        f"@media (prefers-color-scheme: dark) {{\n{system}\n}}",
        _rules(_DARK, ':root[data-theme="dark"] .highlight'),
        _SHAPES,
    ]
    return "\n\n".join(parts)


def _rules(style: str, selector: str) -> str:
    formatter: HtmlFormatter[str] = HtmlFormatter(style=style, classprefix=PREFIX)
    lines = formatter.get_style_defs(selector).splitlines()  # type: ignore[no-untyped-call]
    return "\n".join(line for line in lines if line.startswith(selector))


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(stylesheet(), "utf-8")
