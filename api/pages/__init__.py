"""Pages for browsers, and the small endpoints that only those pages use."""
