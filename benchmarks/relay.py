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
from tests.client import FromScratch, Server, clean_environment
from tests.services import Process

PAUSE = 0.02
TOKENS = 300
PATIENCE = 60.0
LAST_CORE = (os.cpu_count() or 1) - 1


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as name:
        folder = Path(name)
        tokens = ["--tokens", str(TOKENS), "--pause", str(PAUSE)]
        upstream = _process("benchmarks.upstream", tokens, folder, core=LAST_CORE)
        floor = _process("benchmarks.floor", ["--upstream", str(_port(upstream))], folder, core=0)
        url = options.database or f"sqlite:///{folder / 'bench.sqlite3'}"
        server = FromScratch.start(url, _settings(_port(upstream)))
        os.sched_setaffinity(server.pid, {0})
        os.sched_setaffinity(0, {LAST_CORE})
        try:
            _measure_plain(server)
            for count in options.streams:
                least = _measure_streams("floor", floor.pid, _port(floor), count)
                cost = _measure_streams("parley", server.pid, server.port, count)
                print(f"  a chunk costs {cost / least:.1f} times the floor")
        finally:
            for process in (server, floor, upstream):
                process.stop()


def _measure_plain(server: Server) -> None:
    for path in ("/health", "/api/turns/none/events"):
        request = f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
        before = _cpu_seconds(server.pid)
        rate = asyncio.run(plain(server.port, request, connections=16, seconds=3))
        cost = (_cpu_seconds(server.pid) - before) / (rate * 3)
        print(f"GET {path}: {rate:,.0f} requests/s, {cost * 1000:.2f} ms CPU each")


def _measure_streams(name: str, pid: int, port: int, count: int) -> float:
    """CPU seconds per chunk."""
    before = _cpu_seconds(pid)
    seen = asyncio.run(streams(port, count, seconds=PATIENCE))
    cost = (_cpu_seconds(pid) - before) / max(1, len(seen.latencies))
    print(
        f"{name}, {count} streams: {seen.done} done, {seen.failed} failed, "
        f"p50 {seen.percentile(0.5) * 1000:.0f} ms, p99 {seen.percentile(0.99) * 1000:.0f} ms, "
        f"{cost * 1e6:.0f} us CPU per chunk"
    )
    return cost


def _process(module: str, options: list[str], folder: Path, *, core: int) -> Process:
    command = [sys.executable, "-m", module, *options]
    own = folder / module
    own.mkdir()
    process = Process(command, folder=own, env=clean_environment(own, {}))
    process.wait_until(lambda: process.log().endswith("\n"))
    os.sched_setaffinity(process.pid, {core})
    return process


def _port(process: Process) -> int:
    return int(process.log().splitlines()[0])


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
