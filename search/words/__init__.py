"""Search by words: the query language, the index and what is found in it."""
