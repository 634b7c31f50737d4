"""The register of places: what a delivered table changes in it, and which lines cannot be. Pure.

A place is told of by what is its own: its kind, its titles, what it lies in, what it hangs on. Where it is and its line
follow from that of others, so they are computed for every place there is, not only for those that are told of. The
table that was delivered last tells how a place is, in whichever order tables come; a place that no table tells of any
more stays, until a line says that it is retired.

A line is taken if the places make sense with it, all of them. So lines may stand in any order, and one that would leave
another place without what it lies in or hangs on is rejected itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from yinji.archive.refusing import Rejected
from yinji.repair.place import DEVICES, Kind, Place

PREFIX, REPORTS = "imports/", "reports/places/"
"""Where tables are put in the bucket of repair, and where it is told what became of them."""
NEEDED = ("id", "kind", "title_zh", "within", "area")
KNOWN = (*NEEDED, "title_en", "hangs_on", "model", "state")
"""The columns that a table has to have, and may have."""
DEEPEST = 16
"""How many devices a line has at most: a report holds it."""
HOLDERS: Mapping[Kind, frozenset[Kind]] = {
    "campus": frozenset(),
    "building": frozenset({"campus"}),
    "floor": frozenset({"building"}),
    "room": frozenset({"building", "floor"}),
    "socket": frozenset({"building", "floor", "room"}),
    "access-point": frozenset({"campus", "building", "floor", "room"}),
    "switch": frozenset({"campus", "building", "floor", "room"}),
}
"""What a place of a kind may lie in. Nothing lies in its own kind, so nothing lies in itself."""


@dataclass(frozen=True)
class Line:
    """A line of the table; `place` has no path, trail, line and building yet."""

    number: int
    place: Place


@dataclass
class Table:
    """The places that a file tells of, each once, and the lines that tell of none."""

    lines: dict[str, Line] = field(default_factory=dict[str, Line])
    rejected: list[Rejected] = field(default_factory=list[Rejected])
    number: int = 0
    repeated: int = 0


@dataclass(frozen=True)
class Kept:
    """A place as it is kept; `as_of` is when the table was delivered that told of it last."""

    place: Place
    as_of: datetime


@dataclass(frozen=True)
class Plan:
    """What is to be kept anew, by id; which lines are not taken, and how many came to what. `remarks` are on lines that
    were taken, and that somebody should look at."""

    changes: Mapping[str, Kept]
    rejected: Sequence[Rejected]
    counts: Counter[str]
    remarks: Sequence[Rejected] = ()


def planned(known: Mapping[str, Kept], table: Table, as_of: datetime) -> Plan:
    """What follows from `table`, delivered at `as_of`, for all places `known`, which make sense as they are.

    The same table planned again changes nothing more; and tables that can be taken in any order come to the same.
    """
    counts = Counter({"rejected": len(table.rejected), "repeated": table.repeated})
    told: dict[str, Line] = {}
    for id, line in table.lines.items():
        before = known.get(id)
        if before is None or (before.as_of, _facts(before.place)) < (as_of, _facts(line.place)):
            told[id] = line
        else:
            same = _facts(before.place) == _facts(line.place)
            counts["unchanged" if same else "outdated"] += 1
    rejected = _rejected(known, told)
    every = {id: kept.place for id, kept in known.items()} | {id: line.place for id, line in told.items()}
    changes: dict[str, Kept] = {}
    for id, place in every.items():
        before, after = known.get(id), _computed(place, every)
        if id in told:
            old = before and _facts(before.place)
            new = _facts(after)
            counts["added" if old is None else "unchanged" if old == new else "changed"] += 1
            changes[id] = Kept(after, as_of)
        elif before and before.place != after:
            counts["followed"] += 1
            changes[id] = Kept(after, before.as_of)
    counts["rejected"] += len(rejected)
    after = every | {id: kept.place for id, kept in changes.items()}
    standing = [line for id, line in table.lines.items() if id in after and _facts(after[id]) == _facts(line.place)]
    return Plan(
        changes,
        sorted([*table.rejected, *rejected], key=lambda one: one.line),
        +counts,
        sorted(_remarks(standing, after), key=lambda one: one.line),
    )


def _remarks(lines: Iterable[Line], every: Mapping[str, Place]) -> list[Rejected]:
    """On which of `lines`, as the places are by then: one in use lies in one that is not, or is held by it."""
    remarks: list[Rejected] = []
    holding = {above for place in every.values() if not place.retired for above in place.path}
    for line in lines:
        place = every[line.place.id]
        if place.retired and place.id in holding:
            remarks.append(Rejected(line.number, "place-still-used", "state"))
        elif not place.retired and any(every[id].retired for id in place.path):
            remarks.append(Rejected(line.number, "place-in-retired", "within"))
    return remarks


def _rejected(known: Mapping[str, Kept], told: dict[str, Line]) -> list[Rejected]:
    """Take lines out of `told` until all places make sense, and say why each; all that are wrong at a time go at once,
    so that their order does not matter."""
    rejected: list[Rejected] = []
    while True:
        every = {id: kept.place for id, kept in known.items()} | {id: line.place for id, line in told.items()}
        wrong: dict[str, tuple[str, str]] = {}
        blamed: list[str] = []
        for id, place in every.items():
            found = _wrong(place, every)
            if found is None:
                continue
            if id in told:
                wrong[id] = found
            else:  # it made sense before what it lies in or hangs on was told anew
                blamed += [one for one in _above(found, place, every) if one in told]
        wrong = dict.fromkeys(blamed, ("place-needed", "kind")) | wrong
        if not wrong:
            return rejected
        for id, (code, column) in wrong.items():
            rejected.append(Rejected(told.pop(id).number, code, column))


def _wrong(place: Place, every: Mapping[str, Place]) -> tuple[str, str] | None:
    """Why `place` does not make sense among `every`, and the column that says so."""
    holders, holder, device = HOLDERS[place.kind], every.get(place.within), every.get(place.hangs_on)
    if place.within and holder is None:
        return "place-unknown", "within"
    if bool(holders) != bool(place.within) or (holder and holder.kind not in holders):
        return "place-within", "within"
    if place.hangs_on and device is None:
        return "place-unknown", "hangs_on"
    if device and device.kind not in DEVICES:
        return "place-no-device", "hangs_on"
    line = _line(place, every)
    if place.id in line:
        return "place-circle", "hangs_on"
    # what only hangs on a circle is right once that is broken
    return ("place-deep", "hangs_on") if len(line) > DEEPEST and len(set(line)) == len(line) else None


def _above(wrong: tuple[str, str], place: Place, every: Mapping[str, Place]) -> Iterable[str]:
    """What `place` is wrong by, which is not itself told of."""
    code, column = wrong
    if column == "within":
        return (place.within,)
    return (place.hangs_on,) if code == "place-no-device" else _line(place, every)


def _line(place: Place, every: Mapping[str, Place]) -> list[str]:
    """What it hangs on, the nearest first; of what goes in a circle, or is too deep, so much that one sees it."""
    line: list[str] = []
    while place.hangs_on and place.hangs_on in every and len(line) <= DEEPEST:
        line.append(place.hangs_on)
        place = every[place.hangs_on]
    return line


def _computed(place: Place, every: Mapping[str, Place]) -> Place:
    """`place` with what follows for it from all others."""
    above: list[Place] = []
    one = place
    while one.within:
        one = every[one.within]
        above.insert(0, one)
    building = next((one.id for one in (*above, place) if one.kind == "building"), "")
    trail = {language: tuple(one.title[language] for one in above) for language in ("zh", "en")}
    path = tuple(one.id for one in above)
    return replace(place, building=building, path=path, trail=trail, line=tuple(_line(place, every)))


def _facts(place: Place) -> tuple[object, ...]:
    """What a line tells of a place: comparable, so that of two tables of one instant the same one always stands."""
    titles = tuple(place.title[language] for language in ("zh", "en"))
    return (place.kind, *titles, place.within, place.area, place.hangs_on, place.model, place.retired)
