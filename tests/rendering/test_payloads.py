"""Nothing that an answer says runs, loads or leaves: whole, and at every moment of its arrival."""

import pytest

from api.rendering import BlockRenderer, render
from tests.rendering.inspection import faults, text_of
from tests.rendering.payloads import ALL, HTML, IMAGES


@pytest.mark.parametrize("payload", ALL)
def test_a_whole_payload_is_harmless(payload: str) -> None:
    assert faults(render(payload)) == []


@pytest.mark.parametrize("payload", ALL)
def test_a_payload_is_harmless_inside_other_markdown(payload: str) -> None:
    for around in (
        "> {}",
        "- {}",
        "a *{}* b",
        "[{}](https://a.b)",
        "| a |\n|-|\n| {} |",
        "[^1]: {}",
    ):
        assert faults(render(around.format(payload))) == []


@pytest.mark.parametrize("payload", ALL)
def test_a_payload_is_harmless_wherever_it_is_cut_while_it_arrives(payload: str) -> None:
    whole = render(payload)
    for cut in range(1, len(payload)):
        renderer = BlockRenderer()
        blocks = {block.index: block.html for block in renderer.feed(payload[:cut])}
        if opened := renderer.open_block():
            assert faults(opened.html) == []
        for block in [*renderer.feed(payload[cut:]), *renderer.finish()]:
            blocks[block.index] = block.html
        assert "".join(blocks[index] for index in sorted(blocks)) == whole


@pytest.mark.parametrize("payload", HTML[:27])
def test_raw_html_is_shown_as_text(payload: str) -> None:
    assert text_of(render(f"a {payload}")).startswith(f"a {payload[:6]}")


@pytest.mark.parametrize("payload", IMAGES)
def test_an_image_is_offered_and_never_loaded(payload: str) -> None:
    html = render(payload)
    assert "<img" not in html
