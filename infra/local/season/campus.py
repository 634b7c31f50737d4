"""The demo campus: halls, library, offices and two dormitories, their rooms, and the switches and access points they
hang on. Always the same; its halls are those where schools and departments have their rooms (university.toml)."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from yinji.clearance import university

CAMPUS, CORE, CENTRE = "JY", "NIC-CORE", "NIC"
TABLE = "imports/campus.csv"
SHOWN = "LIB-101"
"""The room whose label `make up` names."""
COLUMNS = ("id", "kind", "title_zh", "title_en", "within", "area", "hangs_on", "model")
OF_A_POINT = 5
"""How many rooms hang on one access point."""
Row = Mapping[str, str]


Texts = Mapping[str, str]
_OFFICE = re.compile(r"(\S+) (\d\d\d)(?: .+)?")


@cache
def _told() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def buildings() -> Mapping[str, Mapping[str, Any]]:
    """By their ids: zh, en, area, floors, rooms (of a floor), and sockets where rooms have some."""
    return _told()["buildings"]


def table() -> bytes:
    """The table of places, as the network centre would deliver it."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(places())
    return out.getvalue().encode()


def places() -> Iterator[Row]:
    """The campus, and all that is on it."""
    yield _row(CAMPUS, "campus", _texts("campus", university=university.name()), "", "centre")
    for id, building in buildings().items():
        yield _row(id, "building", building, CAMPUS, building["area"])
    yield _row(CORE, "switch", _texts("core"), CENTRE, "centre", model="S12708")
    offices = _offices()
    for id, building in buildings().items():
        yield from _inside(id, building, offices.get(building["zh"], {}))


def _inside(id: str, building: Mapping[str, Any], offices: Mapping[str, Texts]) -> Iterator[Row]:
    """The floors of a building, and what is on them."""
    spine, area = f"{id}-SW", building["area"]
    yield _row(spine, "switch", _texts("spine", building=building), id, area, CORE, "S6730")
    for level in range(1, building["floors"] + 1):
        floor, switch = f"{id}-{level}", f"{id}-SW{level}"
        yield _row(floor, "floor", _texts("floor", n=level), id, area)
        yield _row(switch, "switch", _texts("switch", n=level), floor, area, spine, "S5735")
        numbers = {f"{level}{number:02}" for number in range(1, building["rooms"] + 1)}
        numbers |= {number for number in offices if number.startswith(str(level))}
        for place, number in enumerate(sorted(numbers)):
            short = f"{level}{place // OF_A_POINT + 1:02}"
            point, room = f"{id}-AP{short}", f"{id}-{number}"
            if place % OF_A_POINT == 0:
                yield _row(point, "access-point", _texts("access-point", n=short), floor, area, switch, "AP7060")
            office = offices.get(number)
            title = _texts("office", office=office, n=number) if office else _texts("room", n=number)
            yield _row(room, "room", title, floor, area, point)
            if building.get("sockets"):
                yield _row(f"{room}-1", "socket", _texts("socket", n=number), room, area, switch)


def _row(
    id: str, kind: str, title: Mapping[str, Any], within: str, area: str, hangs_on: str = "", model: str = ""
) -> Row:
    return dict(zip(COLUMNS, (id, kind, title["zh"], title["en"], within, area, hangs_on, model), strict=True))


def _texts(name: str, **filled: Any) -> Texts:
    """A title of campus.toml in both languages; what fills it may itself be in both."""
    return {
        language: _told()[name][language].format_map(
            {key: value[language] if isinstance(value, Mapping) else value for key, value in filled.items()}
        )
        for language in ("zh", "en")
    }


def _offices() -> Mapping[str, Mapping[str, Texts]]:
    """By building and number the rooms in which schools and departments are, as the guide says."""
    found: dict[str, dict[str, Texts]] = {}
    schools = [(one["place"]["zh"], _texts("student-office", school=one)) for one in university.schools().values()]
    departments = [(one["place"]["zh"], one) for one in university.departments().values()]
    for place, title in [*departments, *schools]:
        if told := _OFFICE.fullmatch(place):
            found.setdefault(told[1], {})[told[2]] = title
    return found


def code_of(place: str) -> str:
    """The code of the label that hangs at `place` of the local cloud; empty when none does."""
    from infra.local import deploy, home

    told = deploy.outputs()
    key = {"pk": {"S": f"PLACE#{place}"}, "sk": {"S": "HANGS"}}
    found = home.client("dynamodb").get_item(TableName=told["RepairTableName"], Key=key).get("Item")
    if not found:
        return ""
    from yinji.repair.labels import code

    secret = home.client("secretsmanager").get_secret_value(SecretId=told["RepairKeyArn"])["SecretString"]
    return code(found["serial"]["S"], secret)
