"""The link in a mail that stops its kind: signed, so that nobody need sign in, and nobody can stop another's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from yinji.messages.model import Topic, topics_of

SALT = "yinji-stop-mail"
LONGEST = 300


def token(box: str, topic: Topic, keys: Sequence[str]) -> str:
    """The token that stops `topic` for `box`; it holds as long as its key is known."""
    return _serializer(keys).dumps([box, topic])


def read(text: str, keys: Sequence[str]) -> tuple[str, Topic] | None:
    """The box and topic of a token, or None when it is not one of ours."""
    if len(text) > LONGEST:
        return None
    try:
        told: Any = _serializer(keys).loads(text)
    except BadData:
        return None
    match told:
        case [str(box), str(topic)] if topic in topics_of(box):
            return box, topic
        case _:
            return None


def _serializer(keys: Sequence[str]) -> URLSafeSerializer:
    return URLSafeSerializer(list(reversed(keys)), salt=SALT)
