"""A thread as Markdown: the texts as they are, piece by piece."""

import re
from collections.abc import Iterator

from conversations.export.document import ExportedMessage, ExportedThread

_SPECIAL = re.compile(r"[\\`*\[\]<]|~~|(?<!\w)_|_(?!\w)|&(?=#?\w+;)|#(?=#*$)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)", re.DOTALL)


def markdown_of(thread: ExportedThread) -> Iterator[bytes]:
    facts = "\n".join(f"- {fact}" for fact in thread.facts)
    yield f"# {_escaped(thread.heading)}\n\n{facts}\n\n## Messages\n".encode()
    for message in thread.messages:
        yield _message(message).encode("utf-8", "replace")


def _message(message: ExportedMessage) -> str:
    head = f"\n### {_escaped(message.sender)}, {message.time}\n\n"
    text = message.text if message.text.endswith("\n") else f"{message.text}\n"
    files = [
        f"- [{_escaped(file.summary)}](<{_target(file.url)}>)\n" for file in message.attachments
    ]
    attachments = "\nAttachments:\n\n" + "".join(files) if files else ""
    return head + text + _closing_fence(text) + attachments


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", " ".join(text.split()))


def _target(url: str) -> str:
    return "".join(url.split()).replace("<", "%3C").replace(">", "%3E").replace("\\", "%5C")


def _closing_fence(text: str) -> str:
    """What an unclosed code block needs, so that it does not swallow the messages after it."""
    fence = ""
    for line in text.splitlines():
        found = _FENCE.match(line)
        if found is None:
            continue
        mark, rest = found.groups()
        if not fence:
            fence = "" if mark[0] == "`" and "`" in rest else mark
        elif mark.startswith(fence) and not rest.strip():
            fence = ""
    return f"{fence}\n" if fence else ""
