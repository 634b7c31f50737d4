"""The numbers of books, however they were written. Pure."""

from __future__ import annotations

import re

ISBN = re.compile(r"\d{9}[\dX]|\d{13}")


def isbn_of(text: str) -> str:
    """The thirteen digits of an ISBN however it was written, or nothing for what is none."""
    plain = text.replace("-", "").replace(" ", "").upper()
    if not (plain.isascii() and ISBN.fullmatch(plain)):
        return ""
    if len(plain) == 10:
        weighed = sum((10 - place) * (10 if sign == "X" else int(sign)) for place, sign in enumerate(plain))
        if weighed % 11:
            return ""
        body = f"978{plain[:9]}"
        return f"{body}{-_weighed(body) % 10}"
    return "" if _weighed(plain) % 10 else plain


def _weighed(digits: str) -> int:
    return sum(int(sign) * (3 if place % 2 else 1) for place, sign in enumerate(digits))
