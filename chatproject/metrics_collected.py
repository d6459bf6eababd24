"""The metrics as they are read: the same numbers, as totals and as Prometheus's text."""

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from prometheus_client import REGISTRY, Metric, generate_latest

from chatproject.metrics_workers import COUNTERS, GAUGES, VARIABLE, WorkerFiles

_REQUESTS = "parley_http_requests_total"
_RESPONSES = "parley_http_responses_total"
_ERRORS = "parley_http_errors_total"
_LATENCY_SUM = "parley_http_response_start_seconds_sum"
_LATENCY_COUNT = "parley_http_response_start_seconds_count"
_STARTED = "parley_start_time_seconds"
_COUNTS = {_REQUESTS, _RESPONSES, _ERRORS, _STARTED}
_LATENCIES = {_LATENCY_SUM, _LATENCY_COUNT}


@dataclass(frozen=True, slots=True)
class Totals:
    """The numbers of C-6; methods and statuses that did not occur are left out."""

    requests: int
    responses: int
    errors: int
    by_method: dict[str, int]
    by_status: dict[str, int]
    uptime_seconds: float
    latency_avg_ms: float = 0.0


async def counts() -> Totals:
    """Without the latency, which takes longer to add up."""
    if (folder := _folder()) is not None:
        files = WorkerFiles(folder, COUNTERS, GAUGES)
        return await asyncio.to_thread(_totals, files)
    return _totals(REGISTRY.restricted_registry(_COUNTS))


async def totals() -> Totals:
    folder = _folder()
    names = _COUNTS | _LATENCIES
    source = REGISTRY.restricted_registry(names) if folder is None else WorkerFiles(folder)
    # In a thread: files are read, or a thousand samples added up.
    return await asyncio.to_thread(_totals, source)


async def exposition() -> bytes:
    """Prometheus's text format 0.0.4."""
    folder = _folder()
    source = REGISTRY if folder is None else WorkerFiles(folder)
    return await asyncio.to_thread(generate_latest, source)


def _folder() -> Path | None:
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


class _Source(Protocol):
    def collect(self) -> Iterable[Metric]: ...


def _totals(source: _Source) -> Totals:
    sums: defaultdict[str, float] = defaultdict(float)
    by_label: dict[str, dict[str, int]] = {_REQUESTS: {}, _RESPONSES: {}}
    for metric in source.collect():
        for sample in metric.samples:
            sums[sample.name] += sample.value
            if sample.name in by_label and sample.value:
                (label,) = sample.labels.values()
                by_label[sample.name][label] = int(sample.value)
    return Totals(
        requests=int(sums[_REQUESTS]),
        responses=int(sums[_RESPONSES]),
        errors=int(sums[_ERRORS]),
        by_method=dict(sorted(by_label[_REQUESTS].items())),
        by_status=dict(sorted(by_label[_RESPONSES].items())),
        uptime_seconds=round(max(0.0, time.time() - sums[_STARTED]), 3),
        latency_avg_ms=_average_ms(sums),
    )


def _average_ms(sums: Mapping[str, float]) -> float:
    answered = sums.get(_LATENCY_COUNT)
    return round(sums[_LATENCY_SUM] / answered * 1000, 3) if answered else 0.0
