"""What the renderer says itself, beside the words of the answer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """In the reader's language: HTML that was rendered for one is not for another."""

    copy: str = "Copy"
    show_image: str = "Show image from {host}"
    back: str = "Back to the text"
    done: str = "done"
    open: str = "open"


ENGLISH = Words()
