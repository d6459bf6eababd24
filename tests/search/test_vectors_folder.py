"""Vectors in a folder of our own: one process at a time, and nothing confirmed is lost."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from search.errors import StoreUnavailable
from search.vectors.folder import LockedFolder
from search.vectors.generations import Generations
from tests.search.passages import OWNER, passages, vector, vectors_of

WRITER = """
import sys
from pathlib import Path
from uuid import uuid4
from search.vectors.generations import Generations
from tests.search.passages import OWNER, passages, vectors_of

store = Generations(Path(sys.argv[1])).store(1)
print("open", flush=True)
while True:
    source = uuid4()
    store.put(OWNER, passages(source, vectors_of(source)))
    print(source, flush=True)
"""


def writer(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_another_process_is_kept_out_until_the_first_is_gone(tmp_path: Path) -> None:
    with writer(tmp_path) as process:
        assert process.stdout
        assert process.stdout.readline() == "open\n"
        with pytest.raises(StoreUnavailable, match="is open in another process"):
            Generations(tmp_path).store(1)
        beside = Generations(tmp_path)
        beside.store(2).put(OWNER, passages(uuid4(), [vector(1)]))
        beside.close_all()
        process.kill()
        process.stdout.read()
    after = Generations(tmp_path)
    after.store(1)
    after.close_all()


def test_what_was_confirmed_survives_a_kill_in_the_middle(tmp_path: Path) -> None:
    with writer(tmp_path) as process:
        assert process.stdout
        process.stdout.readline()
        # More than Chroma's sync_threshold of 1000, so that its index has been saved once.
        confirmed = [process.stdout.readline() for _ in range(30)]
        process.send_signal(signal.SIGKILL)
        confirmed += [line for line in process.stdout if line.endswith("\n")]
    opened = Generations(tmp_path)
    store = opened.store(1)
    ids = [UUID(line.strip()) for line in confirmed]
    assert store.digests(OWNER, ids) == dict.fromkeys(ids, "d1")
    for id in ids:
        (nearest,) = store.find(OWNER, vectors_of(id)[0], limit=1)
        assert nearest.source_id == id
    store.put(OWNER, passages(ids[0], vectors_of(ids[1])))
    opened.close_all()


def test_a_dropped_generation_leaves_no_file(tmp_path: Path) -> None:
    opened = Generations(tmp_path / "chroma")
    opened.store(7).put(OWNER, passages(uuid4(), [vector(1)]))
    assert (tmp_path / "chroma" / "7" / "chroma.sqlite3").exists()
    opened.drop(7)
    assert list((tmp_path / "chroma").iterdir()) == []
    opened.drop(7)


def test_a_dropped_generation_that_is_asked_says_that_it_is_unavailable(tmp_path: Path) -> None:
    opened = Generations(tmp_path)
    store = opened.store(1)
    opened.drop(1)
    with pytest.raises(StoreUnavailable):
        store.find(OWNER, vector(1), limit=1)


def test_a_generation_that_another_has_open_is_not_dropped(tmp_path: Path) -> None:
    lock = LockedFolder(tmp_path / "1")
    with pytest.raises(StoreUnavailable, match="another process"):
        Generations(tmp_path).drop(1)
    lock.release()
    Generations(tmp_path).drop(1)
    assert not (tmp_path / "1").exists()


def test_damage_is_named_and_gives_the_lock_back(tmp_path: Path) -> None:
    damaged = tmp_path / "1" / "chroma.sqlite3"
    damaged.parent.mkdir()
    damaged.write_bytes(b"not a database" * 500)
    with pytest.raises(StoreUnavailable, match="not a database"):
        Generations(tmp_path).store(1)
    damaged.unlink()
    opened = Generations(tmp_path)
    opened.store(1)
    opened.close_all()


def test_a_database_that_has_lost_its_tables_is_unavailable(tmp_path: Path) -> None:
    opened = Generations(tmp_path)
    store = opened.store(1)
    connection = sqlite3.connect(tmp_path / "1" / "chroma.sqlite3")
    connection.execute("DROP TABLE collections")
    connection.close()
    with pytest.raises(StoreUnavailable):
        store.put(OWNER, passages(uuid4(), [vector(1)]))
    opened.close_all()


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        Generations(tmp_path / "file").store(1)


def test_vectors_of_another_length_are_refused(tmp_path: Path) -> None:
    opened = Generations(tmp_path)
    store = opened.store(1)
    store.put(OWNER, passages(uuid4(), [vector(1)]))
    with pytest.raises(StoreUnavailable, match="dimension"):
        store.put(OWNER, passages(uuid4(), [vector(1)[:3]]))
    opened.close_all()
