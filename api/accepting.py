"""What a client would like to get."""

from django.http import HttpRequest

_PAGE = "text/html"


def asks_for_page(request: HttpRequest) -> bool:
    """Whether a person with a browser is waiting, and not a program."""
    # `*/*` takes a page as well, but only browsers name it.
    is_named = _PAGE in request.headers.get("Accept", "")
    return is_named and request.get_preferred_type([_PAGE, "application/json"]) == _PAGE
