"""What is wrong with a provider, in a few words of our own: a fault's may hold an address."""

from providers.errors import (
    AddressRefused,
    AnswerCut,
    AnswerUnreadable,
    ProviderError,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnavailable,
)

NO_ANSWER = "no answer in time"


def in_words(fault: ProviderError | TimeoutError) -> str:
    match fault:
        case TimeoutError() | ProviderTimeout():
            return NO_ANSWER
        case ProviderUnavailable():
            return "unreachable"
        case AddressRefused():
            return "its address is not allowed"
        case ProviderRefused(status=int(status)):
            return f"refused ({status})"
        case ProviderRefused():
            return "refused"
        case AnswerUnreadable() | AnswerCut():
            return "unreadable answer"
        case _:
            return "failed"
