"""What the server is doing, live, for its administrators."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.callers import user_caller
from accounts.models import User
from api.pages.browsers import shown_page, staff_page
from api.pages.listing import sidebar

_INTERVALS = (2, 5, 10, 20, 60)
_USUAL = 20


@require_safe
@staff_page
def live(request: HttpRequest, user: User) -> HttpResponse:
    """Charts that the page's script draws from `/metrics`, every `?seconds=` of these."""
    asked = request.GET.get("seconds", "")
    context = {
        "is_counted": settings.METRICS_ENABLED,
        "charts": _charts(),
        "intervals": _INTERVALS,
        "interval": next((each for each in _INTERVALS if str(each) == asked), _USUAL),
    }
    return shown_page(request, "ui/metrics.html", {**sidebar(user_caller(user)), **context})


def _charts() -> list[tuple[str, str]]:
    """By the names that `static/ui/samples.js` knows."""
    return [
        ("requests", _("Requests per minute")),
        ("responses", _("Responses per minute")),
        ("errors", _("Errors per minute")),
        ("latency", _("Time to the first byte (ms)")),
        ("turns", _("Answers per minute")),
        ("tokens", _("Tokens per minute")),
        ("running", _("Answers on their way")),
        ("followers", _("Readers of answers")),
    ]
