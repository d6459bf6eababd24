"""The settings of the servers under test: Parley's own, except that a password costs no time.

Django's own advice for tests; those about hashing and about time have a server with the real ones.
"""

from chatproject.settings import *  # noqa: F403

PASSWORD_HASHERS = ["tests.quick_hasher.QuickHasher"]
