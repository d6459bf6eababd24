"""The streaming chat endpoint (contracts/chat-stream.md)."""
