"""A thread as a PDF, set by Typst, part by part so that no thread is too long for the memory."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from conversations.export.document import ExportedThread
from conversations.export.errors import ExportFailed
from conversations.export.fonts import packaged_folders
from conversations.export.outline import blocks_of
from conversations.export.reading import clean
from conversations.export.typesetting import PRELUDE, first_page, source_of, title

TYPESETTER = Path(__file__).with_name("typesetter.py")
PART_CHARACTERS = 400_000
PATIENCE_SECONDS = 300


def pdf_of(thread: ExportedThread, out: BinaryIO) -> None:
    """Writes the PDF to `out`. Raises ExportFailed."""
    prelude = PRELUDE + title(clean(thread.heading))
    parts = _grouped(map(source_of, blocks_of(thread)))
    first, second = next(parts), next(parts, None)
    if second is None:
        out.write(_typeset(prelude + first, tagged=True))
        return
    with TemporaryDirectory(prefix="parley-export-") as folder:
        _joined(prelude, chain((first, second), parts), Path(folder), out)


def _grouped(sources: Iterable[str]) -> Iterator[str]:
    group: list[str] = []
    size = 0
    for source in sources:
        group.append(source)
        size += len(source)
        if size >= PART_CHARACTERS:
            yield "".join(group)
            group, size = [], 0
    if group:
        yield "".join(group)


def _joined(prelude: str, parts: Iterable[str], folder: Path, out: BinaryIO) -> None:
    import pikepdf

    with ExitStack() as opened:
        joined = opened.enter_context(pikepdf.Pdf.new())
        for number, part in enumerate(parts):
            file = folder / f"{number}.pdf"
            page = first_page(len(joined.pages) + 1)
            # The structure of several documents cannot be joined: only one part has tags.
            file.write_bytes(_typeset(prelude + page + part, tagged=False))
            source = opened.enter_context(pikepdf.open(file))
            if number == 0:
                joined.docinfo["/Title"] = source.docinfo["/Title"]
            joined.pages.extend(source.pages)
        joined.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def _typeset(source: str, *, tagged: bool) -> bytes:
    program = [sys.executable, "-P", str(TYPESETTER), "yes" if tagged else "no"]
    try:
        done = subprocess.run(
            [*program, *packaged_folders()],
            input=source.encode("utf-8", "replace"),
            capture_output=True,
            timeout=PATIENCE_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise ExportFailed(f"The typesetter took over {PATIENCE_SECONDS} s.") from error
    if done.returncode != 0:
        raise ExportFailed(f"The typesetter ended with {done.returncode}.")
    return done.stdout
