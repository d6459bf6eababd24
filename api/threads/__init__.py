"""Threads: what a signed-in user keeps, with agents behind it (contracts/threads.md)."""
