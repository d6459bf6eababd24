"""One block of Markdown as sanitised HTML."""

import re
from html import escape
from typing import Any

from markdown_it import MarkdownIt

from api.rendering.allowlist import sanitised
from api.rendering.characters import without_overrides
from api.rendering.context import Context, Drawn, References
from api.rendering.html import AnswerHTML, prepare
from api.rendering.parser import new_parser
from api.rendering.privacy import without_loading


def draw(source: str, context: Context, *, is_coloured: bool = True) -> Drawn:
    """Never raises: whatever the source, what comes out is HTML from the allow list."""
    references = References(context.references)
    env: dict[str, Any] = {
        "references": references,
        "context": context,
        "notes": [],
        "is_coloured": is_coloured,
    }
    tokens = _PARSER.parse(source, env)
    for token in tokens:
        if token.children:
            token.children = without_loading(token.children)
    prepare(tokens)
    html = sanitised(_HTML.render(tokens, _PARSER.options, env))
    return Drawn(html, dict(references), frozenset(references.missed), tuple(env["notes"]))


def draw_plain(source: str) -> Drawn:
    """The text as it is, for what would cost too much as Markdown."""
    text = escape(_NEWLINE.sub("\n", source).replace("\0", "\ufffd")).lstrip("\n")
    # Escaped text holds nothing to sanitise, and there may be a hundred thousand such blocks.
    return Drawn(without_overrides(f'<pre class="plain" dir="auto">{text}</pre>\n'))


_NEWLINE = re.compile(r"\r\n?")
_PARSER: MarkdownIt = new_parser()
_HTML = AnswerHTML()
