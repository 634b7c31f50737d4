"""Text as it comes in: from departments, in UTF-8 with or without a byte order mark, or GB18030 (which holds GBK and GB
2312); and from people."""

from __future__ import annotations

import re

MAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
"""A mail address as web forms take one (HTML, "valid e-mail address"), in a domain that is not the top one."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def decode(data: bytes) -> str:
    """The text of `data`. Raises UnicodeDecodeError when it is in neither encoding."""
    if data.startswith(BYTE_ORDER_MARK):
        return data.decode("utf-8-sig")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("gb18030")


def plain(text: str) -> str:
    """`text` that somebody typed, without signs that cannot be seen: they turn lines around, or hold pictures together
    that stand as well beside each other. Nobody is refused for one."""
    told = text.replace("\r\n", "\n").replace("\t", " ")
    return "".join(sign for sign in told if sign == "\n" or sign.isprintable()).strip()


def masked(address: str) -> str:
    """A mail address so that whoever wrote it knows it again, and nobody else learns it."""
    name, _, domain = address.partition("@")
    return f"{name[:1]}***@{domain}"
