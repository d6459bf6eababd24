"""Asking providers so that the failure of one is not the end: see `answering`."""
