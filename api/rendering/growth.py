"""When a block that grows is worth drawing again."""

from api.rendering.blocks import Block, Kind

_SMALLEST_STEP = 32


class Growth:
    """Steps that rise with the size, up to doubling: the work stays linear for large blocks."""

    def __init__(self) -> None:
        self._index = -1
        self._drawn = 0

    def is_due(self, block: Block, index: int) -> bool:
        """Whether to draw now; True takes note of it."""
        size = block.end - block.start
        is_same = index == self._index
        if is_same and size < self._drawn + _step(self._drawn, block.kind):
            return False
        self._index, self._drawn = index, size
        return True


def _step(size: int, kind: Kind) -> int:
    """Open code is only escaped; other blocks are parsed, a hundred times as dear."""
    if kind is Kind.CODE:
        return max(_SMALLEST_STEP, size // 16)
    return max(_SMALLEST_STEP, min(size, size * size // 10_000))
