"""Finding a message again: by meaning, by words, and by regular expressions."""
