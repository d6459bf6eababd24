"""The WebSocket chat (contracts/ws-chat.md)."""
