"""The wire formats of the scripted upstream: how each dialect frames what a script says."""

import json
import re
from typing import Any

from tests.upstream_anthropic import CATALOGUE, messages

Json = dict[str, Any]


def event(data: Json) -> str:
    name = f"event: {data['type']}\n" if "type" in data else ""
    return f"{name}data: {json.dumps(data, ensure_ascii=False)}\n\n"


def chat(said: Json, kind: str, value: Any) -> str:
    base = {"id": said["id"], "object": "chat.completion.chunk", "created": 1}
    base |= {"model": said["model"]}
    deltas: Json = {"text": {"content": value}, "reasoning": {"reasoning_content": value}}
    deltas |= {"open": {"role": "assistant", "content": ""}, "finish": {}}
    if kind in deltas:
        choice = {"index": 0, "delta": deltas[kind], "finish_reason": None}
        choice |= {"finish_reason": value} if kind == "finish" else {}
        return event(base | {"choices": [choice]})
    fault = {"error": {"message": value, "type": "server_error", "code": "server_error"}}
    message = {"role": "assistant", "content": said["text"]}
    message |= {"reasoning_content": said["reasoning"]} if said["reasoning"] else {}
    choice = {"index": 0, "message": message, "finish_reason": said["finish"] or "stop"}
    whole = {"object": "chat.completion", "choices": [choice], "usage": said["usage"]}
    return {
        "usage": event(base | {"choices": [], "usage": value}),
        "end": ("" if said["finish"] else chat(said, "finish", "stop")) + "data: [DONE]\n\n",
        "error": event(fault),
        "fault": json.dumps(fault),
        "rubbish": "data: {rubbish\n\n",
        "whole": json.dumps(base | whole),
    }[kind]


def openrouter(said: Json, kind: str, value: Any) -> str:
    frame = chat(said, kind, value).replace('"reasoning_content"', '"reasoning"')
    return (": OPENROUTER PROCESSING\n\n" if kind == "open" else "") + frame


def response(said: Json, status: str) -> Json:
    content = [{"type": "output_text", "text": said["text"], "annotations": []}]
    output = [{"type": "message", "id": "msg_1", "role": "assistant", "content": content}]
    usage = {re.sub("^prompt", "input", key): count for key, count in said["usage"].items()}
    usage = {re.sub("^completion", "output", key): count for key, count in usage.items()}
    state = {"id": said["id"], "object": "response", "model": said["model"], "status": status}
    return state | {"output": output if status != "in_progress" else [], "usage": usage or None}


def responses(said: Json, kind: str, value: Any) -> str:
    part = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    match kind:
        case "text":
            return event({"type": "response.output_text.delta", **part, "delta": value})
        case "reasoning":
            return event({"type": "response.reasoning_summary_text.delta", "delta": value})
        case "open":
            created = response(said, "in_progress")
            return event({"type": "response.created", "response": created})
        case "error":
            return event({"type": "error", "code": "server_error", "message": value})
        case "end" | "whole":
            whole = response(said, "incomplete" if said["finish"] == "length" else "completed")
            done = event({"type": "response.output_text.done", **part, "text": said["text"]})
            last = event({"type": f"response.{whole['status']}", "response": whole})
            return done + last if kind == "end" else json.dumps(whole)
    return "" if kind in ("finish", "usage") else chat(said, kind, value)


def ollama(said: Json, kind: str, value: Any) -> str:
    if kind in ("open", "finish", "usage", "rubbish"):
        return "{rubbish\n" if kind == "rubbish" else ""
    if kind in ("error", "fault"):
        return json.dumps({"error": value}) + "\n"
    done = kind in ("end", "whole")
    message = {"role": "assistant", "content": said["text"] if kind == "whole" else ""}
    message |= {"thinking": said["reasoning"]} if kind == "whole" and said["reasoning"] else {}
    message |= {} if done else {"content" if kind == "text" else "thinking": value}
    line = {"model": said["model"], "created_at": "2026-01-01T00:00:00Z", "message": message}
    line |= {"done": done, **({"done_reason": said["finish"] or "stop"} if done else {})}
    names = {"prompt_tokens": "prompt_eval_count", "completion_tokens": "eval_count"}
    spent = {names[key]: count for key, count in said["usage"].items() if key in names}
    return json.dumps(line | (spent if done else {}), ensure_ascii=False) + "\n"


def embeddings(asked: Json) -> Json:
    """One vector for each text: its length, and the number of its words."""
    texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
    vectors = [[float(len(text)), float(len(text.split()))] for text in texts]
    data = [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(vectors)]
    usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
    return {"object": "list", "data": data, "model": asked["model"], "usage": usage}


WIRES = {"/responses": responses, "/api/chat": ollama, "/api/v1/chat/completions": openrouter}
WIRES |= {"/chat/completions": chat, "/v1/messages": messages}
PRICES = {"pricing": {"prompt": "0.000001", "completion": "0.000002"}, "context_length": 8192}
OLLAMA_MODELS = ("scripted:latest", "gpt-oss:20b")
CATALOGUES: dict[str, Json] = {
    "/api/v1/models": {"data": [{"id": "maker/scripted", "name": "Scripted", **PRICES}]},
    "/v1/models": {"data": [{"id": "scripted-small"}, {"id": "scripted-large"}], "object": "list"},
    "/anthropic/v1/models": CATALOGUE,
    "/gemini/v1beta/openai/models": {"data": [{"id": "models/gemini-scripted"}]},
    "/api/tags": {"models": [{"name": name, "model": name} for name in OLLAMA_MODELS]},
}
