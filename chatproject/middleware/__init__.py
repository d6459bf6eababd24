"""What every request passes through, outermost first: id and log, body cap, headers."""
