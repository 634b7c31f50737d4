"""Sessions: who somebody is and in which role, in a cookie signed by itsdangerous.

The keys come from Secrets Manager, newest first; all of them are accepted, the newest signs, so that keys rotate
without signing anybody out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from itsdangerous import BadSignature, URLSafeTimedSerializer

from yinji.platform.environment import is_local, setting

if TYPE_CHECKING:
    from aws_lambda_powertools.shared.cookies import Cookie

Role = Literal[
    "student", "counsellor", "school-officer", "department-officer", "supervisor", "administrator", "auditor"
]
ROLES: tuple[Role, ...] = get_args(Role)
SECONDS = 12 * 3600
SALT = "yinji-session"


@dataclass(frozen=True)
class Session:
    """`sub` is a student number or staff id; `school` and `department` bound what an office's role may do."""

    sub: str
    role: Role
    name: str
    school: str = ""
    department: str = ""

    @property
    def claims(self) -> dict[str, str]:
        return asdict(self)


def session_of(claims: Mapping[str, Any]) -> Session | None:
    """The session with these claims, or None when they are not a session's."""
    if claims.get("role") not in ROLES or not claims.get("sub"):
        return None
    return Session(
        sub=str(claims["sub"]),
        role=cast(Role, claims["role"]),
        name=str(claims.get("name") or ""),
        school=str(claims.get("school") or ""),
        department=str(claims.get("department") or ""),
    )


def cookie_name() -> str:
    """On https the browser itself guarantees that only this host can have set the cookie."""
    return "yinji_session" if is_local() else "__Host-yinji_session"


def sign(session: Session, keys: Sequence[str]) -> str:
    """The cookie's value for `session`."""
    return _serializer(keys).dumps(session.claims)


def read(token: str, keys: Sequence[str], seconds: int = SECONDS) -> Session | None:
    """The session that `token` holds, or None when it is not signed by one of `keys` or older than `seconds`."""
    try:
        claims = _serializer(keys).loads(token, max_age=seconds)
    except BadSignature:
        return None
    return session_of(cast(Mapping[str, Any], claims)) if isinstance(claims, dict) else None


def _serializer(keys: Sequence[str]) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(list(reversed(keys)), salt=SALT)


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
    from aws_lambda_powertools.shared.cookies import Cookie, SameSite

    return Cookie(
        name=cookie_name(),
        value=token,
        path="/",
        max_age=SECONDS if token else 0,
        http_only=True,
        same_site=SameSite.LAX_MODE,
        secure=not is_local(),
    )


def cookie(cookies: Sequence[str], name: str) -> str:
    """The value of the cookie `name` among "name=value" strings or whole Cookie headers, or an empty text."""
    for header in cookies:
        for part in header.split(";"):
            key, _, value = part.strip().partition("=")
            if key == name:
                return value
    return ""
