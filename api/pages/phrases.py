"""The words that the page's own script says, in the page's language."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from api.rendering import Words


def phrases() -> dict[str, str]:
    """By the names that `static/ui/words.js` knows; `{…}` is filled in there."""
    return {
        "waiting": _("Waiting for the first word"),
        "waitingFor": _("Waiting for {model}"),
        "thinking": _("Thinking"),
        "queued": _("All places are taken: number {position} in line"),
        "usingTool": _("Using the tool {name}"),
        "streaming": _("{rate} characters per second"),
        "seconds": _("{seconds} s"),
        "answerBegins": _("The answer begins."),
        "answerEnded": _("The answer is complete."),
        "answerStopped": _("The answer was stopped."),
        "answerFailed": _("The answer could not be completed."),
        "lost": _("The connection was lost. Trying again in {seconds} s."),
        "offline": _("You are offline. The answer goes on at the server."),
        "reconnecting": _("Not connected. Trying again in {seconds} s."),
        "offlineNow": _("You are offline. What you see may be out of date."),
        "tooManyFiles": _("At most {count} files go with a message."),
        "tooLarge": _("“{name}” is too large: all files together may have {size} MiB."),
        "noImages": _("This model takes no images. Choose another one, or remove “{name}”."),
        "noFiles": _("This model takes no files. Choose another one, or remove “{name}”."),
        "unreadableFile": _("“{name}” could not be read."),
        "removeFile": _("Remove “{name}”"),
        "copied": _("Copied"),
        "copyFailed": _("Could not copy"),
        "deleted": _("“{title}” is in the trash."),
        "undo": _("Undo"),
        "restored": _("Restored"),
        "renamed": _("Renamed"),
        "rename": _("New name of this conversation"),
        "failed": _("That did not work: {reason}"),
        "unreachable": _("The server cannot be reached. Your text is kept."),
        "tooMany": _("Too many questions at once. Try again in {seconds} s."),
        "budgetUsed": _("Your budget does not hold this question. It renews on {time}."),
        "stale": _("This page is out of date. Load it again; your text is kept."),
        "asOf": _("As of {time}"),
        "metricsLost": _("The server does not answer. Trying again."),
        "signedOut": _("You are signed out. Sign in again; your text is kept."),
    }


def answer_words() -> Words:
    """What the renderer says within an answer, in the language that is active now."""
    return Words(
        copy=_("Copy"),
        show_image=_("Show image from {host}"),
        back=_("Back to the text"),
        done=pgettext("task", "done"),
        open=pgettext("task", "open"),
    )
