"""The emulator as a process: started, waited for, saved, stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

from infra.local import home
from infra.local.trouble import Trouble

READY_SECONDS = 60
STOP_SECONDS = 60


class Emulator:
    """The emulator as a child of this process, keeping its state below `folder`, listening on `port`."""

    def __init__(self, folder: Path = home.HOME, port: int = home.CLOUD_PORT) -> None:
        self._folder, self._port = folder, port
        self._log = folder / "logs" / "emulator.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers. Raises Trouble when it does not."""
        if home.listens(self._port):
            raise Trouble(f"Port {self._port} is taken by another program.")
        state, objects, temporary = (self._folder / name for name in ("state", "objects", "tmp"))
        for folder in (state, objects, temporary, self._log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        environment = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            **home.environment(self._port),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self._port),
            "MINISTACK_HOST": "127.0.0.1",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "PERSIST_STATE": "1",
            "S3_PERSIST": "1",
            "STATE_DIR": str(state),
            "S3_DATA_DIR": str(objects),
            "TMPDIR": str(temporary),
            "LOG_LEVEL": "WARNING",
            "PYTHONUNBUFFERED": "1",
            "LAMBDA_WARM_TTL_SECONDS": "120",
        }
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [home.EMULATOR_PYTHON, home.ROOT / "infra" / "local" / "mends.py"],
                env=environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for us: the emulator is stopped after what stands on it
            )
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise Trouble(f"The emulator did not start; {self._log} says why.")
            time.sleep(0.1)

    @property
    def pid(self) -> int:
        assert self._process  # noqa: S101
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def save(self) -> None:
        """Have it save all of its state, and wait until it has."""
        stamp = self._folder / "state" / "saved"
        stamp.unlink(missing_ok=True)
        os.kill(self.pid, signal.SIGUSR1)
        deadline = time.monotonic() + STOP_SECONDS
        while not stamp.exists():
            if time.monotonic() > deadline or not self.alive:
                raise Trouble(f"The emulator did not save its state; {self._log} says why.")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop it cleanly; what it knows is on disk afterwards."""
        if self._process is None or not self.alive:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def kill(self) -> None:
        """End it as a power cut would, for tests of what it keeps."""
        assert self._process  # noqa: S101
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/_ministack/health", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False
