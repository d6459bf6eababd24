"""How many tokens a text may have, where there is no tokenizer to ask."""

import re
from collections.abc import Iterator

from search.embeddings.passages import Token

# A letter of Chinese, Japanese or Korean is about a token; a long run of others is cut in pieces.
_CJK = r"\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_UNIT = re.compile(rf"[{_CJK}]|[^\s{_CJK}]{{1,48}}")


def estimated_tokens(text: str) -> Iterator[Token]:
    """Rather too many than too few: about 1.4 for a word of English."""
    for unit in _UNIT.finditer(text):
        yield Token(unit.start(), unit.end(), _weight(unit[0]))


def _weight(unit: str) -> float:
    if unit.isascii():
        return max(1.4, len(unit) / 3)
    return max(1.0, len(unit) / 1.5)
