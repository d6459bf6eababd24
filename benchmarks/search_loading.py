"""Fills what search looks into, as fast as each of them can be filled."""

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from django.db import connection, models, transaction

from benchmarks.search_corpus import OWNER, Corpus, Said, vectors
from conversations.models import Conversation, Message
from search.embeddings.base import Vector
from search.models import KnownWord, WordDocument
from search.vectors.base import Label, Passage, VectorStore

Row = tuple[Any, ...]

_SURFACE = "threads"
_MAINTENANCE = "SET maintenance_work_mem = '512MB'"


def load_vectors(corpus: Corpus, store: VectorStore) -> None:
    for number, block in enumerate(corpus.blocks()):
        rows = zip(block, vectors(number), strict=True)
        ordered = sorted(rows, key=lambda row: row[0].workspace)
        for workspace, own in groupby(ordered, key=lambda row: row[0].workspace):
            store.put(workspace, [_passage(said, vector) for said, vector in own])


def load_rows(corpus: Corpus) -> None:
    """Into the migrated database of Django's connection: rows, words, and known words."""
    ids = itertools.count(1)
    known: set[tuple[str, str]] = set()
    with _hurried():
        _write(Conversation, _CONVERSATION, map(_conversation_row, corpus.conversations()))
        for block in corpus.blocks():
            _write(Message, _MESSAGE, map(_message_row, block))
            _write(WordDocument, _DOCUMENT, (_document_row(next(ids), said) for said in block))
            # Those of the owner who searches; what others know is never looked at.
            own = (said for said in block if said.workspace == OWNER)
            known.update((OWNER, word) for said in own for word in said.text.split())
        numbered = ((number, *pair) for number, pair in enumerate(sorted(known), 1))
        _write(KnownWord, ("id", "workspace", "text"), numbered)


_CONVERSATION = ("id", "workspace", "created_at", "updated_at", "surface", "has_title", "title")
_MESSAGE = ("id", "conversation", "role", "content", "created_at", "updated_at")
_DOCUMENT = ("id", "workspace", "conversation", "message", "source_id", "text")


def _conversation_row(row: tuple[object, str, float]) -> Row:
    id_, workspace, time = row
    return id_, workspace, _moment(time), _moment(time), _SURFACE, True, "A talk"


def _message_row(said: Said) -> Row:
    time = _moment(said.time)
    return said.id, said.conversation, said.role, said.text, time, time


def _document_row(id_: int, said: Said) -> Row:
    return id_, said.workspace, said.conversation, said.id, said.id, said.text


def _passage(said: Said, vector: Vector) -> Passage:
    label = Label(
        owner=said.workspace,
        conversation=said.conversation,
        time=said.time,
        digest="0" * 32,
        role=said.role,
    )
    return Passage(
        source_id=said.id, number=0, start=0, end=len(said.text), vector=vector, label=label
    )


def _write(model: type[models.Model], names: Sequence[str], rows: Iterable[Row]) -> None:
    """The fields that are not named have their defaults."""
    fields = [model._meta.get_field(name) for name in names]
    others = [field for field in model._meta.concrete_fields if field.name not in names]
    blank = model()
    rest = tuple(_stored(field, getattr(blank, field.attname)) for field in others)
    columns = ", ".join(f'"{field.column}"' for field in [*fields, *others])  # type: ignore[union-attr]
    ready = (
        (*(_stored(field, value) for field, value in zip(fields, row, strict=True)), *rest)
        for row in rows
    )
    _copy(model._meta.db_table, columns, ready)


def _stored(field: Any, value: object) -> object:
    return field.get_db_prep_save(value, connection)


def _copy(table: str, columns: str, rows: Iterator[Row]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            marks = ", ".join(["%s"] * (columns.count(",") + 1))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(rows))
            return
        with cursor.cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


@contextmanager
def _hurried() -> Iterator[None]:
    """What is lost if the machine fails, and PostgreSQL's index of words, is made at the end."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA synchronous = OFF")
            cursor.execute("PRAGMA cache_size = -400000")
            yield
            return
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'search_words'")
        definition: str = cursor.fetchall()[0][0]
        cursor.execute("DROP INDEX search_words")
        yield
        cursor.execute(_MAINTENANCE)
        cursor.execute(definition)
        cursor.execute("VACUUM ANALYZE")


def _moment(time: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(time, dt.UTC)
