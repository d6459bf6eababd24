"""Why an answer ended, in OpenAI's words, and what it took."""

# Clients calculate with the counts, whether the provider has told them or not.
NOT_COUNTED = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}

_WORDS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "tool_use": "tool_calls",
}


def finish_reason(reason: str | None, *, has_called: bool) -> str:
    """`has_called`: the model has called a tool."""
    word = _WORDS.get(reason or "", reason or "stop")
    return "tool_calls" if has_called and word == "stop" else word
