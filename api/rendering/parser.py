"""Markdown to tokens: CommonMark with tables, strikethrough, formulas and footnote marks."""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from api.rendering import links
from api.rendering.context import Context
from api.rendering.formula_syntax import add_formulas

_DEEPEST = 24
_LONGEST_INLINE = 4000
_LONGEST_MARKED = 400
_MOST_MARKS = 300
_NOTE_MARK = re.compile(r"\[\^([^\]\s]{1,64})\]")


def new_parser() -> MarkdownIt:
    """A parser that shows raw HTML as text. Its `env` needs `references` and `context`."""
    markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": _DEEPEST + 8})
    markdown.enable(["table", "strikethrough"]).disable(["html_block", "html_inline"])
    markdown.validateLink = links.is_allowed  # type: ignore[method-assign]
    add_formulas(markdown)
    markdown.block.ruler.before("table", "too_deep", _too_deep)
    markdown.inline.ruler.before("link", "footnote_mark", _footnote_mark)
    markdown.core.ruler.at("inline", _inline)
    return markdown


def _inline(state: StateCore) -> None:
    """Parse running text in bounded parts: some of markdown-it's rules are quadratic."""
    for token in state.tokens:
        if token.type == "inline":
            children: list[Token] = []
            for part in _parts(token.content):
                tokens: list[Token] = []
                state.md.inline.parse(part, state.md, state.env, tokens)
                children += tokens
            token.children = children


def _parts(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = start + _LONGEST_INLINE
        if sum(text.count(mark, start, end) for mark in "[*_") > _MOST_MARKS:
            end = start + _LONGEST_MARKED
        if end < len(text):
            end = max(text.rfind("\n", start, end), text.rfind(" ", start, end)) + 1 or end
        yield text[start:end]
        start = end


def _too_deep(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Text below the deepest level is kept as it is; markdown-it would drop it."""
    if silent or state.level < _DEEPEST:
        return False
    line = start_line
    while line < end_line and (state.isEmpty(line) or state.sCount[line] >= state.blkIndent):
        line += 1
    token = state.push("too_deep", "p", 0)
    token.content = state.getLines(start_line, line, state.blkIndent, False)
    state.line = line
    return True


def _footnote_mark(state: StateInline, silent: bool) -> bool:
    if not state.src.startswith("[^", state.pos):
        return False
    match = _NOTE_MARK.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    context: Context = state.env["context"]
    state.env["notes"].append(match[1])
    if match[1] not in context.numbers:
        return False
    if not silent:
        state.push("footnote_mark", "sup", 0).content = match[1]
    state.pos = match.end()
    return True
