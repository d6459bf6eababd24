"""How the workers of one server know how many they are."""

import os

WORKERS_VARIABLE = "PARLEY_WORKERS"


def announce_workers(number: int) -> None:
    """Before the first of them is started: they inherit the environment.

    Whoever starts several single servers beside each other may have said so already.
    """
    if number > 1:
        os.environ[WORKERS_VARIABLE] = str(number)
