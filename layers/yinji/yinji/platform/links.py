"""Links that need no account: whoever was given one may do what it is for. Its token is made by a key of the
deployment, so that nobody else can make it and nothing need be read to tell it again."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode

from yinji.platform.problem import Problem


def token(purpose: str, id: str, key: str) -> str:
    """What a link for `purpose` about `id` bears: 24 signs, of 144 bits."""
    return urlsafe_b64encode(hmac.digest(key.encode(), f"{purpose} {id}".encode(), "sha256")[:18]).decode()


def link(purpose: str, id: str, key: str) -> str:
    """`<id>.<token>`; `id` holds no dot."""
    return f"{id}.{token(purpose, id, key)}"


def opened(asked: str, purpose: str, key: str) -> str:
    """The id of the link that was `asked` for. Raises Problem("not-found") when nobody was given it."""
    id, _, told = asked.partition(".")
    if not id or not hmac.compare_digest(told.encode("utf-8", "replace"), token(purpose, id, key).encode()):
        raise Problem("not-found")
    return id
