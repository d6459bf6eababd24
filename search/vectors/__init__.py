"""The vectors of all texts, kept in Chroma."""
