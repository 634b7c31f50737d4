"""Posting to addresses that others told us: webhooks. No redirect is followed, no answer is waited for without end, and
unless told otherwise nothing inside our own or anybody's network is reached.

The address that was looked at is the one that is connected to: a name that leads elsewhere a moment later leads nobody
astray.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from yinji.platform.environment import is_local

SECONDS = 10.0
LONGEST_URL = 500
LONGEST_ANSWER = 64 * 1024
_TRANSLATED = ip_network("64:ff9b::/96")


class NotAllowed(ValueError):
    """An address that nothing is posted to."""


def check(url: str) -> None:
    """Raise NotAllowed unless `url` is one of https with a host and without a name and password; in a local deployment
    http is fine as well."""
    try:
        told = urlsplit(url)
        port = told.port
    except ValueError as error:
        raise NotAllowed("not an address") from error
    if told.scheme != "https" and not (told.scheme == "http" and is_local()):
        raise NotAllowed("not https")
    if not told.hostname or told.username or told.password or told.fragment or port == 0:
        raise NotAllowed("not an address")
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise NotAllowed("not an address")


def resolved(url: str, *, inside: bool = False) -> str:
    """The address, as a number, that `url` leads to. Raises NotAllowed when one of those that it may lead to is not
    everybody's, unless `inside` may be reached or this is a local deployment; OSError when it leads nowhere."""
    check(url)
    told = urlsplit(url)
    port = told.port or (443 if told.scheme == "https" else 80)
    try:
        found = [str(one[4][0]) for one in socket.getaddrinfo(told.hostname, port, type=socket.SOCK_STREAM)]
    except UnicodeError:  # a part of the name is empty, or too long
        raise NotAllowed("no name of a host") from None
    if not (inside or is_local()) and not all(public(address) for address in found):
        raise NotAllowed("not everybody's")
    return found[0]


def public(address: str) -> bool:
    """Whether `address` is one that everybody on the internet reaches, and no other within it."""
    one = ip_address(address.partition("%")[0])
    if isinstance(one, IPv6Address):
        within: IPv4Address | None = one.ipv4_mapped or one.sixtofour
        if within or one.teredo or one in _TRANSLATED:
            return within is not None and within == one.ipv4_mapped and public(str(within))
    return one.is_global and not one.is_multicast and not one.is_reserved


def post(
    url: str, body: bytes, headers: Mapping[str, str], seconds: float = SECONDS, *, inside: bool = False
) -> tuple[int, bytes]:
    """Post `body` once: status and the beginning of the answer. All of it takes `seconds` at most.

    Raises NotAllowed as `resolved` does, OSError or http.client.HTTPException when nobody knows what became of it,
    ConnectionRefusedError when it certainly was not taken.
    """
    address, told = resolved(url, inside=inside), urlsplit(url)
    connection = _Pinned(address, told.hostname or "", told.port, told.scheme == "https", seconds)
    # each byte of an answer may take its time, and all of them together not
    end = threading.Timer(seconds, connection.cut)
    end.daemon = True
    end.start()
    try:
        path = (told.path or "/") + (f"?{told.query}" if told.query else "")
        connection.request("POST", path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read(LONGEST_ANSWER)
    finally:
        end.cancel()
        connection.close()


class _Pinned(http.client.HTTPConnection):
    """A connection to `address`, which is that of `host`: what is asked, and whose certificate is looked at."""

    def __init__(self, address: str, host: str, port: int | None, secure: bool, seconds: float) -> None:
        super().__init__(host, port or (443 if secure else 80), timeout=seconds)
        self._address, self._secure = address, secure

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = plain
        if self._secure:
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)

    def cut(self) -> None:
        """Let whoever waits on the connection wait no more."""
        try:
            if self.sock is not None:  # pyright: ignore[reportUnnecessaryComparison] - before it is connected it is
                self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
