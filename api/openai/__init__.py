"""The OpenAI-compatible API (contracts/openai-v1.md)."""
