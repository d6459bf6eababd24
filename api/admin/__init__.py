"""What operators change over HTTP: the bypass list."""
