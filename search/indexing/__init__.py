"""Bringing the indexes up to what the database says."""
