"""A question over the WebSocket.

CHAT_API_URL=http://127.0.0.1:8000 python examples/websocket_chat.py
"""

import json
import os

from websockets.sync.client import connect

url = os.environ.get("CHAT_API_URL", "http://127.0.0.1:8000")
message = os.environ.get("CHAT_USER_MESSAGE", "Hello!")

with connect(f"{url.replace('http', 'ws', 1)}/ws/chat") as socket:
    socket.send(json.dumps({"messages": [{"role": "user", "content": message}]}))
    for text in socket:
        frame = json.loads(text)
        if frame["type"] == "delta":
            print(frame["text"], end="", flush=True)
        elif frame["type"] in ("done", "error"):
            print(frame.get("error", ""))
            break
