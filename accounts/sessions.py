"""Django's sessions in the database, which never look for a key that cannot be one."""

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions


class SessionStore(DatabaseSessions):
    def _validate_session_key(self, key: str | None) -> bool:
        # A cookie may hold anything, a NUL too, which PostgreSQL refuses with an error.
        is_word = key is not None and key.isascii() and key.isalnum()
        return is_word and bool(super()._validate_session_key(key))  # type: ignore[misc]
