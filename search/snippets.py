"""The piece of a text that shows why it was found."""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.html import escape

from search.folding import Token, tokens
from search.words.query import Term, WordsQuery

Span = tuple[int, int]

WIDTH = 200
# Beyond this nobody looks for a word to mark, and so much further than the first one found.
LOOK, LOOK_ON = 200_000, 4_000
MOST_SPANS = 200


@dataclass(frozen=True, slots=True)
class Snippet:
    """Plain text, to be escaped; `highlights` are spans of it, in order and apart."""

    text: str
    highlights: tuple[Span, ...] = ()

    @property
    def html(self) -> str:
        """Safe in a page whatever the text holds, with `<mark>` around the highlights."""
        pieces, done = [], 0
        for start, end in self.highlights:
            pieces += [
                escape(self.text[done:start]),
                f"<mark>{escape(self.text[start:end])}</mark>",
            ]
            done = end
        return "".join([*pieces, escape(self.text[done:])])


def snippet(text: str, spans: Sequence[Span] = (), *, width: int = WIDTH) -> Snippet:
    """Around the most of the spans that fit, else the start; about `width` characters.

    The spans are in order; one that is longer than the width is cut.
    """
    begin, end = _window(text, spans[:MOST_SPANS], width)
    inside = [
        (max(start, begin), min(stop, end))
        for start, stop in spans[:MOST_SPANS]
        if start < end and stop > begin
    ]
    return _shown(text, begin, end, inside)


def words_snippet(
    text: str, query: WordsQuery, *, within: Span | None = None, width: int = WIDTH
) -> Snippet:
    """The query's words are highlighted; `within` is the passage to show, else all is looked at."""
    start, end = within or (0, len(text))
    passage = text[start : min(end, start + LOOK)]
    spans = [(start + first, start + last) for first, last in word_spans(passage, query)]
    if spans or within is None:
        return snippet(text, spans, width=width)
    begin, stop = _at_words(text, start, min(start + width, end, len(text)))
    return _shown(text, begin, stop, [])


def word_spans(text: str, query: WordsQuery) -> list[Span]:
    """Where the query's words and phrases are, in order and apart, near the first of them."""
    spans: list[Span] = []
    for start, end in _matches(tokens(text[:LOOK]), query.wanted):
        if spans and start > spans[0][0] + LOOK_ON:
            break
        while spans and start <= spans[-1][1]:
            first, last = spans.pop()
            start, end = min(start, first), max(end, last)
        spans.append((start, end))
    return spans


def _matches(found: Iterator[Token], terms: Sequence[Term]) -> Iterator[Span]:
    """By their ends: a phrase is complete at its last word."""
    by_last = [(term.tokens[-1], term) for term in terms]
    recent: deque[Token] = deque(maxlen=max((len(term.tokens) for term in terms), default=1))
    for token in found:
        recent.append(token)
        for last, term in by_last:
            if token.text == last or (term.is_prefix and token.text.startswith(last)):
                begun = len(recent) - len(term.tokens)
                if begun >= 0 and _are(recent, begun, term.tokens[:-1]):
                    yield recent[begun].start, token.end


def _are(recent: Sequence[Token], begun: int, expected: Sequence[str]) -> bool:
    return all(recent[begun + place].text == text for place, text in enumerate(expected))


def _window(text: str, spans: Sequence[Span], width: int) -> Span:
    if not spans:
        return _at_words(text, 0, min(width, len(text)))
    first, last = max(
        ((place, _last_within(spans, place, width)) for place in range(len(spans))),
        key=lambda group: group[1] - group[0],
    )
    start, end = spans[first][0], min(spans[last][1], spans[first][0] + width)
    begin = max(0, min(start - (width - (end - start)) // 2, len(text) - width))
    return _at_words(text, begin, min(begin + width, len(text)), keep=(start, end))


def _last_within(spans: Sequence[Span], first: int, width: int) -> int:
    """The last span of a group that begins with the first and fits the width."""
    last = first
    while last + 1 < len(spans) and spans[last + 1][1] - spans[first][0] <= width:
        last += 1
    return last


def _at_words(text: str, begin: int, end: int, *, keep: Span | None = None) -> Span:
    """Shortened to white space near its ends, but for what is to be kept."""
    first, last = keep or (end, begin)
    if begin and (space := _SPACE.search(text, begin - 1, min(begin + _NEAR, first))):
        begin = max(begin, space.end())
    if end < len(text):
        spaces = list(_SPACE.finditer(text, max(end - _NEAR, last), end))
        end = spaces[-1].start() if spaces else end
    return begin, max(begin, end)


def _shown(text: str, begin: int, end: int, spans: Sequence[Span]) -> Snippet:
    """White space as single spaces, and nothing that turns the page's direction around."""
    pieces: list[str] = ["…"] if begin else []
    highlights: list[Span] = []
    length, done = len(pieces), begin
    for start, stop in [*spans, (end, end)]:
        for piece, is_match in ((text[done:start], False), (text[start:stop], True)):
            clean = _clean(piece)
            if is_match and clean:
                highlights.append((length, length + len(clean)))
            pieces.append(clean)
            length += len(clean)
        done = stop
    return Snippet("".join([*pieces, "…" if end < len(text) else ""]), tuple(highlights))


def _clean(text: str) -> str:
    return _SPACE.sub(" ", _UNSEEN.sub("", text))


_NEAR = 24
_SPACE = re.compile(r"\s+")
# Controls, overrides of direction, and surrogates, which have no UTF-8.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
