"""The vector index in use: which generation it is, where it is kept, and its model."""

import datetime as dt
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from search import outbox
from search.embeddings.base import Embedder
from search.errors import ModelUnavailable, StoreElsewhere, StoreUnavailable
from search.indexing.vectors import VectorsIndex
from search.models import VectorIndex
from search.vectors.base import VectorStore

if TYPE_CHECKING:
    from search.vectors.generations import Generations

logger = structlog.get_logger(__name__)

# How long another process's switch to a new index may go unnoticed, and how long what it
# replaces is kept for those who have not noticed.
_FRESH_SECONDS = 1.0
_GRACE = dt.timedelta(seconds=10)
_BETWEEN_LOADS_SECONDS = 60.0

_IN_FOLDER = "in CHAT_CHROMA_PERSIST_DIRECTORY"
LOADING = "The embedding model is being loaded."
NOT_LOADED = "The embedding model is not loaded yet."
_SEVERAL = "Several workers cannot share a folder of vectors: set CHROMA_URL, see the README."
_ELSEWHERE = "The vectors of this database are not {place}: run `manage.py reindex`."


@dataclass(frozen=True, slots=True)
class Meaning:
    """Ready to be asked."""

    store: VectorStore
    embedder: Embedder


class _Current:
    """The active row, looked up at most once a second."""

    def __init__(self) -> None:
        self._row: VectorIndex | None = None
        self._until = 0.0

    def row(self) -> VectorIndex | None:
        if time.monotonic() >= self._until:
            self._row = VectorIndex.objects.filter(status=VectorIndex.Status.ACTIVE).first()
            self._until = time.monotonic() + _FRESH_SECONDS
        return self._row

    def forget(self) -> None:
        self._until = 0.0


_current = _Current()
_loading = threading.Lock()
_load_again_at = 0.0


def to_search() -> Meaning | None:
    """None while nothing has been indexed. Raises ModelUnavailable, StoreUnavailable.

    It never waits for a model: that of an index is loaded in the background, and where there is
    no index yet, the first message loads it.
    """
    refuse_to_share()
    row = _current.row()
    embedder = embedder_of(row.model if row else settings.CHAT_EMBEDDING_MODEL_NAME)
    if not embedder.is_ready:
        if row is not None:
            _load_in_background(embedder)
        raise ModelUnavailable(LOADING if row else NOT_LOADED)
    return Meaning(opened(row), embedder) if row is not None else None


def why_not_ready() -> str:
    """What would keep a search from asking, as far as can be said without opening anything."""
    row = _current.row()
    try:
        refuse_to_share()
        if row is not None:
            _refuse_elsewhere(row)
    except StoreElsewhere as error:
        return error.shown
    return "" if row is None or embedder_of(row.model).is_ready else LOADING


def warm_up() -> None:
    """Make ready what is there, before somebody asks. Raises ModelUnavailable, StoreUnavailable."""
    if row := _current.row():
        embedder_of(row.model).load()
        opened(row)


def to_index() -> VectorsIndex:
    """The first one is made where there is none. Raises ModelUnavailable, StoreUnavailable."""
    row = _current.row()
    embedder = embedder_of(row.model if row else settings.CHAT_EMBEDDING_MODEL_NAME)
    refuse_to_share()
    # Before anything is made: a server without a model has no index, and says so.
    embedder.load()
    row = row or _first()
    return VectorsIndex(opened(row), embedder, row.id)


def opened(row: VectorIndex) -> VectorStore:
    """Raises StoreUnavailable, also where it is kept elsewhere."""
    refuse_to_share()
    _refuse_elsewhere(row)
    return generations().store(row.id)


@contextmanager
def opened_to_check(row: VectorIndex) -> Iterator[VectorStore]:
    """Ids and labels, also of what another process has open. Raises StoreUnavailable."""
    from search.vectors.snapshot import snapshot

    _refuse_elsewhere(row)
    if row.place == VectorIndex.Place.SERVER:
        yield generations().store(row.id)
    else:
        with snapshot(settings.CHAT_CHROMA_PERSIST_DIRECTORY, row.id) as store:
            yield store


def begun(status: VectorIndex.Status) -> VectorIndex:
    """A new and empty one, by the model of the settings. Chroma is not asked yet."""
    row = VectorIndex.objects.create(
        model=settings.CHAT_EMBEDDING_MODEL_NAME, place=place(), status=status
    )
    if row.place == VectorIndex.Place.FOLDER:
        # By which it is known to be here.
        _folder_of(row).mkdir(parents=True, exist_ok=True)
    return row


def switch_to(row: VectorIndex) -> None:
    """Search asks this one from now on; what happened while it was built is still to come."""
    generations().close(row.id)
    with transaction.atomic():
        built = VectorIndex.objects.filter(id=row.id, status=VectorIndex.Status.BUILDING)
        # Locked in this order, before another that was building the same can do so too.
        if built.select_for_update().exists():
            active = VectorIndex.objects.filter(status=VectorIndex.Status.ACTIVE)
            active.update(status=VectorIndex.Status.RETIRED, retired_at=timezone.now())
            built.update(status=VectorIndex.Status.ACTIVE)
            outbox.replay()
    _current.forget()


def fits(row: VectorIndex) -> bool:
    """Whether a build that was broken off is by the model of the settings, and is here."""
    try:
        _refuse_elsewhere(row)
    except StoreUnavailable:
        return False
    return row.model == settings.CHAT_EMBEDDING_MODEL_NAME


def take_place() -> None:
    """Open what there is, or find out who has it open. Raises StoreUnavailable."""
    refuse_to_share()
    if row := _current.row():
        opened(row)


def discard(row: VectorIndex) -> None:
    """Raises StoreUnavailable."""
    generations().drop(row.id)
    row.delete()


def discard_retired() -> None:
    """Those that nobody asks any more. Raises StoreUnavailable."""
    if active := _current.row():
        generations().close_all_but(active.id)
    retired = VectorIndex.objects.filter(status=VectorIndex.Status.RETIRED, place=place())
    for row in retired.filter(retired_at__lt=timezone.now() - _GRACE):
        discard(row)


def refuse_to_share() -> None:
    """Raises StoreUnavailable."""
    if settings.WORKERS > 1 and settings.CHROMA_URL is None:
        raise StoreElsewhere(_SEVERAL)


def place() -> VectorIndex.Place:
    return VectorIndex.Place.SERVER if settings.CHROMA_URL else VectorIndex.Place.FOLDER


def embedder_of(model: str) -> Embedder:
    from search.embeddings.choice import EmbeddingSettings, embedder_for

    return embedder_for(
        EmbeddingSettings(
            model=model,
            batch_size=settings.CHAT_EMBEDDING_BATCH_SIZE,
            device=settings.CHAT_EMBEDDING_DEVICE,
            api_base=settings.CHAT_EMBEDDING_API_BASE or "",
            api_key=settings.CHAT_EMBEDDING_API_KEY or "",
        )
    )


@cache
def generations() -> "Generations":
    from search.vectors.generations import Generations

    return Generations(settings.CHAT_CHROMA_PERSIST_DIRECTORY, settings.CHROMA_URL or "")


def _refuse_elsewhere(row: VectorIndex) -> None:
    if row.place != place():
        where = "at CHROMA_URL" if settings.CHROMA_URL else _IN_FOLDER
        raise StoreElsewhere(_ELSEWHERE.format(place=where))
    if row.place == VectorIndex.Place.FOLDER and not _folder_of(row).is_dir():
        raise StoreElsewhere(_ELSEWHERE.format(place=_IN_FOLDER))


def _folder_of(row: VectorIndex) -> Path:
    folder: Path = settings.CHAT_CHROMA_PERSIST_DIRECTORY
    return folder / str(row.id)


def _first() -> VectorIndex:
    """Another process may make it at the same moment."""
    try:
        with transaction.atomic():
            row = begun(VectorIndex.Status.ACTIVE)
            outbox.note_everything(outbox.Lane.VECTORS)
    except IntegrityError:
        row = VectorIndex.objects.get(status=VectorIndex.Status.ACTIVE)
    _current.forget()
    return row


def _load_in_background(embedder: Embedder) -> None:
    global _load_again_at
    if time.monotonic() >= _load_again_at and _loading.acquire(blocking=False):
        _load_again_at = time.monotonic() + _BETWEEN_LOADS_SECONDS
        threading.Thread(target=_load, args=(embedder,), name="load-model", daemon=True).start()


def _load(embedder: Embedder) -> None:
    try:
        embedder.load()
    except ModelUnavailable as error:
        logger.warning("embedding_model_unavailable", reason=str(error))
    finally:
        _loading.release()
