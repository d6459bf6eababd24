"""A process with everything imported, which makes an indexer by forking for each line it reads.

Each is a process of its own that can be killed, without the seconds that its imports would take.
"""

import os
import signal
import sys

import django


def main() -> None:
    django.setup()
    # What an indexer would import at its start.
    import chromadb.api.fastapi
    import chromadb.api.rust  # noqa: F401
    from django.core.management import call_command

    # Nobody waits for the dead.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for _ in sys.stdin:
        if os.fork() == 0:
            sys.stdin.close()
            print(os.getpid(), flush=True)
            call_command("run_indexer")
            os._exit(0)


if __name__ == "__main__":
    main()
