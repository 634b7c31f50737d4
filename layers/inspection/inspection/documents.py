"""What a document is by its first bytes, and the way each kind goes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

OFFICE = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf")
"""Files of office programs and archives: they may hold macros, so none is taken."""


class Rejected(Exception):
    """The document is not taken; `code` says why.

    active, attachments, damaged, empty, encrypted, office, too-large, too-many-pixels, wrong-type.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Clean:
    """The copy that is kept: its `kind` (pdf, jpeg, png, webp), its bytes, a small JPEG of it, how many pages."""

    kind: str
    data: bytes
    thumbnail: bytes
    pages: int = 1


def inspect(data: bytes, types: Collection[str], largest: int) -> Clean:
    """A clean copy of `data`, which may be one of `types` and have `largest` bytes. Raises Rejected."""
    from inspection import pdf, picture

    if not data:
        raise Rejected("empty")
    if len(data) > largest:
        raise Rejected("too-large")
    kind = sniffed(data)
    if kind == "office":
        raise Rejected("office")
    if kind not in types:
        raise Rejected("wrong-type")
    return pdf.clean(data) if kind == "pdf" else picture.clean(data, kind)


def sniffed(data: bytes) -> str:
    """pdf, jpeg, png, webp, office, or nothing: what `data` begins as."""
    if data.startswith(b"%PDF-"):
        return "pdf"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return "office" if data.startswith(OFFICE) else ""
