"""Fourteen faults at seven backends, with a fallback and without."""

import pytest

from benchmarks.failure_matrix import (
    BACKENDS,
    SPARE_SECONDS,
    expected_of,
    matrix_of,
)
from benchmarks.faulty_upstream import FAULTS


@pytest.mark.parametrize("name", BACKENDS)
async def test_every_fault_ends_as_it_should(name: str) -> None:
    """Said or not, in time, never two answers glued, and nothing left open at the provider."""
    rows = await matrix_of(name)
    assert len(rows) == 2 * len(FAULTS) == 28
    for row in rows:
        text, is_fault = expected_of(name, row.fault_played, row.has_fallback)
        assert (row.text, bool(row.fault)) == (text, is_fault), row
        assert not row.fault or row.fault in FAULTS[row.fault_played][1], row
        assert row.seconds < SPARE_SECONDS, row
        assert row.left_open == 0, row
