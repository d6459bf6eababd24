"""Numbers in the digits of the page's language, as its script writes them too."""

from django import template
from django.utils import translation

register = template.Library()

_DIGITS = {"fa": str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")}


@register.filter
def digits(value: object) -> str:
    """What stands in a text beside them stays as it is."""
    return str(value).translate(_DIGITS.get(translation.get_language() or "", {}))
