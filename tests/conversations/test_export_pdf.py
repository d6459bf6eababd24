"""A thread as a PDF, read back with PDFium (T-6.5)."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from conversations.export import pdf as module
from conversations.export.document import ExportedFile, ExportedMessage
from conversations.export.errors import ExportFailed
from tests.conversations.exporting import (
    THREAD,
    ink_of,
    message,
    pdf,
    pdf_pages,
    thread_of,
)

# The part of the page that the title is in.
TITLE = 0.1
SAMPLE = """متن **فارسی** 123 است.

中文段落

| a | سیب |
|---|---|
| b | 5 |

```
x = 1
    y = 2
```

😀 done
"""


def text_of(*texts: str, title: str | None = "Trip") -> str:
    return "\n".join(pdf_pages(pdf(thread_of(texts, title))))


def fonts_of(file: bytes) -> set[str]:
    with pikepdf.open(BytesIO(file)) as opened:
        return {
            str(found["/BaseFont"]).split("+")[1]
            for found in opened.objects
            if isinstance(found, pikepdf.Dictionary) and found.get("/Subtype") == "/Type0"
        }


def test_a_pdf_has_title_id_and_messages_in_their_order() -> None:
    """T-6.5."""
    file = ExportedFile("map.png", "image/png", 2048, "https://b.example/7")
    made = pdf(thread_of([message("Where to?", "user", file), message("**Home**", "assistant")]))
    text = "\n".join(pdf_pages(made))
    parts = [
        "Trip",
        f"Thread ID: {THREAD}",
        "Messages",
        "user, 2026-01-02T12:00:00Z",
        "Where to?",
        "map.png (image/png, 2.0 KiB)",
        "assistant, 2026-01-02T12:00:00Z",
        "Home",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    with pikepdf.open(BytesIO(made)) as opened:
        assert str(opened.docinfo["/Title"]) == "Trip"
        links = [str(note["/A"]["/URI"]) for note in opened.pages[0]["/Annots"]]  # type: ignore[attr-defined, unused-ignore]
    assert links == ["https://b.example/7"]


def test_every_script_has_a_font_that_is_in_the_file() -> None:
    """T-6.5."""
    text = text_of(SAMPLE)
    for part in ("中文段落", "😀", "123", "x = 1\n", "y = 2"):
        assert part in text
    assert set("متن فارسی") <= set(text)
    fonts = " ".join(fonts_of(pdf(thread_of([SAMPLE]))))
    for font in ("NotoSansArabic", "NotoSansCJK", "NotoEmoji", "DejaVuSansMono"):
        assert font in fonts


def test_a_right_to_left_paragraph_stands_at_the_right() -> None:
    """T-6.5, UAX #9."""
    persian, english = (ink_of(pdf(thread_of([], title)), lines=TITLE) for title in ("سلام", "hi"))
    assert 0.7 < persian[0] < persian[1] < 0.92
    assert 0.08 < english[0] < english[1] < 0.3


def test_arabic_letters_are_joined() -> None:
    """Joined letters take less room than the same letters kept apart."""
    joined = ink_of(pdf(thread_of([], "ب" * 13)), lines=TITLE)[0]
    apart = ink_of(pdf(thread_of([], "ب\u200c" * 13)), lines=TITLE)[0]
    assert joined > apart + 0.05


@pytest.mark.parametrize(
    "text",
    [
        "".join(map(chr, range(32))) + "end",
        "x" * 50_000 + " end",
        "س" * 20_000 + " end",
        "\u202e\u2066" * 50 + "end",
        ">" * 500 + " end",
        "\n".join("  " * depth + "- x" for depth in range(9)) + "end",
        ">" * 19 + " end",
        "> - " * 6 + "end",
        "- > " * 6 + "| a |\n" + "  > " * 6 + "|---|\n" + "  > " * 6 + "| end |",
        "> - " * 4 + "end",
        "|" + "column|" * 40 + "\n|" + "-|" * 40 + "\n|" + "1|" * 39 + "end|",
        "[a](<https://b.example/\"'&\\>) end",
        "> \n\n- \n\n# \n\n```\n```\n\nend",
        "```\nend",
    ],
)
def test_rubbish_becomes_a_pdf_with_all_that_follows_it(text: str) -> None:
    found = text_of(text, "after", title=text[:80])
    assert "end" in found
    assert found.rstrip("\n 0123456789").endswith("after")


def test_a_word_that_is_longer_than_the_page_is_wide_is_wrapped() -> None:
    file = pdf(thread_of(["x" * 500 + "END"]))
    assert ink_of(file)[1] < 0.92
    assert "END" in "".join(pdf_pages(file)).replace("\n", "")


def test_texts_are_never_run(tmp_path: Path) -> None:
    """Typst could read files; a text is a text."""
    secret = tmp_path / "secret.txt"
    secret.write_text("hidden")
    text = f'"); #read("{secret}") \\u{{41}} #import "@preview/a:1.0.0" $x$ `"); #panic()`'
    found = text_of(text).replace("\n", "")
    assert "#read(" in found
    assert "#panic()" in found
    assert "hidden" not in found


def test_a_character_that_no_font_has_is_not_an_error() -> None:
    assert "after" in text_of("\U00013000 \U000f0000 \u0378 after")


def test_a_machine_without_any_of_the_fonts_makes_a_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "packaged_folders", lambda: ())
    assert "x = 1" in text_of(SAMPLE)


def test_a_long_thread_is_set_in_parts_with_one_count_of_pages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PART_CHARACTERS", 2_000)
    held: list[str] = []

    def many() -> Iterator[ExportedMessage]:
        for number in range(30):
            held.append(f"number {number}.")
            yield message(held[-1] + " text" * 60)

    made = pdf(thread_of(many()))
    pages = pdf_pages(made)
    assert len(pages) > 3
    assert [page.split()[-1] for page in pages] == [str(n + 1) for n in range(len(pages))]
    text = "\n".join(pages)
    places = [text.index(part) for part in held]
    assert places == sorted(places)
    with pikepdf.open(BytesIO(made)) as opened:
        assert str(opened.docinfo["/Title"]) == "Trip"


@pytest.mark.parametrize(
    "program", ["import sys; sys.exit(3)", "import os; os.abort()", "import time; time.sleep(60)"]
)
def test_a_typesetter_that_fails_is_a_named_failure(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "typesetter.py"
    script.write_text(program)
    monkeypatch.setattr(module, "TYPESETTER", script)
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 1)
    with pytest.raises(ExportFailed):
        pdf(thread_of(["x"]))
