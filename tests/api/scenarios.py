"""What a provider can do, and what any client of any dialect must then see."""

from dataclasses import dataclass
from typing import Any

Step = dict[str, Any]

PROSE = "  Zwölf Boxkämpfer,\n\n\tفارسی 🦆🦆 — 漢字かな.\u2028 \n- a\n- b\n  "  # noqa: RUF001


@dataclass(frozen=True)
class Scenario:
    """`text` is all that is said; `fault` a piece of the error shown, None for a whole answer."""

    name: str
    steps: tuple[Step, ...]
    text: str = ""
    fault: str | None = None


def said(*texts: str) -> tuple[Step, ...]:
    return tuple({"text": text} for text in texts)


def refused(status: int, body: Any, fault: str) -> Scenario:
    name = f"status {status} {type(body).__name__} {fault[:12]}"
    return Scenario(name, ({"status": status, "body": body},), fault=fault)


LETTERS = said(*PROSE)
HELLO = said("Hel", "lo")
DONE: tuple[Step, ...] = ({"finish": "stop"}, {"usage": {"prompt_tokens": 1, "total_tokens": 3}})

WHOLE = [
    Scenario("plain", HELLO, "Hello"),
    Scenario("finish and usage", (*HELLO, *DONE), "Hello"),
    Scenario("white space and scripts", (*said(PROSE), *DONE), PROSE),
    Scenario("a letter at a time", (*LETTERS, *DONE), PROSE),
    Scenario("characters cut in pieces", ({"split": 3}, *said(PROSE), *DONE), PROSE),
    Scenario("one byte at a time", ({"split": 1}, *HELLO, *DONE), "Hello"),
    Scenario("CR LF framing", ({"crlf": True}, *said(PROSE), *DONE), PROSE),
    Scenario("CR LF framing in pieces", ({"crlf": True}, {"split": 2}, *HELLO, *DONE), "Hello"),
    Scenario("a byte order mark", ({"bom": True}, *HELLO, *DONE), "Hello"),
    Scenario("reasoning first", ({"reasoning": "let me think"}, *HELLO, *DONE), "Hello"),
    Scenario(
        "rubbish between", (*said("Hel"), {"raw": "data: {rubbish\n\n"}, *said("lo")), "Hello"
    ),
    Scenario("a pause", (*said("Hel"), {"sleep": 0.4}, *said("lo"), *DONE), "Hello"),
    Scenario(
        "line ends of all kinds",
        (*said("a\r", "\nb\rc\n", "\r\n", "d\r"), *DONE),
        "a\r\nb\rc\n\r\nd\r",
    ),
]

FAULTS = [
    Scenario("no connection", ({"refuse": True},), fault="openai-compatible"),
    refused(401, {"error": {"message": "Incorrect API key"}}, "Incorrect API key"),
    refused(404, {"error": {"message": "No such model"}}, "No such model"),
    refused(429, {"error": "slow down"}, "slow down"),
    refused(500, "boom went the server", "boom went the server"),
    refused(503, {"detail": "loading the model"}, "loading the model"),
    refused(500, "", "500"),
    Scenario(
        "resets in the middle", (*said("half "), {"sleep": 0.1}, {"reset": True}), "half ", "lost"
    ),
    Scenario("ends early", (*said("half "), {"close": True}), "half ", "openai-compatible"),
    Scenario("nothing but rubbish", ({"rubbish": True},), fault="openai-compatible"),
    Scenario("an error inside a 200", ({"error": "overloaded"},), fault="overloaded"),
    Scenario(
        "an error after text", (*said("half "), {"error": "overloaded"}), "half ", "overloaded"
    ),
    Scenario("an empty 200", ({"empty": True},), fault="nothing readable"),
]

# Each is waited for as long as the server's patience lasts.
HANGS = [
    Scenario("hangs before the first text", ({"hang": True},), fault="did not answer"),
    Scenario("hangs in the middle", (*said("half "), {"hang": True}), "half ", "did not answer"),
]
