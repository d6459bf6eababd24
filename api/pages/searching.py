"""The search page: results that lead to their message."""

import re
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from accounts.callers import Caller
from api.pages.browsers import page, shown_page
from api.pages.listing import sidebar
from conversations.models import Conversation
from search.errors import InvalidCursor, InvalidPattern, SearchError
from search.results import Match, Mode, Results
from search.scope import Scope
from search.services import search_messages

RESULTS = 20
_LONGEST = 1000
_MODES = (Mode.AUTO, Mode.WORDS, Mode.SEMANTIC, Mode.REGEX)


@dataclass(frozen=True, slots=True)
class Found:
    """One result; `snippet` is safe HTML."""

    conversation: Conversation
    title: str
    path: str
    role: str
    snippet: SafeString
    match: Match


@page
def search(request: HttpRequest, caller: Caller) -> HttpResponse:
    asked = request.GET.get("q", "").replace("\0", "")[:_LONGEST].strip()
    mode = next((each for each in _MODES if each == request.GET.get("mode")), Mode.AUTO)
    results, fault = _results(caller, asked, mode, request.GET.get("cursor"))
    matches = results.matches if results else []
    context = {
        "asked": asked,
        "mode": mode.value,
        "modes": _named_modes(),
        "fault": fault,
        "results": results,
        "degraded": _translated(results.degraded or "") if results else "",
        "found": [_found(match) for match in matches],
    }
    return shown_page(request, "ui/search.html", {**sidebar(caller), **context})


def _results(
    caller: Caller, asked: str, mode: Mode, cursor: str | None
) -> tuple[Results | None, str]:
    if not asked:
        return None, ""
    if not settings.CHAT_SEARCH_ENABLED:
        return None, _("The operator has switched search off.")
    try:
        found = search_messages(Scope(caller), asked, mode=mode, limit=RESULTS, cursor=cursor)
    except (InvalidPattern, InvalidCursor) as error:
        return None, str(error)
    except SearchError as error:
        return None, error.shown
    return found, ""


def _found(match: Match) -> Found:
    path = f"/c/{match.conversation.id}"
    if match.message is not None:
        path = f"{path}?at={match.message.id}#m-{match.message.id}"
    return Found(
        conversation=match.conversation,
        title=(match.conversation.title or "").strip() or _("Untitled"),
        path=path,
        role=match.message.role if match.message else "",
        # `Snippet.html` escapes everything but its own marks.
        snippet=mark_safe(match.snippet.html),
        match=match,
    )


def _named_modes() -> list[tuple[str, str]]:
    names = (_("Everything"), _("Words"), _("Meaning"), _("Expression"))
    return [(mode.value, name) for mode, name in zip(_MODES, names, strict=True)]


def _translated(words: str) -> str:
    """The search's own sentences; one that has no translation stays as it is."""
    sentences = re.split(r"(?<=\.) ", words)
    return " ".join(_(sentence) if sentence else "" for sentence in sentences)
