"""A thread as Markdown, and the name of its file (T-6.5)."""

from collections.abc import Iterator
from urllib.parse import unquote
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from conversations.export.document import ExportedFile, ExportedMessage
from conversations.export.markdown import markdown_of
from conversations.export.naming import LONGEST, disposition_of, filename_of
from tests.conversations.exporting import THREAD, markdown, message, thread_of


def test_markdown_has_title_id_and_messages_in_their_order() -> None:
    """T-6.5."""
    file = ExportedFile("map.png", "image/png", 2048, "/api/attachments/7")
    lines = markdown(
        thread_of([message("Where to?", "user", file), message("**Home**", "assistant")])
    ).splitlines()
    expected = [
        "# Trip",
        f"- Thread ID: {THREAD}",
        "## Messages",
        "### user, 2026-01-02T12:00:00Z",
        "Where to?",
        "- [map.png (image/png, 2.0 KiB)](</api/attachments/7>)",
        "### assistant, 2026-01-02T12:00:00Z",
        "**Home**",
    ]
    assert [line for line in lines if line in expected] == expected


@pytest.mark.parametrize("text", ["سلام *دنیا*", "<b>x</b>", "a\\\n  b\t", "NUL \x00", "中文"])
def test_markdown_holds_each_text_as_it_is(text: str) -> None:
    """T-6.5."""
    assert f"\n\n{text}\n" in markdown(thread_of([text]))


@pytest.mark.parametrize(
    "title",
    [
        "two\nlines",
        "# hash #",
        "*a* _b_ `c` [d](e)",
        "<i>x</i> &amp; ~~y~~",
        "a_b snake",
        "\u202ex",
    ],
)
def test_a_title_of_any_form_is_one_heading_that_reads_as_it(title: str) -> None:
    """T-6.5."""
    first = markdown(thread_of([], title)).splitlines()[0]
    tokens = MarkdownIt("commonmark").parse(first)
    assert [token.type for token in tokens] == ["heading_open", "inline", "heading_close"]
    children = tokens[1].children or []
    assert "".join(child.content for child in children) == " ".join(title.split())
    assert {child.type for child in children} <= {"text", "text_special"}


@pytest.mark.parametrize("title", [None, "", " \n "])
def test_a_thread_without_a_title_has_a_heading(title: str | None) -> None:
    assert markdown(thread_of([], title)).startswith("# Untitled\n")


@pytest.mark.parametrize(
    "text",
    ["```python\nx = 1", "~~~~\n~~~\n", "```\na\n```\n````\nb", "  ```\nx", "```\n``` no end"],
)
def test_an_open_code_block_does_not_swallow_the_next_message(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(markdown(thread_of([text, "after"])))
    assert [token.content for token in tokens if token.type == "inline"][-1] == "after"


@pytest.mark.parametrize("text", ["```\na\n```", "`` a` ``\n", "```a`b```", "plain"])
def test_nothing_is_added_to_a_text_without_an_open_code_block(text: str) -> None:
    assert markdown(thread_of([text])).endswith(f"Z\n\n{text.rstrip()}\n")


def test_markdown_takes_one_message_at_a_time() -> None:
    """However long a thread is, no two of its messages are held."""
    taken: list[int] = []

    def endless() -> Iterator[ExportedMessage]:
        for number in range(1_000_000):
            taken.append(number)
            yield message(f"text {number}")

    pieces = markdown_of(thread_of(endless()))
    for _ in range(50):
        next(pieces)
    assert len(taken) == 49


@pytest.mark.parametrize(
    ("title", "plain", "full"),
    [
        ("Trip to Rome", "Trip-to-Rome.md", "Trip to Rome.md"),
        ("Übung", "Ubung.md", "Übung.md"),
        ("می‌خواهم", f"thread-{THREAD}.md", "می‌خواهم.md"),
        ("../../etc/passwd", "etc-passwd.md", "etc passwd.md"),
        ('a"; x="b\r\nSet-Cookie: c', "a-x-b-Set-Cookie-c.md", "a ; x= b Set-Cookie c.md"),
        ("con", f"thread-{THREAD}.md", f"thread-{THREAD}.md"),
        ("\u202egpj.exe", "gpj.exe.md", "gpj.exe.md"),
        (None, f"thread-{THREAD}.md", f"thread-{THREAD}.md"),
        ("😀", f"thread-{THREAD}.md", f"thread-{THREAD}.md"),
    ],
)
def test_a_file_is_named_after_the_title(title: str | None, plain: str, full: str) -> None:
    """T-6.5."""
    assert filename_of(title, THREAD, "md") == (plain, full)


@given(st.text(max_size=300))
def test_no_title_breaks_the_header_or_leaves_the_folder(title: str) -> None:
    """T-6.5."""
    names = filename_of(title, uuid4(), "docx")
    for name in names:
        assert 6 <= len(name) <= LONGEST
        assert name.endswith(".docx")
        assert not name.startswith((".", "-", " "))
        assert not set(name) & set('/\\":*?<>|%\r\n\0')
        assert len(name.encode()) < 255
    assert names[0].isascii()
    header = disposition_of(title, THREAD, "docx")
    assert header.isascii()
    assert header.isprintable()


def test_the_header_is_read_back_as_the_full_name() -> None:
    """T-6.5, RFC 8187."""
    encoded = disposition_of("سفر; 北京", THREAD, "pdf").split("; filename*=UTF-8''")[1]
    assert unquote(encoded) == "سفر; 北京.pdf"
