"""Footnotes of a whole answer: numbered in the order in which the text refers to them."""

import re
from collections.abc import Iterable, Mapping
from html import escape

from api.rendering.allowlist import sanitised
from api.rendering.context import Context
from api.rendering.directions import direction_of
from api.rendering.drawing import draw

_DEFINITION = re.compile(r" {0,3}\[\^([^\]\s]{1,64})\]:[ \t]*")
_INDENT = re.compile(r"^(?: {1,4}|\t)", re.MULTILINE)


def definition(source: str) -> tuple[str, str]:
    """Label and Markdown of a block of kind NOTE."""
    match = _DEFINITION.match(source)
    if match is None:
        return "", source
    return match[1], _INDENT.sub("", source[match.end() :])


def numbered(referred: Iterable[str], notes: Mapping[str, str]) -> dict[str, int]:
    """A number for each note: first those referred to, then the others, that none gets lost."""
    order = dict.fromkeys(label for label in referred if label in notes)
    return {label: number for number, label in enumerate({**order, **notes}, start=1)}


def section_html(notes: Mapping[str, str], context: Context) -> str:
    """The list at the end of an answer."""
    ordered = sorted(notes, key=context.numbers.__getitem__)
    items = "".join(_item(label, notes[label], context) for label in ordered)
    way = direction_of(notes.values())
    return f'<section class="footnotes" dir="{way}"><ol>{items}</ol></section>\n'


def _item(label: str, source: str, context: Context) -> str:
    anchor = f"{context.namespace}{context.numbers[label]}"
    is_referred = label in context.referred
    label_back = escape(context.words.back)
    back = (
        f'<a class="footnote-back" href="#fnref-{anchor}" aria-label="{label_back}">↩</a>'
        if is_referred
        else ""
    )
    opening = sanitised(f'<li id="fn-{anchor}"></li>').removesuffix("</li>")
    return f"{opening}{draw(source, context).html}{sanitised(back)}</li>"
