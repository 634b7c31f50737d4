"""Answers that are kept sealed: numbers of bank accounts, which nobody reads but whoever pays, and then one by one.

Each case has a key of its own (keys.py). A sealed answer is a text with the last signs of the number in clear, by which
people tell accounts apart, and the number under AES-256-GCM; bound to its graduate, step and question, it is worth
nothing under another. Events keep it as it is, so when the key of a case is destroyed the number is gone from its
history and from every copy of it, and the history still holds (chain.py).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from yinji.clearance.case import Change, Values

PREFIX = "sealed:1:"
NONCE = 12
SHOWN = 4
"""How many signs of a number stay readable at most; of a short one a third."""
DOTS = "••••"


@dataclass(frozen=True)
class Sealed:
    """A sealed answer as pages show it: its `field`, and what may be seen of it."""

    field: str
    text: str


class Broken(ValueError):
    """What was sealed for something else, by another key, or changed since."""


def is_sealed(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(PREFIX)


def masked(value: str) -> str:
    """What may be seen of the number `value`, sealed or not: its last signs."""
    return f"{DOTS} {value.split(':')[2] if is_sealed(value) else _tail(value)}"


def _tail(number: str) -> str:
    signs = "".join(sign for sign in number if sign.isascii() and sign.isalnum())
    return signs[-min(SHOWN, len(signs) // 3) :] if len(signs) >= 3 else ""


def shown(key: PersonKey | None, place: str, value: str) -> str:
    """The sealed answer `value` at `place` in clear; its last signs when its key was destroyed since."""
    try:
        return key.open(place, value) if key else masked(value)
    except Broken:  # the case has another key by now
        return masked(value)


@dataclass(frozen=True)
class PersonKey:
    """The key of the case of `person`, or of what else is sealed of theirs: 32 bytes."""

    person: str
    key: bytes

    def seal(self, place: str, number: str) -> str:
        """`number`, sealed as the answer at `place`, "<step>/<field>"."""
        nonce = os.urandom(NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, number.encode(), self._bound(place))
        return f"{PREFIX}{_tail(number)}:{base64.urlsafe_b64encode(sealed).decode()}"

    def open(self, place: str, sealed: str) -> str:
        """The number that was sealed at `place`. Raises Broken."""
        from cryptography.exceptions import InvalidTag

        try:
            data = base64.urlsafe_b64decode(sealed.removeprefix(PREFIX).partition(":")[2].encode())
            return self._cipher.decrypt(data[:NONCE], data[NONCE:], self._bound(place)).decode()
        except (InvalidTag, ValueError, binascii.Error) as error:
            raise Broken(place) from error

    def marks(self, answers: Mapping[str, str], fields: Iterable[str]) -> dict[str, str]:
        """`answers` with something in place of `fields` that tells them apart and cannot be guessed without the key."""
        return dict(answers) | {
            name: hmac.digest(self._derived(b"mark"), answers[name].encode(), "sha256").hex()
            for name in fields
            if answers.get(name)
        }

    def sealed(self, step: str, values: Values, fields: Iterable[str]) -> dict[str, Any]:
        """`values`, answers at `step`, with those of `fields` sealed that are not yet."""
        return dict(values) | {
            name: self.seal(f"{step}/{name}", str(values[name]))
            for name in fields
            if values.get(name) and not is_sealed(values[name])
        }

    def sealed_change(self, change: Change, step: str, fields: Iterable[str]) -> Change:
        """`change` with the answers at `step` sealed, in the case and in the event that tells of them."""
        names = list(fields)
        record = change.after.steps[step]
        facts = replace(record.facts, answers=self.sealed(step, record.facts.answers, names))
        after = replace(change.after, steps={**change.after.steps, step: replace(record, facts=facts)})
        event = replace(change.event, evidence=self.sealed(step, change.event.evidence, names))
        return Change(change.before, after, event)

    def _bound(self, place: str) -> bytes:
        return f"{self.person}/{place}".encode()

    def _derived(self, purpose: bytes) -> bytes:
        return hmac.digest(self.key, purpose, "sha256")

    @property
    def _cipher(self) -> Any:
        # imported by the few functions that seal or open, when they do
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._derived(b"seal"))
