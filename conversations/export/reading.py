"""From Markdown of any origin to blocks: nothing is lost, nothing is fetched, nothing raises."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from conversations.export.blocks import (
    Block,
    Code,
    Heading,
    Item,
    Paragraph,
    Quote,
    Rule,
    Span,
    Spans,
    Table,
)

# A list in a list takes two. Deeper than this a block is shown as it was written.
DEEPEST = 20
# Word refuses tables of more than 63 columns.
MOST_COLUMNS = 50
# The parser's time grows with the square of some texts.
LONGEST_MARKED_UP = 20_000
LONGEST_LINK = 2_000
# The parser passes over what is nested deeper, to the end of the text when it is a list. So it has
# to see more than is shown (DEEPEST).
_PARSER_DEPTH = 40
_LINKED = {"http", "https", "mailto"}
_SHOWN = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n\r"}
_CLEAN: dict[int, int | str] = {
    **_SHOWN,
    0x7F: 0x2421,
    0x85: "\n",
    0x2028: "\n",
    0x2029: "\n",
    0xFFFE: 0xFFFD,
    0xFFFF: 0xFFFD,
    **dict.fromkeys(range(0xD800, 0xE000), 0xFFFD),
}

_parser = MarkdownIt("commonmark", {"html": False, "maxNesting": _PARSER_DEPTH})
_parser.enable(["table", "strikethrough"])
# Inline text is parsed block by block, and only where that is sure to end.
_parser.core.ruler.disable("inline")


def read(text: str) -> Iterator[Block]:
    text = clean(text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for tokens in _top_level(_parser.parse(text)):
        if _is_too_much(tokens):
            begin, end = tokens[0].map or (0, len(lines))
            yield Code("\n".join(lines[begin:end]))
        else:
            yield from _blocks(SyntaxTreeNode(tokens).children)


def clean(text: str) -> str:
    """Without characters that no document can hold: they become visible signs."""
    return text.translate(_CLEAN)


def _top_level(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    group: list[Token] = []
    for token in tokens:
        group.append(token)
        if token.level == 0 and token.nesting <= 0:
            yield group
            group = []


def _is_too_much(tokens: Sequence[Token]) -> bool:
    if any(token.level > DEEPEST for token in tokens):
        return True
    columns = 0
    for token in tokens:
        columns += token.type == "th_open"
        if token.type == "thead_close":
            if columns > MOST_COLUMNS:
                return True
            columns = 0
    return False


def _blocks(nodes: Sequence[SyntaxTreeNode]) -> Iterator[Block]:
    for node in nodes:
        match node.type:
            case "paragraph":
                yield Paragraph(_inline(node))
            case "heading":
                yield Heading(int(node.tag[1:]), _inline(node))
            case "fence" | "code_block":
                yield Code(node.content.removesuffix("\n"))
            case "hr":
                yield Rule()
            case "blockquote":
                yield Quote(tuple(_blocks(node.children)))
            case "bullet_list" | "ordered_list":
                yield from _items(node)
            case "table":
                yield _table(node)
            case _:
                yield Code(node.content)


def _items(node: SyntaxTreeNode) -> Iterator[Item]:
    number = int(node.attrs.get("start", 1))
    for offset, item in enumerate(node.children):
        marker = "•" if node.type == "bullet_list" else f"{number + offset}{item.markup}"
        yield Item(marker, tuple(_blocks(item.children)))


def _table(node: SyntaxTreeNode) -> Table:
    header, *rows = [row for part in node.children for row in part.children]
    return Table(
        tuple(_alignment(cell) for cell in header.children),
        tuple(_inline(cell) for cell in header.children),
        tuple(tuple(_inline(cell) for cell in row.children) for row in rows),
    )


def _alignment(cell: SyntaxTreeNode) -> str:
    return str(cell.attrs.get("style", "")).removeprefix("text-align:")


def _inline(node: SyntaxTreeNode) -> Spans:
    content = "".join(child.content for child in node.children)
    if len(content) > LONGEST_MARKED_UP:
        return (Span(content),)
    tokens: list[Token] = []
    _parser.inline.parse(content, _parser, {}, tokens)
    return tuple(_spans(tokens))


def _spans(tokens: Sequence[Token]) -> Iterator[Span]:
    look, target = Span(""), ""
    for token in tokens:
        match token.type:
            case "strong_open" | "strong_close":
                look = replace(look, bold=token.nesting > 0)
            case "em_open" | "em_close":
                look = replace(look, italic=token.nesting > 0)
            case "s_open" | "s_close":
                look = replace(look, struck=token.nesting > 0)
            case "link_open":
                target = str(token.attrs.get("href", ""))
                look = replace(look, link=linkable(target))
            case "link_close":
                if target and not look.link:
                    yield replace(look, text=f" ({target})")
                look = replace(look, link=None)
            case "image":
                yield _image(token, look)
            case "softbreak" | "hardbreak":
                yield replace(look, text="\n")
            case "code_inline":
                yield replace(look, text=token.content, code=True)
            case _ if token.content:
                yield replace(look, text=token.content)


def _image(token: Token, look: Span) -> Span:
    source = str(token.attrs.get("src", ""))
    return replace(look, text=token.content or source or "?", link=look.link or linkable(source))


def linkable(target: str) -> str | None:
    """`target` if a document may point to it: the web and mail, never files or scripts."""
    try:
        scheme = urlsplit(target).scheme
    except ValueError:
        return None
    return target if scheme in _LINKED and len(target) <= LONGEST_LINK else None
