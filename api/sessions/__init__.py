"""The sessions dialect (contracts/sessions.md)."""
