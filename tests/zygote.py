"""A process with the libraries imported, from which servers are forked: a third of the start.

All of Parley is imported by the fork, in the environment of its own. An order is one line of JSON
on a connection for it alone; the answers are two integers: the pid, and at its end the status.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import struct
import sys
from typing import Any

# Of what a server may import, all that does not look at the settings while it is imported.
LIBRARIES = (
    "aiohttp",
    "chromadb.api.fastapi",
    "chromadb.api.rust",
    "corsheaders",
    "django.contrib.postgres.forms",
    "django.contrib.staticfiles.finders",
    "django.core.handlers.asgi",
    "django.core.management",
    "django.db.backends.postgresql.base",
    "django.db.backends.sqlite3.base",
    "django.db.migrations.executor",
    "django.template.loader",
    "django_ratelimit.core",
    "httpx",
    "jwt",
    "markdown_it",
    "msgspec",
    "multidict",
    "prometheus_client",
    "pydantic_settings",
    "redis.asyncio",
    "requests",
    "rest_framework",
    "servestatic",
    "structlog",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
    "yaml",
)
ANSWER = struct.Struct("i")
PR_SET_PDEATHSIG = 1


def main(address: str) -> None:
    for library in LIBRARIES:
        importlib.import_module(library)
    # Or the first collection in a fork would copy every page of what is here.
    gc.collect()
    gc.freeze()
    _become(_order(address))


def _order(address: str) -> dict[str, Any]:
    """Waits for orders; returns in a fork, once for each."""
    # Nobody waits for those who keep the connections.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        print("ready", flush=True)  # noqa: T201
        while True:
            connection, _ = listener.accept()
            if _fork() == 0:
                break
            connection.close()
    with connection:
        return _kept(connection)


def _kept(connection: socket.socket) -> dict[str, Any]:
    """The order, in a fork of this process, which itself stays to tell how that ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with connection.makefile() as lines:
        order: dict[str, Any] = json.loads(lines.readline())
    if pid := _fork():
        connection.sendall(ANSWER.pack(pid))
        _, status = os.waitpid(pid, 0)
        connection.sendall(ANSWER.pack(os.waitstatus_to_exitcode(status)))
        os._exit(0)
    return order


def _fork() -> int:
    """Ends the child with its parent, where the system can do so."""
    parent = os.getpid()
    pid = os.fork()
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if pid == 0 and prctl:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
    return pid


def _become(order: dict[str, Any]) -> None:
    """What `python` does with these arguments, in that folder and environment."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        file = os.open(order[name], os.O_RDWR | os.O_APPEND | os.O_CREAT)
        os.dup2(file, number)
        os.close(file)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["env"])
    sys.path[0] = order["folder"]
    first, *rest = order["arguments"]
    if first == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = [first, *rest]
        sys.path[0] = os.path.dirname(first)
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1])
