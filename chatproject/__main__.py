"""The server that people run: uvicorn, with httptools, uvloop and websockets.

python -m chatproject [--host ADDRESS] [--port PORT] [--workers NUMBER]
"""

import argparse

import uvicorn

from chatproject.config import Config, load
from chatproject.metrics_workers import shared_files
from chatproject.socket_protocol import (
    LARGEST_FRAME,
    PING_SECONDS,
    PONG_SECONDS,
    PatientWebSocket,
)
from chatproject.worker_number import announce_workers

# Beyond the time that turns get: for the last bytes to reach the clients.
LAST_BYTES_SECONDS = 5


def main() -> None:
    config = load()
    options = _options(config)
    announce_workers(options.workers)
    # Before the first worker starts: each decides by its environment where it counts.
    with shared_files(workers=options.workers if config.METRICS_ENABLED else 1):
        uvicorn.run(
            "chatproject.asgi:application",
            host=options.host,
            port=options.port,
            workers=options.workers,
            http="httptools",
            loop="uvloop",
            lifespan="on",
            ws=PatientWebSocket,
            ws_max_size=max(LARGEST_FRAME, 2 * config.MAX_MESSAGE_SIZE),
            ws_ping_interval=PING_SECONDS,
            ws_ping_timeout=PONG_SECONDS,
            # Deltas are short, and a frame that is blown up costs more than it brings.
            ws_per_message_deflate=False,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=int(config.TURN_DRAIN_SECONDS) + LAST_BYTES_SECONDS,
        )


def _options(config: Config) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chatproject", description="Serve Parley.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=config.PORT)
    parser.add_argument("--workers", type=int, default=1, help="processes; needs PostgreSQL")
    return parser.parse_args()


if __name__ == "__main__":
    main()
