"""Where a line may end inside of a word that is longer than the line."""

import re
import unicodedata
from functools import partial

_SPACE = "\u200b"
_JOINER = "\u200d"
# Chinese, Japanese and Korean lines may end nearly everywhere already.
_WORD = r"[^\s\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]{%d,}"


def breakable(text: str, *, longest: int) -> str:
    """`text` with a zero-width space here and there in words of more than `longest` characters."""
    return re.sub(_WORD % (longest + 1), partial(_spaced, step=max(4, longest // 4)), text)


def _spaced(word: re.Match[str], *, step: int) -> str:
    pieces: list[str] = []
    since = 0
    for character in word[0]:
        if since >= step and not _continues(character) and pieces[-1] != _JOINER:
            pieces.append(_SPACE)
            since = 0
        pieces.append(character)
        since += 1
    return "".join(pieces)


def _continues(character: str) -> bool:
    return unicodedata.category(character)[0] in "MC" or character == _JOINER
