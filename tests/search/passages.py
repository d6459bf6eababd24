"""Passages made to measure: the vectors are what a test says."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import numpy as np

from search.embeddings.base import Vector
from search.vectors.base import Label, Passage

OWNER = "workspace-1"


def vector(*values: float) -> Vector:
    """Of four dimensions and length 1."""
    row = np.zeros(4, dtype=np.float32)
    row[: len(values)] = values
    unit: Vector = row / np.linalg.norm(row)
    return unit


def vectors_of(source_id: UUID) -> list[Vector]:
    """40 of 16 dimensions, which no other source has."""
    rows = np.random.default_rng(source_id.int).standard_normal((40, 16)).astype(np.float32)
    return list(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def label(**fields: object) -> Label:
    given = {"owner": OWNER, "conversation": uuid4(), "time": 1000.0, "digest": "d1", **fields}
    return Label(**given)  # type: ignore[arg-type]


def passages(
    source_id: UUID, vectors: Sequence[Vector], source_label: Label | None = None
) -> list[Passage]:
    source_label = source_label or label()
    return [
        Passage(
            source_id=source_id,
            number=number,
            start=number * 10,
            end=number * 10 + 12,
            vector=row,
            label=source_label,
        )
        for number, row in enumerate(vectors)
    ]
