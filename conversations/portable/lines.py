"""A file as lines, of which none has to be trusted with the memory."""

from collections.abc import Iterator
from typing import IO

# The longest that the API takes is 20 MiB; files of providers may be larger.
LONGEST_LINE = 64 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


def numbered_lines(file: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """From 1, without blank ones; None in the place of a line that is too long."""
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            _skip_rest(file, line)
            yield number, None
        elif stripped := (line.removeprefix(_BOM) if number == 1 else line).strip():
            yield number, stripped


def _skip_rest(file: IO[bytes], line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = file.readline(LONGEST_LINE)
