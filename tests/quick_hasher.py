"""Django's default hasher, which reads the same passwords, with fewer rounds."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):
    iterations = 1000
