"""Starts and stops the identity servers that the sign-in tests talk to, as processes on the loopback.

`with OidcServer(port, clients, accounts, folder) as provider:` has `provider.issuer` and `provider.rotate()`;
`with CasServer(port, accounts, services, folder, python=...) as cas:` has `cas.url`.
"""

import http.client
import json
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NotRequired, Self, TypedDict

HERE = Path(__file__).resolve().parent
HOST = "127.0.0.1"
TAIL = 4000
STOP_SECONDS = 10.0


class OidcClient(TypedDict):
    """A client of the OpenID provider; one without a secret is public."""

    client_id: str
    client_secret: NotRequired[str]
    redirect_uris: list[str]
    post_logout_redirect_uris: NotRequired[list[str]]
    token_endpoint_auth_method: NotRequired[str]


class CasAccount(TypedDict):
    """An account of the CAS server and the attributes that it releases."""

    password: str
    attributes: dict[str, str | list[str]]


class ServerFailed(Exception):
    """A server that ended or was not ready in time; the message has the end of its log."""


def free_port() -> int:
    """A port of the loopback that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


class _Server(ABC):
    """A server process: `start` waits for its line `ready`, `stop` ends it and nothing else."""

    def __init__(self, name: str, port: int, folder: Path, timeout: float) -> None:
        self.port = port
        self.folder = folder
        self.timeout = timeout
        self.log = folder / f"{name}-{port}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def origin(self) -> str:
        """Scheme, host and port, without a slash at the end."""
        return f"http://{HOST}:{self.port}"

    @abstractmethod
    def _command(self) -> list[str]:
        """What starts the process."""

    def start(self) -> Self:
        """Start the process and return once it listens; raises ServerFailed if it does not."""
        if self._process is not None:
            raise RuntimeError("the server is already started")
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            # The pipe is never written to: it ends when this process does, and the server ends with it
            self._process = subprocess.Popen(
                self._command(), stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + self.timeout
        while b"ready" not in self.log.read_bytes().splitlines():
            code = self._process.poll()
            if code is not None or time.monotonic() > deadline:
                problem = f"was not ready in {self.timeout} s" if code is None else f"ended with {code}"
                self.stop()
                raise ServerFailed(f"{self.log.stem} {problem}:\n{self._tail()}")
            time.sleep(0.05)
        return self

    def stop(self) -> None:
        """End the process, if it runs."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()

    def _tail(self) -> str:
        return self.log.read_bytes()[-TAIL:].decode(errors="replace")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class OidcServer(_Server):
    """The OpenID provider.

    `accounts` maps each sub to its claims; any password signs in. The signing keys stay in `folder`: a server that is
    started there again on the same port goes on with them.
    """

    def __init__(
        self,
        port: int,
        clients: list[OidcClient],
        accounts: dict[str, dict[str, Any]],
        folder: Path,
        *,
        algorithm: Literal["RS256", "ES256"] = "RS256",
        node: str = "node",
        timeout: float = 30,
    ) -> None:
        super().__init__("oidc", port, folder, timeout)
        self.clients = clients
        self.accounts = accounts
        self.algorithm = algorithm
        self.node = node

    @property
    def issuer(self) -> str:
        """The issuer, as it stands in the discovery document and in ID tokens."""
        return self.origin

    def rotate(self, *, keep_old: bool = True) -> str:
        """Have the server sign with a new key and return its kid; the JWKS keeps the old keys unless told not to."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=self.timeout)
        try:
            connection.request("POST", "/_test/rotate", json.dumps({"keep_old": keep_old}))
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise ServerFailed(f"no new key, status {response.status}:\n{self._tail()}")
        kid: str = json.loads(body)["kid"]
        return kid

    def _command(self) -> list[str]:
        options = {
            "port": self.port,
            "clients": self.clients,
            "accounts": self.accounts,
            "keyFile": str(self.folder / f"oidc-{self.port}-keys.json"),
            "algorithm": self.algorithm,
            "watchStdin": True,
        }
        return [self.node, str(HERE / "oidc_server.mjs"), json.dumps(options)]


class CasServer(_Server):
    """The CAS server.

    `services` is a regular expression that matches, from its beginning, the service URLs that get tickets; `python` is
    the interpreter of the virtual environment that has `cas-requirements.in` installed.
    """

    def __init__(
        self,
        port: int,
        accounts: dict[str, CasAccount],
        services: str,
        folder: Path,
        *,
        python: str | Path,
        single_log_out: bool = False,
        timeout: float = 60,
    ) -> None:
        super().__init__("cas", port, folder, timeout)
        self.accounts = accounts
        self.services = services
        self.python = python
        self.single_log_out = single_log_out

    @property
    def url(self) -> str:
        """What /login, /logout and /p3/serviceValidate are appended to."""
        return self.origin

    def _command(self) -> list[str]:
        options = {
            "port": self.port,
            "folder": str(self.folder),
            "accounts": self.accounts,
            "services": self.services,
            "single_log_out": self.single_log_out,
            "watch_stdin": True,
        }
        return [str(self.python), "-I", str(HERE / "cas_server.py"), json.dumps(options)]
