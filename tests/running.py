"""A local cloud of the tests' own, started as `make up` starts it, with ports and a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from typing import Self

import psutil

from infra.local import home

READY_SECONDS = 420
OIDC_PORT, CAS_PORT = home.PORT + 11, home.PORT + 12
SERVERS = {
    "YINJI_OIDC_ISSUER": f"http://127.0.0.1:{OIDC_PORT}",
    "YINJI_OIDC_CLIENT": "yinji",
    "YINJI_CAS_URL": f"http://127.0.0.1:{CAS_PORT}",
}
"""Where the identity servers would be, for every local cloud of the tests: so all of them are synthesized once."""
OWN = ("AWS_", "YINJI_", "POWERTOOLS_")


class RunningCloud:
    """`python -m infra.local up` as a child. `folder` is its name below .local; it is empty when it starts fresh."""

    def __init__(self, name: str, port: int, cloud_port: int, graduates: int) -> None:
        self.folder = home.LOCAL / name
        self.url = f"http://127.0.0.1:{port}"
        self.cloud_port = cloud_port
        self._graduates = graduates
        self._environment = {
            **{
                key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "YINJI_", "POWERTOOLS_"))
            },
            "YINJI_HOME": name,
            "YINJI_PORT": str(port),
            "YINJI_CLOUD_PORT": str(cloud_port),
            "PYTHONUNBUFFERED": "1",
            **SERVERS,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._log = home.LOCAL / f"{name}.log"

    def start(self, fresh: bool = False) -> Self:
        """Start it and wait until it says that it is ready; AssertionError with what it printed when it does not."""
        if fresh:
            shutil.rmtree(self.folder, ignore_errors=True)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "infra.local", "up", "--graduates", str(self._graduates)],
                env=self._environment,
                cwd=home.ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + READY_SECONDS
        while "ready at" not in self.printed:
            if self._process.poll() is not None:
                raise AssertionError(self.printed)
            if time.monotonic() > deadline:
                self.kill()  # its ports are those of the next one
                raise AssertionError(self.printed)
            time.sleep(0.3)
        return self

    @property
    def printed(self) -> str:
        return self._log.read_text("utf-8", "replace")

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command of the local cloud, such as `status`."""
        return subprocess.run(
            [sys.executable, "-m", "infra.local", *arguments],
            env=self._environment,
            cwd=home.ROOT,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def kill(self) -> None:
        """End the emulator, its functions and the front door at once, as a power cut would."""
        assert self._process
        family = psutil.Process(self._process.pid).children(recursive=True)
        for process in [*family, psutil.Process(self._process.pid)]:
            if process.is_running():
                process.send_signal(signal.SIGKILL)
        psutil.wait_procs(family, 10)
        self._process.wait()

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(120)
