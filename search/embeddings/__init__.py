"""Texts to vectors: by a model in this process, or by an endpoint."""
