"""Python processes that are forked from one which has imported the libraries already."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.services import Process
from tests.zygote import ANSWER


class Zygote:
    """The process of `tests.zygote`, with its socket in a folder of its own."""

    def __init__(self, *, folder: Path, env: Mapping[str, str]) -> None:
        self._address = str(folder / "socket")
        command = [sys.executable, "-m", "tests.zygote", self._address]
        self._process = Process(command, folder=folder, env=env)
        self._process.wait_until(self._is_ready)

    def start(self, arguments: Sequence[str], *, folder: Path, env: Mapping[str, str]) -> Process:
        """Like a `Process` of the command `python ARGUMENTS…`."""
        log = folder / "log"
        order = _order(arguments, folder, env, stdout=log, stderr=log)
        return _Forked(_Child(self._address, order), log)

    def run(
        self, arguments: Sequence[str], *, folder: Path, env: Mapping[str, str], seconds: float
    ) -> subprocess.CompletedProcess[str]:
        """Like `subprocess.run` of the command `python ARGUMENTS…`, with what it says."""
        with tempfile.TemporaryDirectory(prefix="parley-run-") as said:
            out, err = Path(said, "out"), Path(said, "err")
            child = _Child(self._address, _order(arguments, folder, env, stdout=out, stderr=err))
            try:
                status = child.wait(seconds)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
                raise
            texts = [file.read_bytes().decode() for file in (out, err)]
            return subprocess.CompletedProcess(arguments, status, *texts)

    def stop(self) -> None:
        self._process.stop()

    def _is_ready(self) -> bool:
        return self._process.log().endswith("\n")


def _order(
    arguments: Sequence[str], folder: Path, env: Mapping[str, str], *, stdout: Path, stderr: Path
) -> dict[str, object]:
    order = {"arguments": arguments, "folder": str(folder), "env": env, "stdin": os.devnull}
    return {**order, "stdout": str(stdout), "stderr": str(stderr)}


class _Forked(Process):
    def __init__(self, child: "_Child", log: Path) -> None:
        self.name, self._child, self._log = Path(sys.executable).name, child, log


class _Child:
    """A fork that another process waits for."""

    def __init__(self, address: str, order: Mapping[str, object]) -> None:
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(address)
        self._connection.sendall(json.dumps(order).encode() + b"\n")
        self._status: int | None = None
        self.pid = self._answer()

    def poll(self) -> int | None:
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        if self._status is None:
            self._connection.settimeout(timeout)
            try:
                self._status = self._answer()
            except (TimeoutError, BlockingIOError) as error:
                raise subprocess.TimeoutExpired("python", timeout or 0) from error
            self._connection.close()
        return self._status

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _answer(self) -> int:
        """SIGKILL, where the one who was to tell has been killed as well."""
        answer = self._connection.recv(ANSWER.size, socket.MSG_WAITALL)
        number: int = ANSWER.unpack(answer)[0] if answer else -signal.SIGKILL
        return number
