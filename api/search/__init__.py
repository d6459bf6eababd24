"""Search in everything that a caller has said and heard, in whatever dialect."""
