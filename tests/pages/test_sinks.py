"""Every place where text could become part of a page, listed: a new one has to be looked at."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.client import ROOT

SCRIPT_SINKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|\.setHTML|parseHTML|parseFromString|srcdoc"
    r"|createContextualFragment|document\.write|\beval\b|new Function|Function\("
    r"|javascript:|setTimeout\(\s*[\"'`]|setInterval\(\s*[\"'`]|setAttribute(?:NS)?\(\s*[\"'`]on"
    r"|\bimport\(\s*[^\"'\s]|insertRule|cssText|adoptedStyleSheets|new Worker|importScripts"
)
# Where an address that somebody else wrote could be followed.
SCRIPT_ADDRESSES = re.compile(
    r"\bopen\(|\blocation\s*=|location\.(?:assign|replace|href)|\.href\s*=|\.src\s*=|\.action\s*="
    r"|setAttribute(?:NS)?\(\s*[\"'`](?:href|src|xlink:href|action)|sendBeacon"
    r"|new (?:EventSource|WebSocket|Image)|(?<![\w.])fetch\("
)
PYTHON_SINKS = re.compile(
    r"\bmark_safe\b|SafeString|SafeText|format_html|html_safe|__html__|autoescape|is_safe=True"
    r"|needs_autoescape|conditional_escape|@register\.simple_tag"
)
TEMPLATE_SINKS = re.compile(
    r"\|\s*safe\b|\|\s*safeseq|autoescape|json_script|<script|<style|\sstyle=|\son\w+\s*="
    r"|javascript:|srcdoc|<iframe|<object|<embed|<base|http-equiv"
)


def _found(pattern: re.Pattern[str], files: Iterable[Path]) -> dict[str, Counter[str]]:
    """How often each sink is in each file, by the path below the root."""
    found = {
        str(file.relative_to(ROOT)): Counter(
            match[0].strip() for match in pattern.finditer(file.read_text())
        )
        for file in files
    }
    return {name: sinks for name, sinks in found.items() if sinks}


def _python() -> Iterable[Path]:
    for package in ("accounts", "api", "chatproject", "conversations", "providers", "search"):
        yield from (ROOT / package).rglob("*.py")


def _scripts() -> Iterable[Path]:
    return (ROOT / "static").rglob("*.*js")


def test_scripts_take_html_in_in_one_module_only() -> None:
    """What `html.js` is given comes from the server, rendered and sanitised there."""
    assert _found(SCRIPT_SINKS, _scripts()) == {"static/ui/html.js": {"innerHTML": 2}}


def test_who_gives_html_to_that_module() -> None:
    """Parts of pages that the server made; never a text."""
    calls = re.compile(r"\b(?:fill|parsed)\((?!element|html\) \{)[^;]*")
    found = _found(calls, (file for file in _scripts() if file.name != "html.js"))
    names = {Path(name).name for name in found}
    assert names == {"composer.js", "list.js", "messages.js", "reload.js", "turn.js"}


def test_scripts_go_to_addresses_of_ours() -> None:
    """But for `open` in `messages.js`: an image that the reader wants to see, in its own window.

    `composer.js` goes to a message by its id; `files.js` shows what was picked, or is stored here.
    """
    found = {
        Path(name).name: dict(sinks) for name, sinks in _found(SCRIPT_ADDRESSES, _scripts()).items()
    }
    assert found == {
        "composer.js": {"location.assign": 1, "location.href": 1},
        "files.js": {"new Image": 1},
        "live.js": {"new WebSocket": 1},
        "messages.js": {"open(": 1},
        "metrics.js": {"fetch(": 1},
        "server.js": {"fetch(": 1},
        "turn.js": {"new EventSource": 1},
    }


def test_python_marks_text_as_safe_where_it_was_escaped_or_sanitised() -> None:
    """`format_html` escapes; `shown.py` marks what nh3 let pass, `searching.py` a snippet."""
    found = {name: set(sinks) for name, sinks in _found(PYTHON_SINKS, _python()).items()}
    assert found == {
        "accounts/admin_users.py": {"format_html"},
        "api/pages/searching.py": {"SafeString", "mark_safe"},
        "api/pages/shown.py": {"SafeString", "mark_safe"},
        "conversations/admin_conversations.py": {"format_html"},
        "conversations/admin_owners.py": {"format_html"},
        "conversations/admin_turns.py": {"format_html"},
    }
    calls = re.compile(r"\bmark_safe\([^)]*")
    marked = {name: sum(each.values()) for name, each in _found(calls, _python()).items()}
    assert marked == {"api/pages/searching.py": 1, "api/pages/shown.py": 1}


def test_templates_escape_everything_and_hold_no_code() -> None:
    """The one script element loads a module; `json_script` escapes."""
    found = {
        name: dict(sinks)
        for name, sinks in _found(TEMPLATE_SINKS, (ROOT / "templates").rglob("*.html")).items()
    }
    assert found == {
        "templates/drf_spectacular/redoc.html": {"<style": 1},
        "templates/ui/shell.html": {"<script": 1, "json_script": 1},
    }
