"""CAS 3.0: a browser comes back with a ticket, and the server says once whose it is.

A ticket is good for the very address it was asked for, which holds this attempt's own `state`: what somebody else got
is not taken here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import urlencode
from xml.etree.ElementTree import ParseError

import requests
from cas import CASClientV3  # pyright: ignore[reportMissingTypeStubs]

from sign_in.answer import LONG_AGO, Identity, Patient, Refused, proved

NAMES = ("name", "displayName", "cn", "userName", "user_name")
"""The attributes by which servers tell a person's name; the first that is there is taken."""


class _Client(CASClientV3):
    """python-cas asks for a fresh sign-in when it sends somebody away, but not whether the ticket came of one."""

    service_url: str
    server_url: str
    renew: bool
    session: requests.Session

    def get_verification_response(self, ticket: str) -> bytes:
        params = {"ticket": ticket, "service": self.service_url} | ({"renew": "true"} if self.renew else {})
        answer = self.session.get(f"{self.server_url}{self.url_suffix}", params=params)
        answer.raise_for_status()
        return bytes(answer.content)


@dataclass
class Server:
    """The university's CAS server at `url`; `back` is our address that browsers come back to.

    Methods raise Refused.
    """

    url: str
    back: str
    _session: requests.Session = field(default_factory=Patient, repr=False)

    def away(self, state: str, again: bool = False) -> str:
        """Where to send the browser; with `again` they are to prove who they are even if they are signed in there."""
        return str(self._client(state, again).get_login_url())

    def identity(self, query: Mapping[str, str], state: str, again: bool = False) -> Identity:
        """Who came back with `query`, to an attempt that went away with `state`."""
        if not state or query.get("state") != state:
            raise Refused("stale", "the state is another")
        ticket = query.get("ticket", "")
        if not ticket:
            raise Refused("denied", "there is no ticket")
        try:
            client: Any = self._client(state, again)
            user, attributes, _ = client.verify_ticket(ticket)
        except requests.RequestException as error:
            raise Refused("unreachable", type(error).__name__) from error
        except (ParseError, AttributeError, IndexError, ValueError) as error:
            raise Refused("untrue", type(error).__name__) from error
        account = str(user or "").strip()
        if not account:  # used before, too old, asked for elsewhere, or of no fresh sign-in
            raise Refused("stale", "the ticket is not valid")
        told = cast(Mapping[str, Any], attributes or {})
        name = next((str(told[name]) for name in NAMES if told.get(name)), "")
        return Identity(account, name, self._proved_at(told, again))

    def leave(self, next: str) -> str:
        """Where the university's own sign-in is left, to come back to `next`."""
        return f"{self._base}logout?{urlencode({'service': next})}"

    @property
    def _base(self) -> str:
        return self.url.rstrip("/") + "/"

    def _client(self, state: str, again: bool) -> _Client:
        service = f"{self.back}?{urlencode({'state': state})}"
        return _Client(service_url=service, server_url=self._base, renew=again, session=self._session)

    @staticmethod
    def _proved_at(told: Mapping[str, Any], again: bool) -> datetime:
        """When they proved who they are: now where they had to, else as the server says, else long ago."""
        if again:
            return datetime.now(UTC)
        try:
            at = datetime.fromisoformat(str(told.get("authenticationDate")).replace("Z", "+00:00").partition("[")[0])
        except ValueError:
            return LONG_AGO
        return proved(at) if at.tzinfo else LONG_AGO  # whose clock it is by, nobody knows
