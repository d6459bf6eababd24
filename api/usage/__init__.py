"""What callers have used, and what it has cost."""
