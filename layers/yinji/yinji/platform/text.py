"""Text as departments deliver it: UTF-8 with or without a byte order mark, or GB18030 (which holds GBK and GB 2312)."""

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
