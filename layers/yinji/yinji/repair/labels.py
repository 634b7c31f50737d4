"""Codes of labels 标签码: six signs that number a label and six that prove we printed it, in Crockford's Base32. Pure.

A code is short enough to be typed from a sticker whose picture is scratched. Its last signs are a keyed digest of the
first, so that a made-up code is refused before anything is looked up; a label that was stolen or replaced is refused by
what the register says of it.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from yinji.clearance.codes import ALPHABET, normal

SERIAL, PROOF = 6, 6
LENGTH = SERIAL + PROOF
State = Literal["active", "replaced", "retired"]
"""`replaced`: another label hangs at the place now; `retired`: it is not to be used any more, and no other came."""
_SERIAL = re.compile(f"[{ALPHABET}]{{{SERIAL}}}")


@dataclass(frozen=True)
class Label:
    """A label that was printed for a place. `sheet` is the print run it is part of, which tells who printed it."""

    serial: str
    place: str
    state: State
    printed_at: datetime
    sheet: str
    ended_at: datetime | None = None
    replaced_by: str = ""
    """The serial of the label that hangs there instead."""


def new_serial() -> str:
    """Thirty random bits; whoever keeps it makes sure that there is no such one yet."""
    return "".join(secrets.choice(ALPHABET) for _ in range(SERIAL))


def code(serial: str, key: str) -> str:
    """The code of the label `serial`, which `key` proves to be ours. Raises ValueError when it is no serial."""
    if not _SERIAL.fullmatch(serial):
        raise ValueError("not a serial")
    return serial + _proof(serial, key)


def serial_of(typed: str, key: str) -> str:
    """The serial of the code somebody typed or scanned, in any case, with or without separators; empty when it is no
    code of ours."""
    told = normal(typed, LENGTH)
    serial, proof = told[:SERIAL], told[SERIAL:]
    return serial if told and hmac.compare_digest(proof, _proof(serial, key)) else ""


def address(site: str, code: str) -> str:
    """What the picture of a label holds: the page of `site` that whoever scans it comes to."""
    return f"{site}/r/{code}"


def _proof(serial: str, key: str) -> str:
    digest = int.from_bytes(hmac.digest(key.encode(), f"label {serial}".encode(), "sha256"), "big")
    return "".join(ALPHABET[(digest >> (5 * place)) & 31] for place in range(PROOF))
