"""How much Markdown an answer may hold: a fixed price list, so that every reading ends alike."""

from api.rendering.blocks import Kind

# In microseconds, rounded up from measurements; _LETTERS is how many cost one.
_BLOCK = 60
_LINE = 25
_LETTERS = 8
_MARKS = {"[": 40, "*": 14, "_": 14, **dict.fromkeys("]()<>`$~|!\\&#", 6)}


class Budget:
    """What is left for the blocks to come, in about microseconds, and for colours in characters."""

    def __init__(self, limit: int = 500_000, coloured: int = 120_000) -> None:
        self._left = limit
        self._coloured = coloured

    def colours(self, source: str) -> bool:
        """Whether the code of the block may be coloured, and pays for it."""
        if "```" not in source and "~~~" not in source:
            return True
        self._coloured -= len(source)
        return self._coloured >= 0

    def affords(self, source: str, kind: Kind) -> bool:
        """Whether the block may still be Markdown."""
        return price(source, kind) <= self._left

    def spend(self, source: str, kind: Kind) -> bool:
        """The same, and pays for it."""
        cost = price(source, kind)
        if cost > self._left:
            return False
        self._left -= cost
        return True


def price(source: str, kind: Kind) -> int:
    """An upper estimate of the work in a block."""
    if kind is Kind.CODE:
        return _BLOCK + len(source) // _LETTERS
    lines = source.count("\n") + source.count("\r")
    marks = sum(source.count(mark) * each for mark, each in _MARKS.items())
    return _BLOCK + len(source) // _LETTERS + _LINE * lines + marks
