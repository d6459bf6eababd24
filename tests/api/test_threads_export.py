"""Threads as files (T-6.5)."""

import io

import docx
import pypdfium2
import pytest

from tests.api.accounts import Account, administrator, signed_up
from tests.api.talking import NOBODY, problem_in
from tests.client import Server

TEXT = "# سلام\n\n北京 and 😀 `code`\n\n| a | b |\n|---|---|\n| \u06f1 | two |"
OFFICE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TYPES = {"markdown": "text/markdown", "pdf": "application/pdf", "docx": OFFICE}
EXTENSIONS = {"markdown": "md", "pdf": "pdf", "docx": "docx"}


@pytest.fixture
def owner(server: Server) -> Account:
    return administrator(server)


@pytest.fixture
def thread(owner: Account) -> str:
    """The path of a thread with a question, its file, and an answer."""
    made = owner.server.post("/api/threads", json={"title": "x"}, headers=owner.headers)
    path = f"/api/threads/{made.json()['id']}"
    body = {
        "text": TEXT,
        "model": "scripted-small",
        "model_label": 'Größe/"x"\r\n',
        "attachments": [{"filename": "نقشه.txt", "data_base64": "aGVsbG8="}],
    }
    answer = owner.server.post(f"{path}/messages", json=body, headers=owner.headers)
    assert answer.status_code == 201, answer.text
    return path


@pytest.mark.parametrize("kind", TYPES)
def test_a_thread_comes_as_a_file_of_its_kind(owner: Account, thread: str, kind: str) -> None:
    answer = owner.server.get(f"{thread}/export?format={kind}", headers=owner.headers)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].partition(";")[0] == TYPES[kind]
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith('attachment; filename="')
    assert disposition.isascii()
    assert f".{EXTENSIONS[kind]}\"; filename*=UTF-8''" in disposition
    assert disposition.endswith(f".{EXTENSIONS[kind]}")
    assert "Gr%C3%B6%C3%9Fe" in disposition


def test_markdown_is_the_default_and_holds_everything(owner: Account, thread: str) -> None:
    text = owner.server.get(f"{thread}/export", headers=owner.headers).text
    head, _, messages = text.partition("## Messages")
    assert head.startswith("# Größe")
    assert f"- Thread ID: {thread.rpartition('/')[2]}" in head
    assert messages.index(TEXT) < messages.index("Echo: ")
    assert "نقشه.txt" in messages
    assert "/api/attachments/" in messages


def test_pdf_and_docx_can_be_read_again(owner: Account, thread: str) -> None:
    files = {
        kind: owner.server.get(f"{thread}/export?format={kind}", headers=owner.headers).content
        for kind in ("pdf", "docx")
    }
    pages = pypdfium2.PdfDocument(files["pdf"])
    shown = "".join(page.get_textpage().get_text_range() for page in pages)
    assert "北京" in shown
    document = docx.Document(io.BytesIO(files["docx"]))
    assert any("北京" in paragraph.text for paragraph in document.paragraphs)
    assert document.tables[0].rows[1].cells[0].text == "\u06f1"


def test_other_formats_and_other_peoples_threads_are_refused(owner: Account, thread: str) -> None:
    bogus = owner.server.get(f"{thread}/export?format=html", headers=owner.headers)
    problem_in(bogus, 422, "validation_error")
    other = signed_up(owner.server)
    for path in (thread, f"/api/threads/{NOBODY}"):
        foreign = owner.server.get(f"{path}/export?format=pdf", headers=other.headers)
        problem_in(foreign, 404, "thread_not_found")
