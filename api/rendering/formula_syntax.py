r"""How formulas are written inside Markdown: `$x$`, `$$x$$`, `\(x\)` and `\[x\]`."""

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

from api.rendering.formulas import LONGEST

_CLOSING = {"$$": "$$", "\\[": "\\]", "\\(": "\\)"}
_MOST_LINES = 100


def add_formulas(markdown: MarkdownIt) -> None:
    """Add the tokens `formula` and `formula_block`, with LaTeX as their content."""
    markdown.inline.add_terminator_char("$")
    markdown.inline.ruler.before("escape", "formula", _inline)
    markdown.block.ruler.before(
        "fence", "formula_block", _block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )


def _inline(state: StateInline, silent: bool) -> bool:
    opening = state.src[state.pos : state.pos + 2]
    if opening in _CLOSING:
        begin, closing = state.pos + 2, _CLOSING[opening]
        end = state.src.find(closing, begin, min(state.posMax, begin + LONGEST))
    elif opening[:1] == "$":
        begin, closing = state.pos + 1, "$"
        end = _closing_dollar(state.src, begin, state.posMax)
    else:
        return False
    if end <= begin or not state.src[begin:end].strip():
        return False
    if not silent:
        token = state.push("formula", "math", 0)
        token.content = state.src[begin:end]
        token.info = "display" if closing in ("$$", "\\]") else ""
    state.pos = end + len(closing)
    return True


def _closing_dollar(source: str, begin: int, stop: int) -> int:
    """Keeps prices, `$HOME:$PATH` and code apart: no space inside the dollars, no word behind."""
    end = source.find("$", begin, min(stop, begin + LONGEST))
    while end > 0 and source[end - 1] == "\\":
        end = source.find("$", end + 1, min(stop, begin + LONGEST))
    if end < 0 or source[begin].isspace() or source[end - 1].isspace():
        return -1
    if source[end + 1 : end + 2].isalnum() or source[begin - 2 : begin - 1].isalnum():
        return -1
    return -1 if "`" in source[begin:end] else end


def _block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    begin = state.bMarks[start_line] + state.tShift[start_line]
    opening = state.src[begin : begin + 2]
    if opening not in ("$$", "\\[") or state.is_code_block(start_line):
        return False
    last = _last_line(state, start_line, min(end_line, start_line + _MOST_LINES))
    if last is None:
        return False
    if not silent:
        lines = state.getLines(start_line, last + 1, state.blkIndent, False).strip()
        token = state.push("formula_block", "math", 0)
        token.content = lines[2:-2]
        token.map = [start_line, last + 1]
    state.line = last + 1
    return True


def _last_line(state: StateBlock, start_line: int, end_line: int) -> int | None:
    begin = state.bMarks[start_line] + state.tShift[start_line] + 2
    closing = _CLOSING[state.src[begin - 2 : begin]]
    for line in range(start_line, end_line):
        if line > start_line:
            begin = state.bMarks[line] + state.tShift[line]
            if state.isEmpty(line) or state.sCount[line] < state.blkIndent:
                return None
        text = state.src[begin : state.eMarks[line]].rstrip()
        if closing in text:
            return line if text.index(closing) == len(text) - 2 else None
    return None
