"""The demo campus: halls, library, offices and two dormitories, their rooms, and the switches and access points they
hang on. Always the same; its halls are those where schools and departments have their rooms (university.toml)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from yinji.clearance import university

CAMPUS, CORE, CENTRE = "JY", "NIC-CORE", "NIC"
TABLE = "imports/campus.csv"
SHOWN = "LIB-101"
"""The room whose label `make up` names."""
COLUMNS = ("id", "kind", "title_zh", "title_en", "within", "area", "hangs_on", "model", "state")
A_FLOOR_POINT = 5
"""How many rooms hang on one access point."""
Row = Mapping[str, str]


@dataclass(frozen=True)
class Building:
    """`rooms` are those of a floor; `named` says of some what they are, by their number, in both languages."""

    id: str
    zh: str
    en: str
    area: str
    floors: int
    rooms: int
    sockets: bool = False
    named: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])


HALLS = (
    Building("ZYL", "致远楼", "Zhiyuan Hall", "east", 4, 12, named={"101": ("报告厅", "Lecture Hall")}),
    Building("GWL", "格物楼", "Gewu Hall", "east", 4, 12),
    Building("QSL", "求是楼", "Qiushi Hall", "east", 4, 12),
    Building("HTL", "海棠楼", "Haitang Hall", "east", 4, 12),
    Building("MDL", "明德楼", "Mingde Hall", "east", 4, 12),
    Building("XZL", "行政楼", "Administration Hall", "centre", 4, 12),
    Building("LIB", "图书馆", "Library", "centre", 5, 10),
    Building(CENTRE, "网信中心", "Network Centre", "centre", 2, 8),
    Building("MY1", "梅园 1 号楼", "Meiyuan 1", "west", 6, 22, sockets=True),
    Building("ZY3", "竹园 3 号楼", "Zhuyuan 3", "west", 6, 20),
)
_OFFICE = re.compile(r"(\S+) (\d)(\d\d)(?: (.+))?")


def table() -> bytes:
    """The table of places, as the network centre would deliver it."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(places())
    return out.getvalue().encode()


def places() -> Iterator[Row]:
    """The campus, and all that is on it."""
    title = university.name()
    yield _row(CAMPUS, "campus", f"{title['zh']}主校区", f"{title['en']}, main campus", "", "centre")
    for building in HALLS:
        yield _row(building.id, "building", building.zh, building.en, CAMPUS, building.area)
    yield _row(CORE, "switch", "核心交换机", "Core switch", CENTRE, "centre", model="S12708")
    named = _offices()
    for building in HALLS:
        yield from _inside(building, {**named.get(building.zh, {}), **building.named})


def _inside(building: Building, named: Mapping[str, tuple[str, str]]) -> Iterator[Row]:
    spine = f"{building.id}-SW"
    yield _row(spine, "switch", f"{building.zh}汇聚交换机", f"{building.en} spine switch", building.id, building.area,
               CORE, "S6730")  # fmt: skip
    for level in range(1, building.floors + 1):
        floor, switch = f"{building.id}-{level}", f"{building.id}-SW{level}"
        numbers = {f"{level}{number:02}" for number in range(1, building.rooms + 1)}
        numbers = sorted(numbers | {number for number in named if number.startswith(str(level))})
        yield _row(floor, "floor", f"{level} 层", f"Floor {level}", building.id, building.area)
        yield _row(
            switch, "switch", f"{level} 层交换机", f"Switch of floor {level}", floor, building.area, spine, "S5735"
        )
        for place, number in enumerate(numbers):
            point = f"{building.id}-AP{level}{place // A_FLOOR_POINT + 1:02}"
            if place % A_FLOOR_POINT == 0:
                title = f"无线 {point[-3:]}", f"Access point {point[-3:]}"
                yield _row(point, "access-point", *title, floor, building.area, switch, "AP7060")
            zh, en = named.get(number, ("", ""))
            room = f"{building.id}-{number}"
            yield _row(room, "room", f"{number} {zh or '室'}", f"{en} {number}".strip() if en else f"Room {number}",
                       floor, building.area, point)  # fmt: skip
            if building.sockets:
                yield _row(f"{room}-1", "socket", f"{number} 网口", f"Socket of {number}", room, building.area, switch)


def _row(
    id: str, kind: str, zh: str, en: str, within: str, area: str, hangs_on: str = "", model: str = ""
) -> dict[str, str]:
    return dict(zip(COLUMNS, (id, kind, zh, en, within, area, hangs_on, model, ""), strict=True))


def _offices() -> Mapping[str, Mapping[str, tuple[str, str]]]:
    """By building and number the rooms in which schools and departments are, as the guide says."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for school in university.schools().values():
        if told := _OFFICE.fullmatch(school["place"]["zh"]):
            found.setdefault(told[1], {})[told[2] + told[3]] = (
                f"{school['zh']}学工办",
                f"{school['en']}, student office",
            )
    for department in university.departments().values():
        if told := _OFFICE.fullmatch(department["place"]["zh"]):
            found.setdefault(told[1], {})[told[2] + told[3]] = (department["zh"], department["en"])
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
