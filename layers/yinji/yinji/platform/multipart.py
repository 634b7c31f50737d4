"""Forms with a file in them, as browsers send them without script (RFC 7578)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

MEDIA_TYPE = "multipart/form-data"
MOST_PARTS = 20
LONGEST_FIELD = 10_000
_BOUNDARY = re.compile(r'boundary="?(?P<boundary>[!-~]{1,70}?)"?(?:;|$)')
_NAME = re.compile(r'(?:^|;)\s*name="(?P<name>[^"]{1,100})"')
_IS_FILE = re.compile(r"(?:^|;)\s*filename\*?=")


@dataclass(frozen=True)
class Parts:
    """Fields as text and files as bytes, by their names. A file that was not chosen is empty."""

    fields: Mapping[str, str]
    files: Mapping[str, bytes]


def parse(content_type: str, body: bytes) -> Parts:
    """The parts of `body`. Raises ValueError when it is not what `content_type` says, or a name comes twice."""
    found = _BOUNDARY.search(content_type)
    if not found:
        raise ValueError("no boundary")
    mark = b"\r\n--" + found["boundary"].encode()
    first, *parts = (b"\r\n" + body).split(mark, MOST_PARTS + 1)
    # some programs begin with an empty line: what stands before the first boundary says nothing (RFC 2046)
    if first.strip(b"\r\n") or not parts or not parts[-1].startswith(b"--"):
        raise ValueError("not delimited by its boundary")
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for part in parts[:-1]:
        head, empty, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if head.endswith(b"\r\n"):
            empty = b"\r\n"  # of a part that is empty, the next boundary may follow upon its headers
        told = _disposition(head)
        name = _NAME.search(told)
        if not empty or not name or name["name"] in fields or name["name"] in files:
            raise ValueError("a part without a name of its own")
        if _IS_FILE.search(told):
            files[name["name"]] = content
        elif len(content) > LONGEST_FIELD:
            raise ValueError("a field that is too long")
        else:
            fields[name["name"]] = content.decode()
    return Parts(fields, files)


def _disposition(head: bytes) -> str:
    """The value of Content-Disposition among a part's headers."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-disposition":
            return value.decode().strip()
    return ""
