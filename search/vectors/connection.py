"""Reaching Chroma, in a folder of our own or at an address."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from search.errors import StoreUnavailable
from search.vectors.folder import LockedFolder

if TYPE_CHECKING:
    from chromadb.api import ServerAPI
    from chromadb.config import System

_TIMES = httpx.Timeout(10.0, connect=3.0)
_API_PATH = "/api/v2"


class Connection:
    """`api` is Chroma's own; `close` gives back its files or its sockets."""

    def __init__(self, system: System, api: ServerAPI, folder: LockedFolder | None = None) -> None:
        self.api = api
        self._system = system
        self._folder = folder

    def close(self) -> None:
        self._system.stop()
        if self._folder:
            self._folder.release()
        # Chroma leaves its pool of connections to the garbage collector.
        if isinstance(session := getattr(self.api, "_session", None), httpx.Client):
            session.close()


def in_folder(folder: LockedFolder) -> Connection:
    """Chroma in this process; the connection keeps the lock."""
    with faults(f"in {folder.path}"):
        system, api = _system(
            chroma_api_impl="chromadb.api.rust.RustBindingsAPI",
            is_persistent=True,
            persist_directory=str(folder.path),
        )
        system.start()
    return Connection(system, api, folder)


def at_address(url: str) -> Connection:
    """A Chroma server at `http(s)://host[:port][/path]`, asked once whether it is there."""
    with faults(f"at {_shown(url)}"):
        system, api = _system(
            chroma_api_impl="chromadb.api.fastapi.FastAPI",
            chroma_server_host=url.rstrip("/"),
            chroma_server_http_port=urlsplit(url).port or 8000,
            chroma_server_ssl_enabled=url.startswith("https:"),
            chroma_server_api_default_path=_API_PATH,
        )
        # Chroma's client waits for ever, and offers no setting for it.
        session: httpx.Client = api._session  # type: ignore[attr-defined]
        session.timeout = _TIMES
        system.start()
        connection = Connection(system, api)
        try:
            api.heartbeat()
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def faults(where: str) -> Iterator[None]:
    """Turns whatever Chroma raises into StoreUnavailable."""
    try:
        yield
    except StoreUnavailable:
        raise
    # Chroma raises bare exceptions for what a server answers, so that nothing narrower would do.
    except Exception as error:
        reason = str(error).strip().split("\n")[0][:200]
        raise StoreUnavailable(
            f"Chroma {where} cannot be used: {type(error).__name__}: {reason}"
        ) from error


def _system(**settings: Any) -> tuple[System, ServerAPI]:
    from chromadb.api import ServerAPI
    from chromadb.config import Settings, System

    # It announces at every start that it sends no telemetry.
    logging.getLogger("chromadb.telemetry").setLevel(logging.ERROR)
    # Its own reading of our .env file would find settings that are not meant for it.
    values: dict[str, Any] = {"_env_file": None, "anonymized_telemetry": False, **settings}
    system = System(Settings(**values))
    return system, system.instance(ServerAPI)  # type: ignore[type-abstract]


def _shown(url: str) -> str:
    """Without the password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
