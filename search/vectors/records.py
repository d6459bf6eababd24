"""Passages as Chroma keeps them: ids, flat metadata, and conditions on these."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from search.vectors.base import Label, Passage, Where

Record = dict[str, str | int | float]


def id_of(source_id: UUID, number: int) -> str:
    return f"{source_id}:{number}"


def source_of(record_id: str) -> UUID:
    return UUID(record_id.partition(":")[0])


def record_of(passage: Passage) -> Record:
    place: Record = {"source": str(passage.source_id), "start": passage.start, "end": passage.end}
    return {**labelled(passage.label), **place}


def labelled(label: Label) -> Record:
    return {
        "owner": label.owner,
        "conversation": str(label.conversation),
        "time": label.time,
        "digest": label.digest,
        "role": label.role,
        "model": label.model,
        "provider": label.provider,
        "product": label.product,
        "agent": label.agent,
    }


def of_sources(source_ids: Collection[UUID]) -> dict[str, Any]:
    return {"source": {"$in": [str(source_id) for source_id in source_ids]}}


def condition(
    where: Where | None, after: float | None, before: float | None
) -> dict[str, Any] | None:
    """None where everything is wanted: Chroma takes no empty condition."""
    wanted = [{key: _among(value)} for key, value in (where or {}).items()]
    bounds: Mapping[str, float | None] = {"$gte": after, "$lte": before}
    wanted += [{"time": {sign: value}} for sign, value in bounds.items() if value is not None]
    if len(wanted) < 2:
        return wanted[0] if wanted else None
    return {"$and": wanted}


def _among(value: str | tuple[str, ...]) -> dict[str, Any]:
    return {"$eq": value} if isinstance(value, str) else {"$in": list(value)}
