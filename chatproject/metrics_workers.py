"""Counting across worker processes: each writes files of its own, and any of them reads all.

The library decides when it is imported, by its environment variable, whether values are kept
in files; see https://prometheus.github.io/client_python/multiprocess/.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
KINDS = COUNTERS, GAUGES, HISTOGRAMS = "counter", "gauge", "histogram"


@contextmanager
def shared_files(*, workers: int) -> Iterator[None]:
    """A fresh folder for the files of the processes that are started meanwhile.

    Nothing for a single worker, or where the operator has named a folder.
    """
    if workers <= 1 or VARIABLE in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="parley-metrics-", ignore_cleanup_errors=True) as made:
        os.environ[VARIABLE] = made
        try:
            yield
        finally:
            del os.environ[VARIABLE]


class WorkerFiles(Collector):
    """The sums over all workers, those of the dead included, of some kinds of metrics."""

    def __init__(self, folder: Path, *kinds: str) -> None:
        self._folder = folder
        self._kinds = kinds or KINDS

    def collect(self) -> Iterable[Metric]:
        for gauge in self._folder.glob("gauge_live*.db"):
            if not _is_alive(_pid_of(gauge)):
                gauge.unlink(missing_ok=True)
        # A worker that is just starting has files without a first byte.
        files = [str(file) for file in self._files() if _has_begun(file)]
        return list(MultiProcessCollector.merge(files))  # type: ignore[no-untyped-call]

    def _files(self) -> Iterator[Path]:
        for kind in self._kinds:
            yield from self._folder.glob(f"{kind}_*.db")


def _pid_of(file: Path) -> int:
    return int(file.stem.rpartition("_")[2])


def _has_begun(file: Path) -> bool:
    try:
        return file.stat().st_size > 0
    except FileNotFoundError:
        return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
