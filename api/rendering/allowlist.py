"""The last word on what reaches a browser: elements, attributes, classes and schemes."""

import nh3

from api.rendering import code, formulas
from api.rendering.characters import without_overrides

REL = "noopener noreferrer nofollow"
TEXT = frozenset([
    "a", "b", "blockquote", "br", "button", "code", "del", "div", "em", "h1", "h2", "h3", "h4",
    "h5", "h6", "hr", "li", "ol", "p", "pre", "s", "section", "span", "strong", "sup", "table",
    "tbody", "td", "th", "thead", "tr", "ul"
])  # fmt: skip
MATH = frozenset([
    "math", "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded",
    "mphantom", "mprescripts", "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle", "msub",
    "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover"
])  # fmt: skip
_MATH_ATTRIBUTES = frozenset([
    "accent", "accentunder", "depth", "display", "displaystyle", "fence", "form", "height",
    "largeop", "linethickness", "lspace", "mathvariant", "maxsize", "minsize", "movablelimits",
    "notation", "rspace", "scriptlevel", "separator", "stretchy", "symmetric", "voffset",
    "width", "columnspan", "rowspan"
])  # fmt: skip
_CLASSES = {
    "a": {"footnote-back"},
    "button": {"copy", "image"},
    "code": {"formula", "highlight"},
    "div": {"code", "code-header", "formula", "table-scroll"},
    "li": {"task"},
    "mtable": set(formulas.CLASSES),
    "mtd": set(formulas.CLASSES),
    "p": {"too-deep"},
    "pre": {"plain"},
    "section": {"footnotes"},
    "span": {"bidi-control", "code-language", "task-mark", *code.CLASSES},
    "sup": {"footnote-ref"},
    "td": {"align-left", "align-center", "align-right"},
    "th": {"align-left", "align-center", "align-right"},
}
_ATTRIBUTES = {
    "*": {"dir"},
    "a": {"href", "id", "target", "aria-label"},
    "button": {"type", "data-copy", "data-image"},
    "li": {"id"},
    "ol": {"start"},
    "pre": {"tabindex"},
    "span": {"role", "aria-label"},
    **{name: set(_MATH_ATTRIBUTES) for name in MATH},
}


def sanitised(html: str) -> str:
    """What of our own HTML passes: a second lock behind the renderer, with its own key."""
    return without_overrides(_CLEANER.clean(html))


def _own_anchor(url: str) -> str | None:
    return url if url.startswith("#fn") else None


_CLEANER = nh3.Cleaner(
    tags={*TEXT, *MATH},
    attributes=_ATTRIBUTES,
    allowed_classes=_CLASSES,
    url_schemes={"http", "https", "mailto"},
    url_relative=_own_anchor,
    link_rel=REL,
)
