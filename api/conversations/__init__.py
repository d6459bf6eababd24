"""The conversations dialect (contracts/conversations.md)."""
