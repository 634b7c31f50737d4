"""The register of readers as a table: which there are, of which kind, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass

from tabular import Unreadable, rows

from yinji.archive.readers import COLUMNS, Device, device_of
from yinji.archive.refusing import Refused, Rejected

MOST = 10_000


@dataclass(frozen=True)
class ReaderRegister:
    devices: list[Device]
    rejected: list[Rejected]


def read(name: str, data: bytes) -> ReaderRegister:
    """The readers of a file. Raises Refused when it cannot be read as a register at all."""
    try:
        head, lines = rows(name, data)
        if missing := [column for column in COLUMNS if column not in head]:
            raise Refused("columns", missing=", ".join(missing))
        devices: dict[str, Device] = {}
        rejected: list[Rejected] = []
        for number, cells in lines:
            if len(devices) + len(rejected) == MOST:
                raise Refused("too-long", limit=MOST)
            if len(cells) != len(head):
                rejected.append(Rejected(number, "cells"))
                continue
            found = device_of(dict(zip(head, cells, strict=True)))
            if isinstance(found, str):
                rejected.append(Rejected(number, "value", found))
            elif found.id in devices:
                rejected.append(Rejected(number, "twice", "device"))
            else:
                devices[found.id] = found
    except Unreadable as error:
        raise Refused(error.code, error.line) from error
    return ReaderRegister(list(devices.values()), rejected)
