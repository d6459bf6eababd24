"""What was said, and how an answer comes about."""
