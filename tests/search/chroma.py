"""A real Chroma server on loopback, stopped by its own pid."""

import os
import sys
from pathlib import Path

import httpx

from tests.services import Process, ServiceMissing, free_port


class ChromaServer:
    """Keeps its data in `folder`; `resume` after `stop` finds them and the same `url`."""

    def __init__(self, folder: Path) -> None:
        self._program = Path(sys.executable).with_name("chroma")
        if not self._program.exists():
            raise ServiceMissing("The Chroma server is missing: install chromadb.")
        self._folder = folder
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.resume()

    def resume(self) -> None:
        command = [str(self._program), "run", "--host", "127.0.0.1", "--port", str(self._port)]
        env = {**os.environ, "ANONYMIZED_TELEMETRY": "False"}
        command += ["--path", str(self._folder / "data")]
        self._process = Process(command, folder=self._folder, env=env)
        self._process.wait_until(self._answers)

    def stop(self) -> None:
        self._process.stop()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/v2/heartbeat", trust_env=False).is_success
        except httpx.TransportError:
            return False
