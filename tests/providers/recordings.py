"""Answers as real providers write them, and the events they mean."""

from providers.events import Finished, ProviderEvent, ReasoningDelta, TextDelta, ToolCallDelta

OPENAI_CHAT = """\
data: {"id":"chatcmpl-Bx1","object":"chat.completion.chunk","created":1767322145,"model":"gpt-4o-mini-2024-07-18","service_tier":"default","system_fingerprint":"fp_34a54ae93c","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"x1"}

data: {"id":"chatcmpl-Bx1","object":"chat.completion.chunk","created":1767322145,"model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"delta":{"content":"Grüße"},"logprobs":null,"finish_reason":null}],"usage":null}

data: {"id":"chatcmpl-Bx1","object":"chat.completion.chunk","created":1767322145,"model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"delta":{"content":" 世界 🌍\\n"},"logprobs":null,"finish_reason":null}],"usage":null}

data: {"id":"chatcmpl-Bx1","object":"chat.completion.chunk","created":1767322145,"model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}

data: {"id":"chatcmpl-Bx1","object":"chat.completion.chunk","created":1767322145,"model":"gpt-4o-mini-2024-07-18","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13}}

data: [DONE]

""".encode()  # noqa: E501
OPENAI_CHAT_EVENTS: list[ProviderEvent] = [
    TextDelta("Grüße"),
    TextDelta(" 世界 🌍\n"),
    Finished(
        "stop",
        {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13},
        "chatcmpl-Bx1",
    ),
]

OPENROUTER = """\
: OPENROUTER PROCESSING

: OPENROUTER PROCESSING

data: {"id":"gen-1767-a","provider":"DeepInfra","model":"deepseek/deepseek-r1","object":"chat.completion.chunk","created":1767322145,"choices":[{"index":0,"delta":{"role":"assistant","content":"","reasoning":"Hmm, é","reasoning_details":[{"type":"reasoning.text","text":"Hmm, é"}]},"finish_reason":null,"native_finish_reason":null,"logprobs":null}]}

: OPENROUTER PROCESSING

data: {"id":"gen-1767-a","provider":"DeepInfra","model":"deepseek/deepseek-r1","object":"chat.completion.chunk","created":1767322145,"choices":[{"index":0,"delta":{"role":"assistant","content":"Yes."},"finish_reason":null}]}

data: {"id":"gen-1767-a","provider":"DeepInfra","model":"deepseek/deepseek-r1","object":"chat.completion.chunk","created":1767322145,"choices":[{"index":0,"delta":{"role":"assistant","content":"","tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"look","arguments":"{\\"q\\":"}}]},"finish_reason":null}]}

data: {"id":"gen-1767-a","provider":"DeepInfra","model":"deepseek/deepseek-r1","object":"chat.completion.chunk","created":1767322145,"choices":[{"index":0,"delta":{"role":"assistant","content":"","tool_calls":[{"index":0,"function":{"arguments":"1}"}}]},"finish_reason":"tool_calls","native_finish_reason":"tool_calls","logprobs":null}]}

data: {"id":"gen-1767-a","provider":"DeepInfra","model":"deepseek/deepseek-r1","object":"chat.completion.chunk","created":1767322145,"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null,"native_finish_reason":null,"logprobs":null}],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12,"cost":0.00002}}

data: [DONE]

""".encode()  # noqa: E501
OPENROUTER_EVENTS: list[ProviderEvent] = [
    ReasoningDelta("Hmm, é"),
    TextDelta("Yes."),
    ToolCallDelta(0, "call_1", "look", '{"q":'),
    ToolCallDelta(0, None, None, "1}"),
    Finished(
        "tool_calls",
        {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12, "cost": 0.00002},
        "gen-1767-a",
    ),
]

RESPONSES = """\
event: response.created
data: {"type":"response.created","sequence_number":0,"response":{"id":"resp_67c","object":"response","created_at":1767322145,"status":"in_progress","error":null,"incomplete_details":null,"model":"gpt-4o-mini","output":[],"usage":null}}

event: response.output_item.added
data: {"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]}}

event: response.reasoning_summary_text.delta
data: {"type":"response.reasoning_summary_text.delta","sequence_number":2,"item_id":"rs_1","output_index":0,"summary_index":0,"delta":"Think…"}

event: response.output_text.delta
data: {"type":"response.output_text.delta","sequence_number":3,"item_id":"msg_1","output_index":1,"content_index":0,"delta":"Olá","logprobs":[]}

event: response.output_text.delta
data: {"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_1","output_index":1,"content_index":0,"delta":" 👋","logprobs":[]}

event: response.output_text.done
data: {"type":"response.output_text.done","sequence_number":5,"item_id":"msg_1","output_index":1,"content_index":0,"text":"Olá 👋"}

event: response.output_item.added
data: {"type":"response.output_item.added","sequence_number":6,"output_index":2,"item":{"id":"fc_1","type":"function_call","status":"in_progress","arguments":"","call_id":"call_9","name":"look"}}

event: response.function_call_arguments.delta
data: {"type":"response.function_call_arguments.delta","sequence_number":7,"item_id":"fc_1","output_index":2,"delta":"{}"}

event: response.completed
data: {"type":"response.completed","sequence_number":8,"response":{"id":"resp_67c","object":"response","created_at":1767322145,"status":"completed","error":null,"incomplete_details":null,"model":"gpt-4o-mini","output":[{"id":"rs_1","type":"reasoning","summary":[]},{"id":"msg_1","type":"message","status":"completed","content":[{"type":"output_text","annotations":[],"text":"Olá 👋"}],"role":"assistant"},{"id":"fc_1","type":"function_call","status":"completed","arguments":"{}","call_id":"call_9","name":"look"}],"usage":{"input_tokens":37,"input_tokens_details":{"cached_tokens":0},"output_tokens":11,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":48}}}

""".encode()  # noqa: E501
RESPONSES_EVENTS: list[ProviderEvent] = [
    ReasoningDelta("Think…"),
    TextDelta("Olá"),
    TextDelta(" 👋"),
    ToolCallDelta(0, "call_9", "look", ""),
    ToolCallDelta(0, None, None, "{}"),
    Finished(
        "stop", {"prompt_tokens": 37, "completion_tokens": 11, "total_tokens": 48}, "resp_67c"
    ),
]

OLLAMA = """\
{"model":"gpt-oss:20b","created_at":"2026-01-02T03:04:05.1Z","message":{"role":"assistant","content":"","thinking":"Wohl…"},"done":false}
{"model":"gpt-oss:20b","created_at":"2026-01-02T03:04:05.2Z","message":{"role":"assistant","content":"Schön"},"done":false}
{"model":"gpt-oss:20b","created_at":"2026-01-02T03:04:05.3Z","message":{"role":"assistant","content":" 🦆\\n"},"done":false}
{"model":"gpt-oss:20b","created_at":"2026-01-02T03:04:05.4Z","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"look","arguments":{"q":"é"}}}]},"done":false}
{"model":"gpt-oss:20b","created_at":"2026-01-02T03:04:05.5Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":174560334,"load_duration":101397084,"prompt_eval_count":11,"prompt_eval_duration":13074791,"eval_count":18,"eval_duration":52479709}
""".encode()  # noqa: E501
OLLAMA_EVENTS: list[ProviderEvent] = [
    ReasoningDelta("Wohl…"),
    TextDelta("Schön"),
    TextDelta(" 🦆\n"),
    ToolCallDelta(0, None, "look", '{"q":"é"}'),
    Finished("stop", {"prompt_tokens": 11, "completion_tokens": 18, "total_tokens": 29}),
]
