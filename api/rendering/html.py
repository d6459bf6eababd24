"""Tokens to HTML: our own elements and classes, every word of the model escaped."""

import re
from collections.abc import Sequence
from html import escape

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from api.rendering.characters import with_visible_overrides
from api.rendering.code import code_html
from api.rendering.context import Context
from api.rendering.directions import direction_of, words_within
from api.rendering.formulas import formula_html
from api.rendering.words import Words

_DIRECTED = frozenset(["paragraph_open", "heading_open", "list_item_open", "th_open", "td_open"])
_GROUPS = frozenset(["blockquote_open", "bullet_list_open", "ordered_list_open", "table_open"])
_TASK = re.compile(r"\[([ xX])\][ \t]+")
_ALIGN = "text-align:"

Tokens = Sequence[Token]


def prepare(tokens: Tokens) -> None:
    """Give blocks their direction, cells their class and task items their mark, in place."""
    for index, token in enumerate(tokens):
        if token.type in _DIRECTED:
            token.attrSet("dir", "auto")
        elif token.type in _GROUPS:
            token.attrSet("dir", direction_of(words_within(tokens, index)))
        style = str(token.attrs.pop("style", ""))
        if style.startswith(_ALIGN):
            token.attrSet("class", f"align-{style.removeprefix(_ALIGN)}")
        if token.type == "inline" and index > 1 and tokens[index - 2].type == "list_item_open":
            _mark_task(tokens[index - 2], token)


def _mark_task(item: Token, inline: Token) -> None:
    children = inline.children or []
    match = _TASK.match(children[0].content) if children else None
    if match and children[0].type == "text":
        children[0].content = children[0].content[match.end() :]
        inline.children = [Token("task_mark", "span", 0, content=match[1]), *children]
        item.attrSet("class", "task")


class AnswerHTML(RendererHTML):
    """One method for each kind of token whose HTML differs from markdown-it's."""

    def fence(self, tokens: Tokens, idx: int, options: OptionsDict, env: EnvType) -> str:
        return self._code(tokens[idx].content, tokens[idx].info, env)

    def code_block(self, tokens: Tokens, idx: int, options: OptionsDict, env: EnvType) -> str:
        return self._code(tokens[idx].content, "", env)

    def code_inline(self, tokens: Tokens, idx: int, options: OptionsDict, env: EnvType) -> str:
        code = with_visible_overrides(escape(tokens[idx].content))
        return f'<code dir="ltr">{code}</code>'

    def formula(self, tokens: Tokens, idx: int, options: OptionsDict, env: EnvType) -> str:
        return formula_html(tokens[idx].content, display=bool(tokens[idx].info))

    def formula_block(self, tokens: Tokens, idx: int, options: OptionsDict, env: EnvType) -> str:
        formula = formula_html(tokens[idx].content, display=True)
        return f'<div class="formula" dir="ltr">{formula}</div>\n'

    def too_deep(self, tokens: Tokens, idx: int, options: OptionsDict, env: EnvType) -> str:
        return f'<p class="too-deep" dir="auto">{escape(tokens[idx].content)}</p>\n'

    def link_open(self, tokens: Tokens, idx: int, options: OptionsDict, env: EnvType) -> str:
        href = escape(str(tokens[idx].attrs.get("href", "")))
        return f'<a href="{href}" target="_blank">'

    def image_offer(self, tokens: Tokens, idx: int, options: OptionsDict, env: EnvType) -> str:
        source = escape(str(tokens[idx].attrs["data-image"]))
        offer = escape(_words(env).show_image.format(host=tokens[idx].content))
        return f'<button type="button" class="image" data-image="{source}">{offer}</button>'

    def task_mark(self, tokens: Tokens, idx: int, options: OptionsDict, env: EnvType) -> str:
        words = _words(env)
        sign, word = ("☐", words.open) if tokens[idx].content == " " else ("☑", words.done)
        return f'<span class="task-mark" role="img" aria-label="{escape(word)}">{sign}</span> '

    def footnote_mark(self, tokens: Tokens, idx: int, options: OptionsDict, env: EnvType) -> str:
        context: Context = env["context"]
        label = tokens[idx].content
        number = context.numbers[label]
        anchor = f"{context.namespace}{number}"
        own_id = "" if label in context.referred else f' id="fnref-{anchor}"'
        context.referred.add(label)
        return f'<sup class="footnote-ref"><a href="#fn-{anchor}"{own_id}>{number}</a></sup>'

    def table_open(self, tokens: Tokens, idx: int, options: OptionsDict, env: EnvType) -> str:
        way = tokens[idx].attrGet("dir")
        return f'<div class="table-scroll" dir="{way}"><table dir="{way}">\n'

    def table_close(self, tokens: Tokens, idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</table></div>\n"

    def _code(self, code: str, info: str, env: EnvType) -> str:
        label = _words(env).copy
        return code_html(code, info, is_coloured=env["is_coloured"], copy_label=label)


def _words(env: EnvType) -> Words:
    context: Context = env["context"]
    return context.words
