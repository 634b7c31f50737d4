"""Reading the table of places as the network centre delivers it: CSV, XLSX or what else the layer `tabular` reads."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tabular import Unreadable, rows

from yinji.archive.refusing import Refused, Rejected
from yinji.repair.place import DEVICES, ID, KINDS, Kind, Place
from yinji.repair.register import KNOWN, NEEDED, Line, Table

LARGEST = 16 * 2**20
MOST = 100_000
AREA = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
LONGEST_TITLE, LONGEST_MODEL = 80, 40


def read(name: str, data: bytes) -> Table:
    """The lines of a file. Raises Refused when it cannot be read as a table of places."""
    if len(data) > LARGEST:
        raise Refused("too-large", limit=LARGEST // 2**20)
    found = Table()
    try:
        head, lines = rows(name, data)
        if missing := [column for column in NEEDED if column not in head]:
            raise Refused("columns", missing=", ".join(missing))
        for number, cells in lines:
            found.number += 1
            if found.number > MOST:
                raise Refused("too-long", limit=MOST)
            if len(cells) != len(head):
                found.rejected.append(Rejected(number, "cells"))
                continue
            told = {column: cell.strip() for column, cell in zip(head, cells, strict=True) if column in KNOWN}
            place = _place(told)
            if isinstance(place, str):
                found.rejected.append(Rejected(number, "value", place))
                continue
            before = found.lines.setdefault(place.id, Line(number, place))
            if before.number == number:
                continue
            if before.place == place:
                found.repeated += 1
            else:
                found.rejected.append(Rejected(number, "twice", "id"))
    except Unreadable as error:
        raise Refused(error.code, error.line) from error
    return found


def _place(told: Mapping[str, str]) -> Place | str:
    """The place of a row, or the name of the first column that cannot be right."""
    kind: Kind | None = next((kind for kind in KINDS if kind == told["kind"]), None)
    titles = {"zh": told["title_zh"], "en": told.get("title_en") or told["title_zh"]}
    hangs_on, model, state = (told.get(column, "") for column in ("hangs_on", "model", "state"))
    if not ID.fullmatch(told["id"]):
        return "id"
    if kind is None:
        return "kind"
    for column, title in (("title_zh", titles["zh"]), ("title_en", titles["en"])):
        if not (0 < len(title) <= LONGEST_TITLE and title.isprintable()):
            return column
    for column, other in (("within", told["within"]), ("hangs_on", hangs_on)):
        if other and not ID.fullmatch(other):
            return column
    if not AREA.fullmatch(told["area"]):
        return "area"
    if len(model) > LONGEST_MODEL or not model.isprintable() or (model and kind not in DEVICES):
        return "model"
    if state not in ("", "in-use", "retired"):
        return "state"
    return Place(
        told["id"], kind, titles, told["within"], "", told["area"], hangs_on, model, retired=state == "retired"
    )
