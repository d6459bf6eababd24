"""One file per provider; each speaks its own wire format and nothing else does."""
