"""Where groups lie, in the table `Archive`, and how they are built anew from portraits.

Items (pk, sk): GROUP#<school#grade#category> GROUP, the group with which a cohort is compared, whichever that is, so
that who shows a portrait reads one item; GROUP#*#*#<category>, everybody of a category; GROUPS <category>-<grade>, a
grade at a glance; QUIET <school>, how many of it have gone quiet; GROUPS-BUILT STATE. Which cohorts there are,
cohorts.py knows.

Whoever builds counts portraits as they come out of the index and keeps counts alone, so that memory does not grow with
the students. What is put is newer than what it replaces: of two builds at once the one that began later stays.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from yinji.archive.cohorts import Cohorts, unseen
from yinji.archive.glance import Glance, glance, glance_document, stored_glance, year_id
from yinji.archive.groups import (
    SMALLEST,
    Counted,
    Group,
    group_document,
    hidden,
    of_category,
    stored_group,
    year,
)
from yinji.archive.items import BuiltItem, GroupItem, QuietItem, YearItem
from yinji.archive.quiet import Quiet, quiet, term_looked_at
from yinji.archive.store import Archive
from yinji.archive.student import Student
from yinji.clearance.items import kept, one
from yinji.platform import clock
from yinji.platform.clock import CAMPUS, instant, stamp

LONGEST_STUDIES = 8
"""Years after which nobody is asked about any more."""
GROUPS, BUILT, QUIET = "GROUPS", "GROUPS-BUILT", "QUIET"


@dataclass(frozen=True)
class Built:
    """What a build dealt with: grades, and the students in them; whether it was all there are."""

    years: int
    students: int
    whole: bool


@dataclass(frozen=True)
class _Drawn:
    """A grade as it will be put: packed groups by cohort, the glance; and what was counted, for the category."""

    number: int
    groups: Mapping[str, bytes]
    glance: bytes
    counted: Counted


class Groups:
    """Every method raises what the service raises when it cannot be reached."""

    def __init__(self, archive: Archive | None = None) -> None:
        self._archive = archive or Archive()
        self._cohorts = Cohorts()

    # --- reading -------------------------------------------------------------------------------------------
    def of(self, student: Student) -> Group | None:
        """The smallest group of `student` that may be shown: one read. None before it was built, and among too few."""
        return self.shown_to(student.cohort)

    def shown_to(self, cohort: str) -> Group | None:
        """As `of`, by the cohort."""
        return _group(cohort, consistent=False)

    def glances(self) -> list[str]:
        """The grades and categories that may be shown, as pages call them: by category, the newest grade first."""
        every = [item.sk for item in YearItem.query(GROUPS) if item.shown]
        return sorted(sorted(every, reverse=True), key=lambda id: id.rpartition("-")[0], reverse=True)

    def glance(self, id: str) -> Glance | None:
        """The grade and category `id` (glance.year_id); None when there is none that may be shown."""
        item = one(YearItem, GROUPS, id, consistent=False)
        return stored_glance(_unpacked(item.glance)) if item and item.shown and item.glance else None

    def quiet(self, school: str, term: str) -> list[Quiet]:
        """Who of `school` has gone quiet in `term`: see quiet.py."""
        return self._quiet(self._cohorts.every(), school, term, consistent=False)

    def gone_quiet(self, term: str) -> dict[str, int]:
        """How many of each school had gone quiet in `term` when groups were built last; schools not counted are left
        out."""
        return {item.sk: int(item.number) for item in QuietItem.query(QUIET) if item.term == term}

    def _quiet(self, every: Iterable[str], school: str, term: str, *, consistent: bool) -> list[Quiet]:
        earliest = int(term[:4]) - LONGEST_STUDIES
        cohorts = [one for one in sorted(every) if one.split("#")[0] == school]
        asked = [one for one in cohorts if int(one.split("#")[1]) > earliest]
        groups = {cohort: _group(cohort, consistent=consistent) for cohort in asked}
        members = (member for cohort in asked if groups[cohort] for member in self._archive.cohort(cohort))
        return quiet(members, term, groups)

    # --- building ------------------------------------------------------------------------------------------
    def build(self, *, whole: bool = False) -> Built:
        """Build anew what changed; the first time on a day (of the campus), or when told to, the `whole`."""
        began = clock.now()
        state = one(BuiltItem, BUILT, "STATE")
        due = state is None or _day(instant(state.whole_at)) != _day(began)
        whole = whole or due
        every = self._cohorts.every()
        changed = every.keys() if whole or state is None else unseen(every, instant(state.built_at))
        grades: dict[str, dict[str, list[str]]] = {}
        for cohort in sorted(every):
            _, grade, category = cohort.split("#")
            grades.setdefault(category, {}).setdefault(grade, []).append(cohort)
        years = students = 0
        for category, cohorts in grades.items():
            work = {grade for grade, some in cohorts.items() if not changed.isdisjoint(some)}
            if work:
                drawn = self._build_category(category, cohorts, work, began)
                years += len(drawn)
                students += sum(drawn.values())
        self._count_quiet(every, {cohort.split("#")[0] for cohort in changed}, began)
        whole_at = stamp(began) if whole or state is None else state.whole_at
        BuiltItem(BUILT, built_at=stamp(began), whole_at=whole_at).save()
        return Built(years, students, whole)

    def _build_category(
        self, category: str, cohorts: Mapping[str, Collection[str]], work: set[str], began: datetime
    ) -> dict[str, int]:
        """Build the grades `work` of a category, and all of it where more than these may or must not be shown now.

        How many students each grade that was built has.
        """
        known = {item.sk: (int(item.number), item.shown) for item in YearItem.query(GROUPS, consistent_read=True)}
        before = {grade: known[id] for grade in cohorts if (id := year_id(grade, category)) in known}
        drawn = {grade: self._draw(category, grade, cohorts[grade]) for grade in sorted(work)}
        numbers = {grade: before[grade][0] for grade in before} | {grade: one.number for grade, one in drawn.items()}
        shown = _shown(numbers)
        if shown != {grade for grade, (_, was) in before.items() if was} or numbers.keys() != cohorts.keys():
            drawn |= {grade: self._draw(category, grade, cohorts[grade]) for grade in sorted(cohorts.keys() - work)}
            numbers = {grade: one.number for grade, one in drawn.items()}
            shown = _shown(numbers)
        around = f"GROUP#{of_category(category)}"
        if drawn.keys() == cohorts.keys():
            everybody = Counted()
            for one_ in drawn.values():
                everybody.join(one_.counted)
            enough = everybody.number >= SMALLEST
            _put(around, _packed(group_document(everybody.group(of_category(category)))) if enough else None, began)
        wider = one(GroupItem, around, "GROUP")
        for grade, one_ in drawn.items():
            for cohort in cohorts[grade]:
                group = one_.groups.get(cohort) if grade in shown else wider.group if wider else None
                _put(f"GROUP#{cohort}", group, began)
            item = YearItem(GROUPS, year_id(grade, category), built_at=stamp(began), number=one_.number)
            item.shown = grade in shown
            if item.shown:
                item.glance = one_.glance
            kept(lambda item=item: item.save(condition=_older(YearItem, began)))
        return {grade: one_.number for grade, one_ in drawn.items()}

    def _count_quiet(self, every: Collection[str], schools: Iterable[str], began: datetime) -> None:
        """Count who of `schools` has gone quiet, against the groups that were just put."""
        term = term_looked_at(clock.today())
        for school in sorted(schools):
            number = len(self._quiet(every, school, term, consistent=True))
            item = QuietItem(QUIET, school, built_at=stamp(began), term=term, number=number)
            kept(lambda item=item: item.save(condition=_older(QuietItem, began)))

    def _draw(self, category: str, grade: str, cohorts: Collection[str]) -> _Drawn:
        found = year(grade, category, (member for cohort in cohorts for member in self._archive.cohort(cohort)))
        number = found.whole.number
        if number < SMALLEST:
            return _Drawn(number, {}, b"", found.counted)
        packed = {id: _packed(group_document(group)) for id, group in found.schools.items()}
        whole = _packed(group_document(found.whole))
        groups = {cohort: packed.get(cohort.split("#")[0], whole) for cohort in cohorts}
        return _Drawn(number, groups, _packed(glance_document(glance(found))), found.counted)


def _shown(numbers: Mapping[str, int]) -> set[str]:
    """The grades of a category that may be shown; none where the category itself may not be."""
    if sum(numbers.values()) < SMALLEST:
        return set()
    return set(numbers.keys() - hidden(numbers))


def _group(cohort: str, *, consistent: bool) -> Group | None:
    item = one(GroupItem, f"GROUP#{cohort}", "GROUP", consistent=consistent)
    return stored_group(_unpacked(item.group)) if item and item.group else None


def _put(pk: str, group: bytes | None, began: datetime) -> None:
    item = GroupItem(pk, built_at=stamp(began), group=group)
    kept(lambda: item.save(condition=_older(GroupItem, began)))


def _older(kind: type[GroupItem] | type[YearItem] | type[QuietItem], began: datetime) -> Any:
    """That nothing is there which was begun after `began`."""
    return kind.pk.does_not_exist() | (kind.built_at <= stamp(began))


def _day(moment: datetime) -> str:
    return moment.astimezone(CAMPUS).date().isoformat()


def _packed(document: Mapping[str, Any]) -> bytes:
    return zlib.compress(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(), 6)


def _unpacked(data: bytes) -> dict[str, Any]:
    return json.loads(zlib.decompress(data))
