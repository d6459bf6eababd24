"""Users: registering, signing in and out; and their API keys."""
