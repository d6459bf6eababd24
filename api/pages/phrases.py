"""The words that the page's own script says, in the page's language."""

from django.utils.translation import gettext as _


def phrases() -> dict[str, str]:
    """By the names that `static/ui/words.js` knows; `{…}` is filled in there."""
    return {
        "waiting": _("Waiting for the first word"),
        "waitingFor": _("Waiting for {model}"),
        "thinking": _("Thinking"),
        "streaming": _("{rate} characters per second"),
        "seconds": _("{seconds} s"),
        "answerBegins": _("The answer begins."),
        "answerEnded": _("The answer is complete."),
        "answerStopped": _("The answer was stopped."),
        "answerFailed": _("The answer could not be completed."),
        "lost": _("The connection was lost. Trying again in {seconds} s."),
        "offline": _("You are offline. The answer goes on at the server."),
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
        "stale": _("This page is out of date. Load it again; your text is kept."),
        "signedOut": _("You are signed out. Sign in again; your text is kept."),
    }
