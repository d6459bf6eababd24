"""Reading a generation's folder while another process has it open."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from search.errors import StoreUnavailable
from search.vectors.chroma import ChromaStore
from search.vectors.connection import in_folder
from search.vectors.folder import LockedFolder

_FILE = "chroma.sqlite3"


@contextmanager
def snapshot(folder: Path, generation: int) -> Iterator[ChromaStore]:
    """What is in it at this moment, ids and labels but no vectors. Raises StoreUnavailable."""
    with tempfile.TemporaryDirectory(prefix="parley-vectors-") as made:
        copy = LockedFolder(Path(made) / str(generation))
        try:
            _copy(folder / str(generation) / _FILE, copy.path / _FILE)
        except sqlite3.Error as error:
            copy.release()
            raise StoreUnavailable(f"{folder} cannot be read: {error}") from error
        store = ChromaStore(in_folder(copy), generation)
        try:
            yield store
        finally:
            store.close()


def _copy(original: Path, copy: Path) -> None:
    uri = f"file:{original}?mode=ro"
    original_file = sqlite3.connect(uri, uri=True, timeout=30)
    with closing(original_file) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
