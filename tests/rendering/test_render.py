"""What readers get: the Markdown that models write, in any script, as HTML."""

import pytest

from api.rendering import render
from api.rendering.stylesheet import TARGET, stylesheet
from tests.rendering.inspection import faults, text_of


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("~~a~~ **b**", '<p dir="auto"><s>a</s> <strong>b</strong></p>\n'),
        ("`<b>`", '<p dir="auto"><code dir="ltr">&lt;b&gt;</code></p>\n'),
        ("سلام", '<p dir="auto">سلام</p>\n'),
        ("<b>x</b>", '<p dir="auto">&lt;b&gt;x&lt;/b&gt;</p>\n'),
        ("", ""),
    ],
)
def test_text(text: str, html: str) -> None:
    assert render(text) == html


@pytest.mark.parametrize("url", ["https://a.b/c?d=e&f", "http://a.b", "mailto:a@b.c"])
def test_a_link_leaves_without_saying_where_it_came_from(url: str) -> None:
    html = render(f"[x]({url})")
    assert 'rel="noopener noreferrer nofollow"' in html
    assert 'target="_blank"' in html


def test_an_address_written_out_is_a_link_without_the_full_stop_behind_it() -> None:
    assert 'href="https://a.b/c_(d)"' in render("See (https://a.b/c_(d)).")


def test_an_image_is_a_button_that_names_who_would_learn_of_the_reader() -> None:
    html = render("![A cat](https://example.org/cat.png)")
    assert 'data-image="https://example.org/cat.png">Show image from example.org</button>' in html
    assert "A cat" in text_of(html)


@pytest.mark.parametrize("url", ["http://a.b/c.png", "data:image/png;base64,AAAA", "/x.png"])
def test_an_image_from_elsewhere_is_not_even_offered(url: str) -> None:
    assert "data-image" not in render(f"![x]({url})")


def test_code_has_a_header_with_its_language_and_a_button_to_copy_it() -> None:
    html = render("```python\ndef f(): ...\n```")
    assert '<span class="code-language">python</span>' in html
    assert '<button type="button" class="copy" data-copy="">' in html
    assert '<span class="hl-k">def</span>' in html


@pytest.mark.parametrize("formula", ["$x^2$", r"\(x^2\)", "$$x^2$$", "$$\nx^2\n$$", r"\[ x^2 \]"])
def test_formulas_in_every_spelling_become_mathml(formula: str) -> None:
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in render(formula)


@pytest.mark.parametrize("text", ["$5 and $10", "$HOME:$PATH", "`$x$` costs $4", "US$5, US$6"])
def test_dollars_are_not_always_formulas(text: str) -> None:
    assert "<math" not in render(text)


def test_a_formula_that_cannot_be_read_shows_its_source() -> None:
    assert render(r"$\frac{1$").count(r'<code class="formula" dir="ltr">\frac{1</code>') == 1


def test_aligned_formulas_keep_their_columns_without_styles() -> None:
    html = render("$$\n\\begin{aligned}a&=b\\\\c&=d\\end{aligned}\n$$")
    assert '<mtd class="math-right">' in html
    assert "style" not in html.replace("displaystyle", "")


def test_tables_and_tasks() -> None:
    html = render("| a |\n|--:|\n| 1 |\n\n- [x] done\n- [ ] open\n")
    assert '<td dir="auto" class="align-right">1</td>' in html
    assert 'aria-label="done">☑</span> done' in html
    assert 'aria-label="open">☐</span> open' in html


def test_footnotes_are_numbered_as_they_are_referred_to_and_none_is_lost() -> None:
    html = render("B[^b] A[^a]\n\n[^a]: first\n\n[^c]: lone\n\n[^b]: second\n", namespace="m7")
    assert html.index("second") < html.index("first") < html.index("lone")
    assert '<a href="#fn-m7-1" id="fnref-m7-1"' in html
    assert '<li id="fn-m7-3">' in html
    assert faults(html) == []


def test_a_definition_serves_links_before_and_behind_it() -> None:
    assert render("[a]\n\n[a]: https://x.y\n\n[a]").count('href="https://x.y"') == 2


def test_what_is_nested_too_deep_is_still_there() -> None:
    assert "the core" in text_of(render("> " * 200 + "the core"))
    assert "the core" in text_of(render("- " * 200 + "the core"))


def test_what_is_too_much_for_markdown_is_still_there() -> None:
    html = render("word\n\n" * 20_000 + "the end")
    assert text_of(html).count("word") == 20_000
    assert text_of(html).rstrip().endswith("the end")


def test_a_list_goes_on_behind_a_blank_line() -> None:
    assert render("1. a\n\n   ```\n   x\n   ```\n\n2. b").count("<ol") == 1


def test_overrides_of_direction_vanish_from_text_and_are_seen_in_code() -> None:
    html = render("a\u202eb &#x202e; `c\u2066d`\n\n```\n\u202e\n```")
    assert "ab" in html
    assert html.count('<span class="bidi-control">U+202E</span>') == 1
    assert html.count('<span class="bidi-control">U+2066</span>') == 1


def test_marks_that_scripts_need_stay() -> None:
    assert "می\u200cروم\u200f!" in render("می\u200cروم\u200f!")


def test_the_stylesheet_is_up_to_date() -> None:
    assert TARGET.read_text("utf-8") == stylesheet()
