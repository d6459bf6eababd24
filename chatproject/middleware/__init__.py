"""What requests pass through, from the id and the log to the sessions of browsers."""
