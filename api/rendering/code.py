"""Code with a header, a place for a copy button, and colours as classes."""

import re
from collections.abc import Iterator
from functools import lru_cache
from html import escape
from io import StringIO
from time import thread_time

from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES, _TokenType

from api.rendering.characters import with_visible_overrides

PREFIX = "hl-"
CLASSES = frozenset(PREFIX + name for name in STANDARD_TYPES.values() if name)
LONGEST_HIGHLIGHTED = 16_000
_LONGEST_LINE = 1000
_LONGEST_LANGUAGE = 24
_SECONDS = 0.15
# Rules such as "words before a parenthesis" are quadratic in such runs.
_SLOW = re.compile(r"\s{80}|[\w\s\[\]<>,.]{600}")
LANGUAGES = frozenset([
    "bash", "sh", "shell", "zsh", "console", "c", "cpp", "c++", "cs", "csharp", "css", "dart",
    "diff", "docker", "dockerfile", "elixir", "erlang", "fsharp", "go", "graphql", "haskell",
    "hs", "hcl", "terraform", "html", "http", "ini", "toml", "java", "javascript", "js", "jsx",
    "json", "json5", "julia", "kotlin", "latex", "tex", "lua", "make", "makefile", "markdown",
    "md", "matlab", "nginx", "nix", "objectivec", "ocaml", "perl", "php", "postgresql",
    "powershell", "ps1", "prolog", "protobuf", "py", "python", "python3", "pycon", "r", "rb",
    "ruby", "rs", "rust", "scala", "scheme", "scss", "sql", "sqlite3", "swift", "ts", "tsx",
    "typescript", "vbnet", "vim", "vue", "xml", "yaml", "yml", "zig"
])  # fmt: skip


class _TooSlow(Exception):
    """A lexer has used up its time."""


def code_html(code: str, info: str, *, is_coloured: bool = True, copy_label: str = "Copy") -> str:
    """A whole block, with `info` as it stands behind the fence."""
    language = (info.split() or [""])[0]
    body = _highlighted(code, language.lower()) if is_coloured else escape(code)
    return (
        '<div class="code" dir="ltr"><div class="code-header">'
        f'<span class="code-language">{escape(language[:_LONGEST_LANGUAGE])}</span>'
        '<button type="button" class="copy" data-copy="">'
        f"{escape(copy_label)}</button></div>"
        f'<pre tabindex="0"><code class="highlight">{with_visible_overrides(body)}</code></pre>'
        "</div>\n"
    )


def _highlighted(code: str, language: str) -> str:
    if language not in LANGUAGES or not _is_reasonable(code):
        return escape(code)
    lines = StringIO()
    try:
        _FORMATTER.format(_timed(_lexer(language).get_tokens(code)), lines)
    except _TooSlow:
        return escape(code)
    return lines.getvalue()


def _timed(tokens: Iterator[tuple[_TokenType, str]]) -> Iterator[tuple[_TokenType, str]]:
    deadline = thread_time() + _SECONDS
    for token in tokens:
        if thread_time() > deadline:
            raise _TooSlow
        yield token


def _is_reasonable(code: str) -> bool:
    if len(code) > LONGEST_HIGHLIGHTED or _SLOW.search(code):
        return False
    return all(len(line) <= _LONGEST_LINE for line in code.split("\n"))


@lru_cache(maxsize=len(LANGUAGES))
def _lexer(language: str) -> Lexer:
    return get_lexer_by_name(language, stripnl=False, ensurenl=False)


_FORMATTER: HtmlFormatter[str] = HtmlFormatter(nowrap=True, classprefix=PREFIX)
