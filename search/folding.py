"""One spelling for what people take for the same word, in any script."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

LONGEST_TOKEN = 64


@dataclass(frozen=True, slots=True)
class Token:
    """A folded word, at most `LONGEST_TOKEN` characters of it, and its span in the original."""

    text: str
    start: int
    end: int


def fold(text: str) -> str:
    """Without case, diacritics and other differences of spelling; idempotent.

    Vowel signs of Indic scripts stay, because words differ by nothing else.
    """
    if text.isascii():
        return _APOSTROPHE.sub("", text.lower())
    # Folding case undoes a normal form (U+0345), and what it makes may be decomposed further.
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return _APOSTROPHE.sub("", unicodedata.normalize("NFC", plain.translate(_LETTERS)))


def tokens(text: str) -> Iterator[Token]:
    """Runs of letters, marks and digits; each Han and Kana character is a token of its own."""
    for run in _runs(text).finditer(text):
        if word := _word(run[0]):
            yield Token(word, *run.span())


def words(text: str) -> list[str]:
    """The same without the spans, which is faster."""
    if text.isascii():
        return [run[:LONGEST_TOKEN] for run in _ASCII_RUN.findall(fold(text))]
    return [word for run in _runs(text).findall(text) if (word := _word(run))]


def _runs(text: str) -> re.Pattern[str]:
    return _RUN_AMONG_HAN if _HAN.search(text) else _RUN


def _word(run: str) -> str:
    return _cached_word(run[: 4 * LONGEST_TOKEN])


def _new_word(run: str) -> str:
    # Compatibility forms may hold signs (a fraction's slash), even spaces.
    return _SIGNS.sub("", fold(run))[:LONGEST_TOKEN]


_cached_word = lru_cache(maxsize=50_000)(_new_word)


def _characters(*ranges: tuple[int, int]) -> Iterator[str]:
    return (chr(code) for first, last in ranges for code in range(first, last + 1))


def _class(characters: Iterator[str]) -> str:
    """The inside of a regular expression's character class, as ranges."""
    spans: list[list[int]] = []
    for code in sorted({ord(character) for character in characters}):
        if spans and code == spans[-1][1] + 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return "".join(rf"\U{first:08x}-\U{last:08x}" for first, last in spans)


# Soft hyphen, zero-width joiners, marks of direction: nobody sees them inside a word.
_INVISIBLE = (
    *((0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x180B, 0x180F), (0x200B, 0x200F)),
    *((0x202A, 0x202E), (0x2060, 0x2069), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xE0100, 0xE01EF)),
)
# Diacritics, Hebrew points, Arabic harakat and tatweel, letters that stand for an apostrophe.
_DROPPED = (
    *((0x02B9, 0x02BF), (0x0300, 0x036F), (0x0591, 0x05BD), (0x05BF, 0x05BF), (0x05C1, 0x05C2)),
    *((0x05C4, 0x05C5), (0x05C7, 0x05C7), (0x0610, 0x061A), (0x0640, 0x0640), (0x064B, 0x065F)),
    *((0x0670, 0x0670), (0x06D6, 0x06DC), (0x06DF, 0x06E8), (0x06EA, 0x06ED), (0x1AB0, 0x1AFF)),
    *((0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F)),
)
_HAN_AND_KANA = _class(
    _characters(
        *((0x3005, 0x3007), (0x3021, 0x3029), (0x3031, 0x3035), (0x303B, 0x303B)),
        *((0x3041, 0x3096), (0x309D, 0x309F), (0x30A1, 0x30FA), (0x30FC, 0x30FF)),
        *((0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF)),
        *((0xFF66, 0xFF9D), (0x1B000, 0x1B16F), (0x20000, 0x3FFFD)),
    )
)
_ALL = ((0, 0x1FFFF), (0xE0100, 0xE01EF))
_MARKS = _class(
    chain(
        (sign for sign in _characters(*_ALL) if unicodedata.category(sign)[0] == "M"),
        _characters(*_INVISIBLE),
        "\uff9e\uff9f",
    )
)
_LETTERS = str.maketrans(
    {
        **{
            digit: str(unicodedata.decimal(digit))
            for digit in _characters(*_ALL)
            if digit.isdecimal()
        },
        **dict.fromkeys(chain(_characters(*_INVISIBLE), _characters(*_DROPPED)), ""),
        **dict(zip("øłđıħŧɨʉðƶ", "oldihtiudz", strict=True)),
        **{"æ": "ae", "œ": "oe", "þ": "th"},  # noqa: PIE800 - beside its like
        # Arabic and Persian letters that look alike or are typed for each other.
        **dict.fromkeys("يىې", "ی"),
        **dict.fromkeys("كڪ", "ک"),
        **dict.fromkeys("ةەۀۂۃہ", "\u0647"),
        "ٱ": "\u0627",
    }
)
_QUOTES = "['\u2018\u2019\uff07]"
_HAN = re.compile(f"[{_HAN_AND_KANA}]")
_RUN = re.compile(rf"[^\W_]+(?:[{_MARKS}]+[^\W_]*|{_QUOTES}[^\W_]+)*")
_RUN_AMONG_HAN = re.compile(
    rf"[{_HAN_AND_KANA}][{_MARKS}]*|{_RUN.pattern.replace('_]', f'_{_HAN_AND_KANA}]')}"
)
_ASCII_RUN = re.compile("[a-z0-9]+")
# The sign first, for which a text is scanned at once.
_APOSTROPHE = re.compile(rf"{_QUOTES}(?<=[^\W_].)(?=[^\W_])")
_SIGNS = re.compile(rf"[^{_MARKS}\w]+|_")
