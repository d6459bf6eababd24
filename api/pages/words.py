"""What went wrong with an answer, in plain words, and what to do next."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_SAID = {
    "unavailable": gettext_lazy("The provider could not be reached."),
    "timeout": gettext_lazy("The provider took too long to answer."),
    "busy": gettext_lazy("Too many questions were waiting for this provider."),
    "resting": gettext_lazy("The provider keeps failing and is left alone for a moment."),
    "refused": gettext_lazy("The provider refused the question."),
    "previous_answer_unknown": gettext_lazy("The provider has forgotten this conversation."),
    "cut": gettext_lazy("The connection to the provider was lost in the middle of the answer."),
    "unreadable": gettext_lazy("The provider sent nothing that can be read."),
    "interrupted": gettext_lazy("The server was restarted before the answer was complete."),
    "fallback_missing": gettext_lazy("The provider that was to answer is not configured."),
    "deleted": gettext_lazy("The conversation was deleted while it was being answered."),
}
_NEXT = {
    "refused": gettext_lazy(
        "Try again, choose another model, or ask the operator to look at the API key."
    ),
    "fallback_missing": gettext_lazy("Choose another model."),
    "timeout": gettext_lazy("Try again, or choose a faster model."),
    "deleted": gettext_lazy("Take it back from the trash, then ask again."),
}


_OUTCOMES = {
    "queued": gettext_lazy("queued"),
    "running": gettext_lazy("running"),
    "completed": gettext_lazy("completed"),
    "failed": gettext_lazy("failed"),
    "stopped": gettext_lazy("stopped"),
    "interrupted": gettext_lazy("interrupted"),
    "refused": gettext_lazy("refused"),
    "unavailable": gettext_lazy("unavailable"),
    "timeout": gettext_lazy("too late"),
    "busy": gettext_lazy("no place"),
    "resting": gettext_lazy("resting"),
    "address_refused": gettext_lazy("forbidden address"),
    "cut": gettext_lazy("cut off"),
    "unreadable": gettext_lazy("unreadable"),
    "unknown": gettext_lazy("unknown"),
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """`detail` is what the provider said itself, for those who want to know."""

    said: str
    advice: str
    detail: str


def outcome(word: str) -> str:
    """The word for how a turn or an attempt ended, or for what is going on."""
    return str(_OUTCOMES.get(word, word))


def trouble(fault: str, message: str) -> Trouble:
    return Trouble(
        said=str(_SAID.get(fault) or _("An unexpected error occurred.")),
        advice=str(_NEXT.get(fault) or _("Try again, or choose another model.")),
        detail=message,
    )
