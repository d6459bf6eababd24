"""The pages for addresses that lead nowhere, and for what went wrong on our side."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from api.pages.browsers import open_page, problem_page
from api.problems import request_id_of


@open_page
def nothing_here(request: HttpRequest) -> HttpResponse:
    words = _("There is no page at this address. It may be misspelt, or out of date.")
    return problem_page(request, 404, _("Nothing was found here"), words)


@open_page
def failure(request: HttpRequest) -> HttpResponse:
    """It reads nothing from the database, which may be what has failed."""
    words = _(
        "Something went wrong on the server. Try again; if it happens again, tell the operator"
        " this number: %(id)s"
    ) % {"id": request_id_of(request)}
    return problem_page(request, 500, _("This did not work"), words)
