"""OpenAI's own SDK with this server in place of OpenAI: a stream, and a response that is continued.

    CHAT_API_URL=http://127.0.0.1:8000 CHAT_USER_MESSAGE="Hello" python examples/openai_sdk.py

CHAT_API_KEY is the key, CHAT_MODEL the model; both may be left out. Needs `pip install openai`.
"""

import os

from openai import OpenAI

url = os.environ.get("CHAT_API_URL", "http://127.0.0.1:8000")
message = os.environ.get("CHAT_USER_MESSAGE", "Hello! What can you do?")
key = os.environ.get("CHAT_API_KEY", "none")
model = os.environ.get("CHAT_MODEL", "")

with OpenAI(base_url=f"{url}/v1", api_key=key) as client:
    # Nothing of this is kept.
    with client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": message}], stream=True
    ) as stream:
        for chunk in stream:
            for choice in chunk.choices:
                print(choice.delta.content or "", end="", flush=True)
    print()
    # These are, and the second goes on from the first, whatever the provider is.
    first = client.responses.create(model=model, input=message)
    second = client.responses.create(model=model, input="And?", previous_response_id=first.id)
    print(second.output_text)
