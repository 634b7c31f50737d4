"""Verification codes of certificates: 80 random bits in Crockford's Base32, which has no letters to mix up."""

from __future__ import annotations

import hmac
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16
_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})


def new() -> str:
    """A new code that nobody can guess."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def normal(typed: str, length: int = LENGTH) -> str:
    """The code of `length` signs that somebody typed: any case, with or without separators, O for 0 and I or L for 1;
    empty if it is none."""
    code = "".join(sign for sign in typed.upper() if sign.isalnum()).translate(_ALIKE)
    return code if len(code) == length and all(sign in ALPHABET for sign in code) else ""


def spoken(code: str) -> str:
    """The code in groups of four."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def verify_url(site: str, code: str) -> str:
    """The page of `site` that confirms the document with the verification `code`."""
    return f"{site}/verify/{code}"


def document_key(student: str, code: str) -> str:
    """Where the certificate's document is kept in the documents bucket."""
    return f"certificates/{student}/{code}.pdf"


DIGITS = 8


def one_time() -> str:
    """A code of eight digits that somebody shows once; who checks it allows few wrong ones."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def same(shown: str, told: str) -> bool:
    """Whether the one-time code `shown` is `told`, spaces and dashes apart; takes as long whichever digit is wrong."""
    digits = "".join(sign for sign in shown if sign.isdecimal())
    return bool(told) and hmac.compare_digest(digits.encode(), told.encode())
