"""Asks over the chat stream, loses the connection on purpose, and reads on where it stopped.

CHAT_API_URL=http://127.0.0.1:8000 python examples/follow_a_turn.py
"""

import json
import os

import httpx

url = os.environ.get("CHAT_API_URL", "http://127.0.0.1:8000")
message = os.environ.get("CHAT_USER_MESSAGE", "Tell me a short story")

with httpx.Client(base_url=url, timeout=120) as client:
    cursor = ""
    with client.stream("POST", "/api/chat/stream", json={"message": message}) as stream:
        stream.raise_for_status()
        turn = stream.headers["X-Turn-ID"]
        for line in stream.iter_lines():
            if line.startswith("id: "):
                cursor = line.removeprefix("id: ")
            elif line.startswith("data: ") and cursor:
                break  # as if the network were gone

    text = ""
    with client.stream("GET", f"/api/turns/{turn}/events") as stream:
        event = ""
        for line in stream.iter_lines():
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: ") and event in ("delta", "reset"):
                told = json.loads(line.removeprefix("data: "))["text"]
                text = told if event == "reset" else text + told
    print(text)
