"""How many streams one core relays, and what a chunk and a plain request cost.

python -m benchmarks.relay [--streams 100 200 400] [--database URL]

The server has one core to itself; the upstream and the clients share another. Streams carry
50 tokens a second. "Added" latency is from the upstream's write to the client's read.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.load import plain, streams
from tests.client import Server, clean_environment
from tests.services import Process

PAUSE = 0.02
TOKENS = 300
PATIENCE = 60.0
LAST_CORE = (os.cpu_count() or 1) - 1


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as name:
        folder = Path(name)
        upstream = _upstream(folder)
        url = options.database or f"sqlite:///{folder / 'bench.sqlite3'}"
        port = int(upstream.log().splitlines()[0])
        server = Server.start(url, _settings(port))
        os.sched_setaffinity(server.pid, {0})
        os.sched_setaffinity(0, {LAST_CORE})
        try:
            _measure(server, options.streams)
        finally:
            server.stop()
            upstream.stop()


def _measure(server: Server, counts: list[int]) -> None:
    for path in ("/health", "/api/turns/none/events"):
        request = f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
        before = _cpu_seconds(server.pid)
        rate = asyncio.run(plain(server.port, request, connections=16, seconds=3))
        cost = (_cpu_seconds(server.pid) - before) / (rate * 3)
        print(f"GET {path}: {rate:,.0f} requests/s, {cost * 1000:.2f} ms CPU each")
    for count in counts:
        before = _cpu_seconds(server.pid)
        seen = asyncio.run(streams(server.port, count, seconds=PATIENCE))
        cost = (_cpu_seconds(server.pid) - before) / max(1, len(seen.latencies))
        print(
            f"{count} streams: {seen.done} done, {seen.failed} failed, "
            f"p50 {seen.percentile(0.5) * 1000:.0f} ms, p99 {seen.percentile(0.99) * 1000:.0f} ms, "
            f"{cost * 1e6:.0f} us CPU per chunk"
        )


def _upstream(folder: Path) -> Process:
    command = [sys.executable, "-m", "benchmarks.upstream"]
    command += ["--tokens", str(TOKENS), "--pause", str(PAUSE)]
    process = Process(command, folder=folder, env=clean_environment(folder, {}))
    process.wait_until(lambda: process.log().endswith("\n"))
    os.sched_setaffinity(process.pid, {LAST_CORE})
    return process


def _settings(port: int) -> dict[str, str]:
    return {
        "CHAT_LLM_API_BASE": f"http://127.0.0.1:{port}/v1",
        "DEFAULT_PROVIDER": "openai-compatible",
        "RATE_RPS": "100000",
        "RATE_BURST": "1000000",
        "LOG_LEVEL": "WARNING",
    }


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process (proc(5): fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.relay")
    parser.add_argument("--streams", type=int, nargs="+", default=[100, 200, 400])
    parser.add_argument("--database", help="URL of an empty database; SQLite without it")
    return parser.parse_args()


if __name__ == "__main__":
    main()
