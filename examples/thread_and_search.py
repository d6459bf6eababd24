"""A thread of a signed-in user, found again by search.

CHAT_API_URL=… CHAT_USERNAME=ann CHAT_PASSWORD=… python examples/thread_and_search.py
"""

import os
import time

import httpx

url = os.environ.get("CHAT_API_URL", "http://127.0.0.1:8000")
account = {"username": os.environ["CHAT_USERNAME"], "password": os.environ["CHAT_PASSWORD"]}
message = os.environ.get("CHAT_USER_MESSAGE", "Why is the sky blue?")
model = os.environ.get("CHAT_MODEL", "demo")

with httpx.Client(base_url=url, timeout=120) as client:
    tokens = client.post("/api/auth/login", json=account).raise_for_status().json()
    client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    thread = client.post("/api/threads", json={}).raise_for_status().json()["id"]
    asked = {"text": message, "model": model}
    client.post(f"/api/threads/{thread}/messages", json=asked).raise_for_status()
    time.sleep(1)  # what was said is indexed in the background
    found = client.get("/api/search/messages", params={"q": message}).raise_for_status().json()
    for item in found["items"]:
        print(item["conversation"]["title"], "|", item["snippet"])
