"""Which way a paragraph is written, and which of its parts run against it (UAX #9)."""

import unicodedata
from collections.abc import Iterator

_STRONG = {"L": False, "R": True, "AL": True}
_ISOLATES = ("LRI", "RLI", "FSI")


def is_right_to_left(text: str) -> bool:
    """By the first strong character outside of isolates (P2, P3); without one, left to right."""
    isolated = 0
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in _ISOLATES:
            isolated += 1
        elif kind == "PDI":
            isolated = max(0, isolated - 1)
        elif kind in _STRONG and not isolated:
            return _STRONG[kind]
    return False


def directed_runs(text: str, *, right_to_left: bool) -> Iterator[tuple[str, bool]]:
    """`text` cut where its direction changes, each run with whether it is right to left.

    What has no direction goes with both neighbours if they agree, else with the paragraph (N1, N2).
    """
    if text.isascii() and not right_to_left:
        if text:
            yield text, False
        return
    run, run_direction, neutral = "", right_to_left, ""
    for character in text:
        direction = _STRONG.get(unicodedata.bidirectional(character))
        if direction is None:
            neutral += character
        elif direction == run_direction:
            run, neutral = run + neutral + character, ""
        else:
            before, after = (neutral, "") if run_direction == right_to_left else ("", neutral)
            if run + before:
                yield run + before, run_direction
            run, run_direction, neutral = after + character, direction, ""
    if run_direction == right_to_left:
        run, neutral = run + neutral, ""
    if run:
        yield run, run_direction
    if neutral:
        yield neutral, right_to_left
