"""A generation's folder, which one process has open at a time."""

import fcntl
import os
import shutil
from pathlib import Path

from search.errors import StoreUnavailable

_LOCK = "lock"


class LockedFolder:
    """The folder and an exclusive lock on it, for as long as this or its process lives.

    Chroma itself lets two processes write into one folder, where each misses the other's vectors.
    """

    def __init__(self, path: Path) -> None:
        """Makes the folder where there is none. Raises StoreUnavailable."""
        self.path = path
        try:
            self._lock = _locked(path)
        except BlockingIOError as error:
            raise StoreUnavailable(
                f"{path} is open in another process: stop it, or set CHROMA_URL to share a server."
            ) from error
        except OSError as error:
            raise StoreUnavailable(f"{path} cannot be used: {error.strerror}.") from error

    def remove(self) -> None:
        """With all that is in it; the lock goes last."""
        try:
            shutil.rmtree(self.path)
        except OSError as error:
            raise StoreUnavailable(f"{self.path} cannot be removed: {error.strerror}.") from error
        finally:
            self.release()

    def release(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _locked(path: Path) -> int:
    while True:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_current(lock, path / _LOCK):
                return lock
        except OSError:
            os.close(lock)
            raise
        os.close(lock)


def _is_current(lock: int, path: Path) -> bool:
    """False where the folder was removed between the opening and the locking of its file."""
    try:
        return os.path.samestat(os.fstat(lock), path.stat())
    except FileNotFoundError:
        return False
