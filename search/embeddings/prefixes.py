"""The words that a model wants before a text, where the model itself does not say so."""

import re
from dataclasses import dataclass

# https://huggingface.co/intfloat/multilingual-e5-large: without them it loses much of its power.
# The instruct and mistral variants have prompts of their own.
_E5 = re.compile(r"(?:^|[-_/])e5(?:[-_.]|$)(?!.*(?:instruct|mistral))")


@dataclass(frozen=True, slots=True)
class Prefixes:
    query: str
    passage: str


def prefixes_for(name: str) -> Prefixes | None:
    """None where the model has its own, or needs none."""
    return Prefixes("query: ", "passage: ") if _E5.search(name.lower()) else None
