"""A conversation whose answer is streamed word by word.

CHAT_API_URL=http://127.0.0.1:8000 python examples/conversation.py
"""

import json
import os

import httpx

url = os.environ.get("CHAT_API_URL", "http://127.0.0.1:8000")
message = os.environ.get("CHAT_USER_MESSAGE", "Hello!")

with httpx.Client(base_url=url, timeout=120) as client:
    conversation = client.post("/conversations", json={}).raise_for_status().json()["id"]
    path = f"/conversations/{conversation}"
    client.post(f"{path}/messages", json={"message": message}).raise_for_status()
    with client.stream("GET", f"{path}/stream") as stream:
        stream.raise_for_status()
        for line in stream.iter_lines():
            if line.startswith("data: {"):
                print(
                    json.loads(line.removeprefix("data: ")).get("content", ""), end="", flush=True
                )
    print()
