"""The stores that this process has open, one for each generation."""

from pathlib import Path
from threading import Lock

from search.vectors.chroma import ChromaStore
from search.vectors.connection import Connection, at_address, in_folder
from search.vectors.folder import LockedFolder


class Generations:
    """Stores in sub-folders of `folder`, or on the Chroma server at `url` where there is one."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self._folder = folder
        self._url = url
        self._stores: dict[int, ChromaStore] = {}
        self._lock = Lock()

    def store(self, generation: int) -> ChromaStore:
        """Open for as long as the process lives. Raises StoreUnavailable."""
        with self._lock:
            if generation not in self._stores:
                self._stores[generation] = self._opened(generation)
            return self._stores[generation]

    def drop(self, generation: int) -> None:
        """Close and remove; nothing happens where there is nothing. Raises StoreUnavailable."""
        self.close(generation)
        if self._url:
            store = self._opened(generation)
            try:
                store.drop()
            finally:
                store.close()
        elif (path := self._path(generation)).exists():
            LockedFolder(path).remove()

    def close(self, generation: int) -> None:
        with self._lock:
            if store := self._stores.pop(generation, None):
                store.close()

    def close_all_but(self, generation: int) -> None:
        for other in [id for id in self._stores if id != generation]:
            self.close(other)

    def close_all(self) -> None:
        for generation in list(self._stores):
            self.close(generation)

    def _opened(self, generation: int) -> ChromaStore:
        connection = self._connected(generation)
        try:
            return ChromaStore(connection, generation)
        except BaseException:
            connection.close()
            raise

    def _connected(self, generation: int) -> Connection:
        if self._url:
            return at_address(self._url)
        folder = LockedFolder(self._path(generation))
        try:
            return in_folder(folder)
        except BaseException:
            folder.release()
            raise

    def _path(self, generation: int) -> Path:
        return self._folder / str(generation)
