"""Files in the composer: picked, pasted, refused, shown with the question, and kept."""

import base64
import re
import struct
import zlib

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.api.accounts import signed_up
from tests.client import Server, Upstream
from tests.pages.browsing import READY, Visitor


def _png() -> bytes:
    """One red pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b"\0\xff\0\0"))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + body + chunk(b"IEND", b"")


PNG = _png()
IMAGE: FilePayload = {"name": "red.png", "mimeType": "image/png", "buffer": PNG}
NOTE: FilePayload = {"name": "note.txt", "mimeType": "text/plain", "buffer": b"Buy milk"}


def _attach(page: Page, *files: FilePayload) -> None:
    page.wait_for_selector(READY)
    page.locator("#files").set_input_files(list(files))
    expect(page.locator("#chips li")).to_have_count(len(files))


def _parts(upstream: Upstream) -> list[str]:
    content = upstream.requests("/chat/completions")[-1]["body"]["messages"][0]["content"]
    return [part["type"] for part in content] if isinstance(content, list) else ["text"]


def test_an_image_and_a_text_go_with_the_question_and_stay_with_it(
    visitor: Visitor, upstream: Upstream
) -> None:
    page = visitor.page
    _attach(page, IMAGE, NOTE)
    visitor.asks("What is this?")
    visitor.sees("Echo: What is this?")
    assert sorted(_parts(upstream)) == ["file", "image_url", "text"]
    expect(page.locator("#chips")).to_be_hidden()
    page.reload()
    thumb = page.locator(".question .thumb img")
    assert thumb.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1
    with page.expect_download() as saved:
        page.get_by_role("link", name="note.txt").click()
    assert saved.value.path().read_bytes() == b"Buy milk"
    page.get_by_role("button", name="Answer again").click()
    expect(page.locator(".versions")).to_contain_text("2/2")
    assert sorted(_parts(upstream)) == ["file", "image_url", "text"]


def test_an_edited_question_keeps_the_files_that_are_not_removed(
    visitor: Visitor, upstream: Upstream
) -> None:
    page = visitor.page
    _attach(page, IMAGE, NOTE)
    visitor.asks("Look")
    visitor.sees("Echo: Look")
    page.get_by_role("button", name="Edit and ask again").click()
    page.get_by_role("button", name=re.compile("Remove .*red.png")).click()
    page.get_by_label("Your message").fill("Look again")
    page.keyboard.press("Enter")
    visitor.sees("Echo: Look again")
    assert sorted(_parts(upstream)) == ["file", "text"]
    expect(page.locator(".question .file")).to_contain_text("note.txt")
    page.get_by_role("button", name="Previous version").click()
    expect(page.locator(".question .thumb")).to_be_visible()


def test_a_pasted_image_becomes_a_chip_that_can_be_removed(visitor: Visitor) -> None:
    page = visitor.page
    page.wait_for_selector(READY)
    page.evaluate(
        """bytes => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "shot.png", { type: "image/png" }));
            const init = { clipboardData: data, bubbles: true, cancelable: true };
            document.getElementById("prompt").dispatchEvent(new ClipboardEvent("paste", init));
        }""",
        list(PNG),
    )
    expect(page.locator("#chips")).to_contain_text("shot.png")
    page.get_by_role("button", name=re.compile("Remove .*shot.png")).click()
    expect(page.locator("#chips")).to_be_hidden()


def test_a_model_that_reads_no_files_is_not_asked(visitor: Visitor, upstream: Upstream) -> None:
    page = visitor.page
    page.wait_for_selector(READY)
    page.get_by_label("Model").select_option("ollama")
    _attach(page, NOTE)
    expect(page.locator("#refusal")).to_contain_text("This model takes no files.")
    page.get_by_label("Your message").fill("What is this?")
    page.keyboard.press("Enter")
    expect(page.locator("#refusal")).to_contain_text("This model takes no files.")
    expect(page.locator(".question")).to_have_count(0)
    assert not upstream.requests("/api/chat")


def test_a_first_question_that_is_refused_leaves_nothing_behind(visitor: Visitor) -> None:
    page = visitor.page
    page.wait_for_selector(READY)
    # As if the page did not know better.
    page.evaluate("document.querySelector('[data-provider=ollama]').dataset.files = ''")
    page.get_by_label("Model").select_option("ollama")
    _attach(page, NOTE)
    page.get_by_label("Your message").fill("What is this?")
    with page.expect_response("**/ui/ask") as asked:
        page.keyboard.press("Enter")
    assert asked.value.status == 400
    expect(page.locator("#refusal")).to_contain_text("takes no files but images")
    expect(page.locator("#chips")).to_contain_text("note.txt")
    assert page.evaluate("document.getElementById('composer').dataset.conversation") == ""


@pytest.mark.parametrize("query", ["", "?shown"])
def test_a_file_is_its_owners_only_and_runs_nowhere(place: Server, query: str) -> None:
    owner, other = signed_up(place), signed_up(place)
    thread = place.post("/api/threads", json={}, headers=owner.headers).json()["id"]
    image = {"filename": "red.png", "data_base64": base64.b64encode(PNG).decode()}
    body = {"text": "Look", "model": "scripted-small", "attachments": [image]}
    said = place.post(f"/api/threads/{thread}/messages", json=body, headers=owner.headers)
    path = f"/ui/files/{said.json()['attachments'][0]['id']}{query}"
    mine = place.get(path, headers=owner.headers)
    assert mine.content == PNG
    assert mine.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in mine.headers["Content-Security-Policy"]
    assert place.get(path, headers=other.headers).status_code == 404


def test_a_pasted_table_is_text(visitor: Visitor) -> None:
    page = visitor.page
    page.wait_for_selector(READY)
    paste = """text => {
        const data = new DataTransfer();
        data.setData("text/plain", text);
        data.items.add(new File(["x"], "image.png", { type: "image/png" }));
        const init = { clipboardData: data, bubbles: true, cancelable: true };
        const event = new ClipboardEvent("paste", init);
        document.getElementById("prompt").dispatchEvent(event);
        return event.defaultPrevented;
    }"""
    assert not page.evaluate(paste, "a\tb\r\nc\td\r\n")
    assert page.evaluate(paste, "/pictures/image.png")
    expect(page.locator("#chips li")).to_have_count(1)


def test_a_question_waits_for_its_files(visitor: Visitor, upstream: Upstream) -> None:
    page = visitor.page
    page.wait_for_selector(READY)
    page.evaluate(
        """() => {
            const read = FileReader.prototype.readAsDataURL;
            FileReader.prototype.readAsDataURL = function (file) {
                document.addEventListener("go", () => read.call(this, file));
            };
        }"""
    )
    page.locator("#files").set_input_files([NOTE])
    page.get_by_label("Your message").fill("What is this?")
    page.keyboard.press("Enter")
    page.evaluate("document.dispatchEvent(new Event('go'))")
    visitor.sees("Echo: What is this?")
    assert sorted(_parts(upstream)) == ["file", "text"]
    expect(page.locator("#chips")).to_be_hidden()
