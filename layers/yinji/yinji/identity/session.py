"""Sessions: who somebody is and in which role, in a cookie signed by itsdangerous.

The keys come from Secrets Manager, newest first; all of them are accepted, the newest signs, so that keys rotate
without signing anybody out.

A cookie is good for IDLE after it was signed; pages sign it anew while somebody is there, for LIFE after they signed
in. Once it is older than CHECKED, whoever reads it asks the register of people whether the session still stands: so
signing out everywhere, or the end of a role, is known everywhere a few minutes later.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from itsdangerous import BadSignature, URLSafeTimedSerializer

from yinji.platform.environment import is_local, setting

if TYPE_CHECKING:
    from aws_lambda_powertools.shared.cookies import Cookie

Role = Literal[
    "student",
    "counsellor",
    "school-officer",
    "department-officer",
    "supervisor",
    "technician",
    "community-worker",
    "administrator",
    "auditor",
]
ROLES: tuple[Role, ...] = get_args(Role)
LIFE = timedelta(hours=12)
IDLE = timedelta(hours=2)
CHECKED = timedelta(minutes=5)
FRESH = timedelta(minutes=15)
"""How long after somebody proved who they are they may do what must not be done by whoever finds their browser open."""
LEEWAY = timedelta(minutes=1)
"""By how much the clocks of two functions may differ."""
SALT = "yinji-session"
COOKIE = "yinji_session"
"""What the cookie is called; see host_bound."""


@dataclass(frozen=True)
class Session:
    """`sub` is a student number or staff id; `school` and `department` bound what an office's role may do."""

    sub: str
    role: Role
    name: str
    school: str = ""
    department: str = ""
    acts_for: str = ""
    """The staff id of the colleague whose role it is, where it was delegated."""
    id: str = ""
    """This sign-in, by which it can be ended."""
    since: int = 0
    """When they signed in, in seconds since 1970."""
    proved: int = 0
    """When they last proved who they are, in seconds since 1970."""

    @property
    def claims(self) -> dict[str, str]:
        """What is not empty, as text: the authorizer can hand on nothing else."""
        return {name: str(value) for name, value in asdict(self).items() if value}

    @property
    def supervises(self) -> str:
        """The staff id that graduates name as their supervisor."""
        return self.acts_for or self.sub

    @property
    def on_behalf(self) -> dict[str, str]:
        """What an event tells besides who did it: for whom, where somebody stood in."""
        return {"acts_for": self.acts_for} if self.acts_for else {}

    def fresh(self, now: datetime) -> bool:
        """Whether they proved a moment ago who they are."""
        return now - datetime.fromtimestamp(self.proved, UTC) <= FRESH


@dataclass(frozen=True)
class Token:
    """A cookie that can be believed: whose `session`, and when it was signed."""

    session: Session
    signed_at: datetime

    def due(self, now: datetime) -> bool:
        """Whether it is time to ask whether the session still stands."""
        return now - self.signed_at > CHECKED


def session_of(claims: Mapping[str, Any]) -> Session | None:
    """The session with these claims, or None when they are not a session's."""
    if claims.get("role") not in ROLES or not claims.get("sub"):
        return None
    told = {name: str(claims.get(name) or "") for name in ("name", "school", "department", "acts_for", "id")}
    try:
        since, proved = (int(claims.get(name) or 0) for name in ("since", "proved"))
    except ValueError:
        return None
    return Session(str(claims["sub"]), cast(Role, claims["role"]), since=since, proved=proved, **told)


def host_bound(name: str) -> str:
    """The name of a cookie of ours: on https the browser itself guarantees that only this host can have set it."""
    return name if is_local() else f"__Host-{name}"


def cookie_name() -> str:
    return host_bound(COOKIE)


def sign(session: Session, keys: Sequence[str]) -> str:
    """The cookie's value for `session`."""
    return serializer(keys, SALT).dumps(session.claims)


def read(token: str, keys: Sequence[str], now: datetime) -> Token | None:
    """What `token` holds, or None when it is not signed by one of `keys`, or nobody used it for IDLE, or the session
    began more than LIFE ago."""
    try:
        claims, signed_at = serializer(keys, SALT).loads(token, return_timestamp=True)
    except BadSignature:
        return None
    if not -LEEWAY <= now - signed_at <= IDLE:
        return None
    session = session_of(cast(Mapping[str, Any], claims)) if isinstance(claims, dict) else None
    if session is None or now - datetime.fromtimestamp(session.since, UTC) > LIFE:
        return None
    return Token(session, signed_at)


def serializer(keys: Sequence[str], salt: str) -> URLSafeTimedSerializer:
    """What signs by the first of `keys` and believes all of them; what is signed with another `salt` is none of it."""
    return URLSafeTimedSerializer(list(reversed(keys)), salt=salt)


def signing_keys() -> list[str]:
    """The keys in force, newest first, from the secret YINJI_SESSION_KEYS ({"key": newest, "older": [...]}).

    They are looked up again every five minutes.
    """
    from aws_lambda_powertools.utilities import parameters

    secret: str = parameters.get_secret(setting("SESSION_KEYS"), max_age=300)  # pyright: ignore[reportUnknownMemberType]
    known = json.loads(secret)
    return [str(known["key"]), *(str(key) for key in known.get("older", []))]


def session_cookie(token: str) -> Cookie:
    """The cookie that keeps `token`; with an empty one, the cookie that signs out."""
    return own_cookie(cookie_name(), token, IDLE)


def own_cookie(name: str, value: str, length: timedelta) -> Cookie:
    """A cookie that no script and no other site has a part in, for `length`; an empty `value` takes it away."""
    from aws_lambda_powertools.shared.cookies import Cookie, SameSite

    return Cookie(
        name=name,
        value=value,
        path="/",
        max_age=int(length.total_seconds()) if value else 0,
        http_only=True,
        same_site=SameSite.LAX_MODE,
        secure=not is_local(),
    )


def cookies_of(event: Mapping[str, Any]) -> list[str]:
    """What the browser sent as cookies: in a field of their own, or in the header where a gateway leaves them."""
    headers: Mapping[str, str] = event.get("headers") or {}
    header = next((value for name, value in headers.items() if name.lower() == "cookie"), "")
    return [*(event.get("cookies") or []), header]


def cookie(cookies: Sequence[str], name: str) -> str:
    """The value of the cookie `name` among "name=value" strings or whole Cookie headers, or an empty text."""
    for header in cookies:
        for part in header.split(";"):
            key, _, value = part.strip().partition("=")
            if key == name:
                return value
    return ""
