"""Portal and functions behind one small server of one origin, as the front door makes it, for journeys without a local
cloud."""

from __future__ import annotations

import os
import subprocess
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from yinji.identity.session import cookie, cookie_name, read, signing_keys
from yinji.platform import clock

from tests import portal
from tests.functions.conftest import Cloud

HERE = Path(__file__).parent


class Served(BaseHTTPRequestHandler):
    """Pages by the portal, the rest by the function that `folder_of` a method and a path names, as whoever the cookie
    says."""

    cloud: Cloud
    folder_of: Callable[[str, str], str]
    one_at_a_time = threading.Lock()
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.startswith("/api/"):
            self._to_function(b"")
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("cookie", "accept")}
        language = self.headers.get("accept-language", "")
        with self.one_at_a_time:
            event = portal.event(self.path, None, language, self.headers.get("cookie", ""), **headers)
            found = portal.module().app(event, None)
        self._answered(found["statusCode"], found["headers"], found["body"].encode())

    def do_POST(self) -> None:
        self._to_function(self.rfile.read(int(self.headers["content-length"])))

    def _to_function(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        told = read(cookie([self.headers.get("cookie") or ""], cookie_name()), signing_keys(), clock.now())
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": f"{self.command} {parts.path}",
            "rawPath": parts.path,
            "rawQueryString": parts.query,
            "queryStringParameters": dict(parse_qsl(parts.query)) or None,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "cookies": [],
            "requestContext": {
                "http": {"method": self.command, "path": parts.path, "sourceIp": "127.0.0.1"},
                "stage": "$default",
                "authorizer": {"lambda": told.session.claims if told else None},
            },
            "body": b64encode(body).decode(),
            "isBase64Encoded": True,
        }
        with self.one_at_a_time:
            found = self.cloud.invoke(self.folder_of(self.command, parts.path), event)
        text: str = found.get("body") or ""
        self._answered(
            found["statusCode"],
            found.get("headers", {}),
            b64decode(text) if found.get("isBase64Encoded") else text.encode(),
        )

    def _answered(self, status: int, headers: dict[str, Any], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value[0] if isinstance(value, list) else value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def served(cloud: Cloud, folder_of: Callable[[str, str], str]) -> Iterator[str]:
    """The address of such a server, for as long as it is needed."""
    told = {"cloud": cloud, "folder_of": staticmethod(folder_of)}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (Served,), told))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def walk(script: str, url: str, *arguments: str) -> str:
    """Let a browser go through `script` of this folder; what it says. Fails with all of it when something is not so."""
    done = subprocess.run(
        ["node", str(HERE / script), *arguments],
        env={"YINJI_URL": url, "PATH": os.environ["PATH"], "HOME": os.environ["HOME"]},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
