"""The way of a technician: visits of a day by window, in the order in which one walks by them. Pure.

Addresses are what people wrote: 12 号楼 3 门 501, 3-2-501, Room 501, Unit 2, Building 3. What is told of building,
unit, floor and door is compared as numbers, so that 2 comes before 10; what has no such word is taken in that order.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from yinji.visits import service
from yinji.visits.visit import Visit

DIGITS = {sign: number for number, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
NUMBER = r"([0-9]{1,6}|[零〇一二两三四五六七八九十百]{1,6})"
BEFORE: Mapping[str, str] = {
    "building": r"\b(?:buildings?|bldg|blocks?|blk|towers?)\b",
    "unit": r"\b(?:units?|entrances?|gates?|stairs?|staircases?)\b",
    "floor": r"\b(?:floors?|fl|levels?)\b",
    "door": r"\b(?:rooms?|rm|flats?|apartments?|apt|doors?)\b",
}
"""English words that stand before their number."""
AFTER: Mapping[str, str] = {
    "building": r"(?:号楼|号院|栋|幢|座|#楼?)",
    "unit": r"(?:单元|门洞|门(?!牌))",
    "floor": r"(?:层|楼)",
    "door": r"(?:号房|室|房|号|户)",
}
"""Chinese words that stand after theirs."""
PARTS = ("building", "unit", "floor", "door")
_NUMBER_BEFORE = r"[\s.:#]*(?:no|number)?[\s.:#]*([0-9]{1,6})"
_TELLS = [
    *((part, re.compile(word + _NUMBER_BEFORE)) for part, word in BEFORE.items()),
    *((part, re.compile(NUMBER + r"\s*" + word)) for part, word in AFTER.items()),
    ("floor", re.compile(r"([0-9]{1,3})(?:st|nd|rd|th)\s*(?:floor|fl)\b")),
]
_RUN = re.compile(r"[0-9]{1,6}")
_NATURAL = re.compile(r"([0-9]+)")
UNTOLD = -1
GAP = "\0"
"""Stands where a number was."""

Place = tuple[str, int, int, int, int]
Key = tuple[tuple[int, str], Place, tuple[tuple[int, int, str], ...], str]


@dataclass(frozen=True)
class Stop:
    """The visits of a window in a community, in the order of the way."""

    window: str
    community: str
    visits: Sequence[Visit]


def place_of(address: str) -> Place:
    """What an address tells: the words before its numbers, building, unit, floor and door."""
    text = unicodedata.normalize("NFKC", address).casefold().replace(GAP, " ")
    told: dict[str, int] = {}
    for part, pattern in _TELLS:
        if part in told or not (found := pattern.search(text)):
            continue
        told[part] = _value(found[1])
        text = f"{text[: found.start()]}{GAP}{text[found.end() :]}"
    for part in ("building", "unit", "door"):
        if part not in told and (found := _RUN.search(text)):
            told[part] = _value(found[0])
            text = f"{text[: found.start()]}{GAP}{text[found.end() :]}"
    # a lone number is a door where a building is told and a house where none is; 501 is on the fifth floor
    if "unit" in told and "door" not in told and told["unit"] >= 100:
        told["door"] = told.pop("unit")
    if "floor" not in told and told.get("door", 0) >= 100:
        told["floor"] = told["door"] // 100
    # what stands before all that is told is a part of the community; what comes after it is said by the way
    words = " ".join(re.sub(r"[^\w]+", " ", text.partition(GAP)[0]).split())
    building, unit, floor, door = (told.get(part, UNTOLD) for part in PARTS)
    return words, building, unit, floor, door


def key(visit: Visit) -> Key:
    """By what visits of a window are in order; no two visits have the same."""
    known = list(service.communities())
    community = visit.person.community
    order = known.index(community) if community in known else len(known)
    address = unicodedata.normalize("NFKC", visit.person.address).casefold()
    return (order, community), place_of(address), natural(address), visit.id


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Compares as people sort: the numbers in `text` as numbers."""
    parts = [part for part in _NATURAL.split(text) if part]
    return tuple((0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts)


def in_order(visits: Iterable[Visit]) -> list[Visit]:
    """`visits` by their windows, and in each the way; the same whatever order they come in."""
    order = list(service.windows())

    def at(visit: Visit) -> tuple[int, Key]:
        return (order.index(visit.window) if visit.window in order else len(order)), key(visit)

    return sorted(visits, key=at)


def stops(visits: Iterable[Visit]) -> list[Stop]:
    """The same, each window's part in a community by itself."""
    found: dict[tuple[str, str], list[Visit]] = {}
    for one in in_order(visits):
        found.setdefault((one.window, one.person.community), []).append(one)
    return [Stop(window, community, some) for (window, community), some in found.items()]


def _value(told: str) -> int:
    """The number that is written by digits or by Chinese words."""
    if told.isascii():
        return int(told)
    total = last = 0
    for sign in told:
        if sign in "十百":
            total += (last or 1) * (10 if sign == "十" else 100)
            last = 0
        else:
            last = last * 10 + DIGITS[sign]
    return total + last
