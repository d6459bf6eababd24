"""Turns, for every dialect: look, follow, stop (contracts/common.md C-10)."""
