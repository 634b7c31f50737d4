"""Text as it comes in: from departments, in UTF-8 with or without a byte order mark, or GB18030 (which holds GBK and GB
2312); and from people."""

from __future__ import annotations

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
