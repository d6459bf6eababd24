"""One question and its answer through the sessions API.

    CHAT_API_URL=http://127.0.0.1:8000 CHAT_USER_MESSAGE="Hello" python examples/basic_session.py

CHAT_PROVIDER names a provider, CHAT_API_KEY is sent as X-API-Key; both may be left out.
"""

import os

import httpx

url = os.environ.get("CHAT_API_URL", "http://127.0.0.1:8000")
provider = os.environ.get("CHAT_PROVIDER")
message = os.environ.get("CHAT_USER_MESSAGE", "Hello! What can you do?")
key = os.environ.get("CHAT_API_KEY")

with httpx.Client(base_url=url, headers={"X-API-Key": key} if key else {}, timeout=120) as client:
    fields = {"provider": provider} if provider else {}
    session = client.post("/sessions", json=fields).raise_for_status().json()
    path = f"/sessions/{session['id']}/messages"
    answer = client.post(path, json={"content": message}).raise_for_status().json()
    print(answer["message"]["content"])
