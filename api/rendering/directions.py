"""Which way a group of texts runs: its first letter decides, as for `dir="auto"`.

A browser passes over children that have a direction of their own, and so over all of a table.
"""

from collections.abc import Iterable, Sequence
from unicodedata import bidirectional

from markdown_it.token import Token

_WAYS = {"L": "ltr", "R": "rtl", "AL": "rtl"}


def direction_of(texts: Iterable[str]) -> str:
    """`auto` where there is no letter yet."""
    for text in texts:
        for character in text:
            if way := _WAYS.get(bidirectional(character)):
                return way
    return "auto"


def words_within(tokens: Sequence[Token], opening: int) -> Iterable[str]:
    """The running text between an opening token and its closing one, without code and formulas."""
    level = tokens[opening].level
    for place in range(opening + 1, len(tokens)):
        if tokens[place].level == level:
            return
        for child in tokens[place].children or ():
            if child.type == "text":
                yield child.content
