"""How a question becomes an answer, and how nothing of it is lost."""
