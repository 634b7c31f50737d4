"""Triage 归并: which reports are of one cause. Pure.

A report joins the incident that is open at its place, at a device its place hangs on, or of its building; if there is
none it opens one of its place. Then it is looked whether places that were reported within a quarter of an hour have
more in common: an access point, a switch, the building. The incident that has most of them becomes one of that, and the
others are merged into it, so that whoever has one of them at work goes on with the whole. What a technician found out
to need access or parts is known to be what it is, and is neither lifted nor merged; neither is what a person sorted.

Everything that is decided here at once fits into one transaction, after which all is right by itself.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

from yinji.platform.clock import CAMPUS
from yinji.platform.ids import id_of
from yinji.repair.board import Board, Entry, Seen, minute_of, noticed, person
from yinji.repair.incident import WORK, Event, Incident, Priority, Rule, State, done
from yinji.repair.notices import Notice
from yinji.repair.place import Place
from yinji.repair.report import SYMPTOMS, Report, Symptom

WINDOW = timedelta(minutes=15)
"""Places that are reported within it may have one cause."""
TOGETHER = timedelta(hours=2)
"""How long before a wide outage was seen an incident may have begun that is taken to be part of it."""
AGAIN = timedelta(minutes=30)
"""For how long after the end of an incident a report says that it was not the end."""
REMEMBERED = timedelta(hours=24)
"""For how long after its end an incident stands on the board: phones without a network tell late."""
OF_ACCESS_POINT = 2
OF_SWITCH, LINES_OF_SWITCH = 3, 2
OF_BUILDING, SWITCHES_OF_BUILDING = 5, 2
MORE_PEOPLE = (3, 10, 30)
"""From so many people on an incident is more urgent, by one step each."""
AROUND = 1_000
"""How far at least the places are that a place lies in; no line of devices is as long."""
MOST_AT_ONCE = 99
"""How many items a transaction changes: DynamoDB takes a hundred, and one is left for what else is to be written."""
AUTOMATIC: frozenset[Rule] = frozenset({"place", "access-point", "switch", "building"})
WIDE: frozenset[Rule] = frozenset({"access-point", "switch", "building", "monitoring"})
MOVABLE: frozenset[State] = frozenset({"open", "taken", "travelling"})
LOUDEST = ("opened", "merged", "reopen", "close", "lifted", "split", "monitored", "recovered", "joined")
"""What is told of an incident to which several things happen at once: the first of these."""


@dataclass(frozen=True)
class File:
    """An incident with what the board tells of it."""

    incident: Incident
    entry: Entry


@dataclass(frozen=True)
class Step:
    """What one transaction writes. `joined` are reports that had no incident, `moved` those that had another: by
    report, from and to. `left` are the reports that did not fit in; `unsettled` says that there is more to merge."""

    board: Board
    changes: Sequence[tuple[Incident, Event]]
    joined: Mapping[str, str]
    moved: Mapping[str, tuple[str, str]]
    left: Sequence[Report] = ()
    unsettled: bool = False

    @property
    def size(self) -> int:
        return 1 + 2 * len(self.changes) + len(self.joined) + len(self.moved)


@dataclass
class Desk:
    """A board spread out, with its incidents as of now: what is done here is written by `step`.

    `places` are, where the register has them, the places and devices that reports and incidents name.
    """

    board: Board
    places: Mapping[str, Place]
    notices: Sequence[Notice]
    at: datetime
    who: str = "triage"
    key: str = ""
    """What the events are told apart by, where somebody sent it; else the board's version does."""
    files: dict[str, File] = field(default_factory=dict[str, File])
    before: Mapping[str, File] = field(default_factory=dict[str, File])
    joined: dict[str, str] = field(default_factory=dict[str, str])
    moved: dict[str, tuple[str, str]] = field(default_factory=dict[str, "tuple[str, str]"])
    told: dict[str, list[tuple[str, Mapping[str, Any]]]] = field(
        default_factory=dict[str, "list[tuple[str, Mapping[str, Any]]]"]
    )

    unsettled: bool = False
    """Whether there was no room for all that is to be merged."""

    def copy(self) -> Desk:
        return replace(
            self,
            files=dict(self.files),
            joined=dict(self.joined),
            moved=dict(self.moved),
            told={id: list(some) for id, some in self.told.items()},
        )

    # --- reports -------------------------------------------------------------------------------------------
    def take(self, report: Report) -> None:
        """Join `report` to what it is of, and see what that says of the others."""
        found = self._fitting(report) or self._planned(report) or self._opened(report)
        id = found.incident.id
        if self._says_again(found.incident, report):
            again, _ = done(found.incident, "reopen", self.who, self.at, "")
            found = replace(found, incident=again)
            self.note(id, "reopen")
        self.files[id] = self._with(found, report)
        self.joined[report.id] = id
        self.note(id, "joined")
        self._lift(id, report)

    def _fitting(self, report: Report) -> File | None:
        """What is open there, the narrowest; else what ended there, where the report is still of that."""
        return min(
            (file for file in self.files.values() if self._fits(file.incident, report)),
            key=lambda file: (
                file.incident.state not in WORK,
                self._distance(report, file.incident.cause, file.incident) or 0,
                -_ended(file.incident).timestamp(),
                file.incident.opened_at,
                file.incident.id,
            ),
            default=None,
        )

    def _fits(self, incident: Incident, report: Report) -> bool:
        distance = self._distance(report, incident.cause, incident)
        if distance is None or incident.state == "merged":
            return False
        if distance >= AROUND and incident.rule == "place":
            return False  # one who scans the label at the door does not speak for the whole building
        if incident.state not in WORK:  # it ended: noticed before that, or so soon after that it did not end
            return noticed(report) <= _ended(incident) + AGAIN
        return not incident.planned or self._covered(report)

    def _says_again(self, incident: Incident, report: Report) -> bool:
        """Whether `report` says of an incident that ended that it goes on."""
        if incident.state in WORK or noticed(report) <= _ended(incident):
            return False
        return not (incident.planned and self._covered(report))

    def _covered(self, report: Report) -> bool:
        return any(notice.covers(noticed(report)) for notice in self._covering(report))

    def _distance(self, report: Report, cause: str, incident: Incident | None = None) -> int | None:
        """How far from the place of `report` a fault of `cause` is, None when it is not one there. What a person sorted
        is one wherever it was reported."""
        by_hand = incident is not None and incident.rule == "by-hand" and report.place in incident.places
        if cause == report.place or by_hand:
            return 0
        if cause in report.line:
            return 1 + list(report.line).index(cause)
        place = self.places.get(report.place)
        around = [*reversed(place.path)] if place else [report.building]
        return AROUND + around.index(cause) if cause and cause in around else None

    def _covering(self, report: Report) -> list[Notice]:
        return [
            notice
            for notice in self.notices
            if notice.kind == "maintenance" and self._distance(report, notice.cause) is not None
        ]

    def _planned(self, report: Report) -> File | None:
        """The incident of the maintenance that goes on there, if any does: one a building and day."""
        for notice in sorted(self._covering(report), key=lambda notice: notice.id):
            if notice.covers(noticed(report)):
                day = self.at.astimezone(CAMPUS).date().isoformat()
                id = incident_id("maintenance", notice.id, self.board.building, day)
                return self.files.get(id) or self.new(id, notice.cause, "maintenance", report.symptom, report.area)
        return None

    def _opened(self, report: Report) -> File:
        id = incident_id("report", report.id)
        return self.new(id, report.place, "place", report.symptom, report.area, report.filed_at)

    def new(
        self, id: str, cause: str, rule: Rule, symptom: Symptom, area: str, opened_at: datetime | None = None
    ) -> File:
        place = self.places.get(cause)
        incident = Incident(
            id,
            self.board.building,
            place.area if place else area,
            cause,
            symptom,
            rule,
            {},
            "open",
            4,
            0,
            0,
            (),
            opened_at or self.at,
            self.at,
            0,
            times={"open": self.at},
        )
        self.note(id, "opened")
        return File(incident, Entry())

    def _with(self, file: File, report: Report) -> File:
        before, entry = file.incident, file.entry.with_report(report)
        incident = replace(
            before,
            reports=before.reports + 1,
            people=before.people + (person(report) not in file.entry.people),
            places=tuple(sorted({*before.places, report.place})),
            symptom=_worse(before.symptom, report.symptom),
            opened_at=min(before.opened_at, report.filed_at) if before.state in WORK else before.opened_at,
        )
        return File(self.valued(incident), entry)

    def valued(self, incident: Incident) -> Incident:
        """`incident` with its priority, which never sinks, and the numbers that the rule of its place is told with."""
        if incident.rule == "place":
            incident = replace(incident, told={"people": incident.people})
        if incident.planned:
            return replace(incident, priority=4)
        urgent = priority(self._weight(incident.cause), incident.people, incident.symptom)
        known = self.before.get(incident.id)
        return replace(incident, priority=min(urgent, known.incident.priority) if known else urgent)

    def _weight(self, cause: str) -> int:
        """How much hangs on `cause`: 0 for a room, 1 for an access point, 2 for a switch, 3 for a core switch, a
        building and all around it."""
        place = self.places.get(cause)
        kind = place.kind if place else ""
        if kind == "switch":
            return 3 if self._is_core(cause) else 2
        return {"access-point": 1, "building": 3, "campus": 3, "floor": 2}.get(kind, 0)

    def _is_core(self, switch: str) -> bool:
        """Whether other switches hang on it, as far as is known here."""
        return any(place.kind == "switch" and switch in place.line for place in self.places.values())

    # --- by hand, and by monitors ----------------------------------------------------------------------------
    def join_by_hand(self, part: str, into: str) -> None:
        """Let `part` be `into`, as somebody says who knows better; they stand as they are from then on."""
        self.merge(part, into)
        whole = self.files[into]
        self.files[into] = replace(whole, incident=replace(whole.incident, rule="by-hand", told={}))

    def split(self, id: str, new: str, reports: Sequence[Report], rest: Sequence[Report]) -> None:
        """Let `reports` of the incident `id` be one of their own, `new`; `rest` are its others."""
        old = self.files[id]
        places = Counter(report.place for report in reports)
        cause = min(places, key=lambda place: (-places[place], place))
        symptom = functools.reduce(_worse, (report.symptom for report in reports))
        opened = min(report.filed_at for report in reports)
        made = self.new(new, cause, "by-hand", symptom, old.incident.area, opened)
        self.files[new] = self._counted(made, reports)
        self.files[id] = self._counted(old, rest)
        for report in reports:
            self._move(report.id, id, new)
        self.note(id, "split", into=new)
        self.note(new, "opened", **{"from": id})

    def _counted(self, file: File, reports: Sequence[Report]) -> File:
        """`file` with just these reports."""
        entry = Entry()
        for report in reports:
            entry = entry.with_report(report)
        incident = replace(
            file.incident, reports=len(reports), people=len(entry.people), places=tuple(sorted(entry.places))
        )
        return File(self.valued(incident), entry)

    def alert(self, device: Place, id: str, symptom: Symptom, monitor: str) -> str:
        """A monitor saw `device` fail: which incident that is. One that is open there or above, one that ended a moment
        ago, or a new one with the id `id`, to which is joined what was reported of what hangs on it."""
        found = min(
            (file for file in self.files.values() if self._of_device(file.incident, device)),
            key=lambda file: (file.incident.state not in WORK, file.incident.cause != device.id, file.incident.id),
            default=None,
        )
        if found is None:
            found = self.new(id, device.id, "monitoring", symptom, device.area)
        incident = found.incident
        if incident.state not in WORK:
            incident, _ = done(incident, "reopen", self.who, self.at, "")
            self.note(incident.id, "reopen")
        if incident.cause == device.id:
            incident = replace(incident, monitor=incident.monitor or monitor)
        self.files[incident.id] = replace(found, incident=self.valued(replace(incident, changed_at=self.at)))
        self.note(incident.id, "monitored", device=device.id)
        self.settle(incident.id)
        return incident.id

    def _of_device(self, incident: Incident, device: Place) -> bool:
        if incident.planned or incident.state == "merged":
            return False
        if incident.state not in WORK:
            return incident.cause == device.id and self.at <= _ended(incident) + AGAIN
        return incident.cause == device.id or (incident.rule != "place" and device.touches(incident.cause))

    def recovered(self, id: str, device: str, monitor: str) -> None:
        """A monitor saw `device` come back, whose failing was the incident `id`. That is over if a monitor alone said
        that it is there, and nobody has begun to work on it."""
        file = self.files.get(id)
        if file is None or file.incident.state not in WORK:
            return
        incident = file.incident
        if incident.rule == "monitoring" and incident.monitor == monitor and incident.state == "open":
            incident, _ = done(incident, "close", self.who, self.at, "")
            self.note(id, "close")
        self.files[id] = replace(file, incident=replace(incident, changed_at=self.at))
        self.note(id, "recovered", device=device)

    # --- what they have in common --------------------------------------------------------------------------
    def _lift(self, id: str, report: Report) -> None:
        """Let the incident `id` be of what the places reported about the time of `report` have in common."""
        incident = self.files[id].incident
        if incident.rule not in AUTOMATIC or incident.state not in MOVABLE:
            return
        seen = self._evidence()
        minute = minute_of(report)
        for cause, rule in self._causes(report):
            if cause != incident.cause and not self._is_below(self.files[id], cause):
                continue
            if (cause, rule) == (incident.cause, incident.rule):
                return
            if told := self._found(cause, rule, seen, minute):
                self._let_be(cause, rule, told, minute)
                return

    def _causes(self, report: Report) -> Iterator[tuple[str, Rule]]:
        """What the place of `report` may have its trouble by, the widest first."""
        if report.building:
            yield report.building, "building"
        for device in (*reversed(report.line), report.place):
            kind = self.places[device].kind if device in self.places else ""
            if kind in ("access-point", "switch"):
                yield device, cast(Rule, kind)

    def _evidence(self) -> Mapping[str, Seen]:
        """Which places were reported when, by all incidents of which nobody said what they are."""
        found = Entry()
        for file in self.files.values():
            if file.incident.rule in AUTOMATIC and file.incident.state in MOVABLE:
                found = found.with_other(Entry(places=file.entry.places))
        return found.places

    def _found(self, cause: str, rule: Rule, seen: Mapping[str, Seen], minute: int) -> dict[str, int] | None:
        """The numbers that say why `cause` is one, for the sentence of `rule`; None when they do not."""
        width = int(WINDOW.total_seconds()) // 60
        under = {place: one for place, one in seen.items() if rule == "building" or cause == place or cause in one.line}
        minutes = {at for one in under.values() for at in one.minutes if minute - width <= at <= minute}
        best: dict[str, int] | None = None
        for first in sorted(minutes):
            places = [place for place, one in under.items() if any(first <= at <= first + width for at in one.minutes)]
            told = self._enough(cause, rule, places, under)
            if told and (best is None or told["places"] > best["places"]):
                best = told | {"minutes": width}
        return best

    def _enough(self, cause: str, rule: Rule, places: Sequence[str], seen: Mapping[str, Seen]) -> dict[str, int] | None:
        told = {"places": len(places)}
        if rule == "access-point":
            return told if len(places) >= OF_ACCESS_POINT else None
        if rule == "switch":
            told["lines"] = len({_line_of(place, seen[place].line, cause) for place in places})
            return told if len(places) >= OF_SWITCH and told["lines"] >= LINES_OF_SWITCH else None
        told["switches"] = len({self._switch_of(place, seen[place].line) for place in places} - {""})
        return told if len(places) >= OF_BUILDING and told["switches"] >= SWITCHES_OF_BUILDING else None

    def _switch_of(self, place: str, line: Sequence[str]) -> str:
        """The switch by which `place` gets its network first."""
        switches = (one for one in (place, *line) if one in self.places and self.places[one].kind == "switch")
        return next(switches, "")

    def _is_below(self, file: File, cause: str) -> bool:
        """Whether what `file` is of is part of `cause`, or hangs on it."""
        own = file.incident.cause
        place = self.places.get(own)
        if place:
            return own != cause and place.touches(cause)
        seen = file.entry.places.get(own)
        return own != cause and (cause == self.board.building or (seen is not None and cause in seen.line))

    def _let_be(self, cause: str, rule: Rule, told: Mapping[str, int], minute: int) -> None:
        """Let one incident be of `cause` since about `minute`: that which is of it already, or has most reports of
        those which are part of it."""
        those = [file for file in self.files.values() if self._is_same(file, cause)]
        those += self._parts(cause, minute)
        if not those:
            return
        chosen = min(
            those,
            key=lambda file: (
                file.incident.cause != cause,
                -file.incident.reports,
                file.incident.opened_at,
                file.incident.id,
            ),
        ).incident
        place = self.places.get(cause)
        if chosen.rule in AUTOMATIC:
            grown = replace(chosen, cause=cause, rule=rule, told=dict(told), area=place.area if place else chosen.area)
            self.files[chosen.id] = replace(self.files[chosen.id], incident=self.valued(grown))
            self.note(chosen.id, "lifted", cause=cause, rule=rule, **told)
        for file in those:
            if file.incident.id != chosen.id:
                self.merge(file.incident.id, chosen.id)
        self.settle(chosen.id)

    def _is_same(self, file: File, cause: str) -> bool:
        one = file.incident
        return one.cause == cause and one.rule in AUTOMATIC | WIDE and one.state in MOVABLE

    def _parts(self, cause: str, minute: int) -> list[File]:
        """The incidents that are taken to be part of a trouble with `cause` since `minute`: below it, begun about then
        or later, and nobody said otherwise."""
        begun = minute - int(TOGETHER.total_seconds()) // 60
        return [
            file
            for file in self.files.values()
            if file.incident.rule in AUTOMATIC | WIDE
            and file.incident.state in MOVABLE
            and _begun(file) >= begun
            and self._is_below(file, cause)
        ]

    def settle(self, id: str) -> None:
        """Merge into the wide incident `id` what is part of it."""
        wide = self.files[id]
        if wide.incident.rule in WIDE and wide.incident.state in MOVABLE:
            for file in self._parts(wide.incident.cause, _begun(wide)):
                if file.incident.id != id:
                    self.merge(file.incident.id, id)

    def merge(self, part: str, into: str) -> None:
        """Let the incident `part` be `into`, with all its reports: with as many of them as still fit into this step,
        and then it stays open with the others. Whoever has it at work has the whole then, unless somebody has that
        already. One with more reports than the board names stays what it is."""
        gone, whole = self.files[part], self.files[into]
        if gone.entry.more:
            return
        lost, kept = gone.incident, whole.incident
        room = MOST_AT_ONCE - self._size()
        room -= 2 * sum(self.files[id] == self.before.get(id) for id in (part, into))
        moving = [report for report in gone.entry.reports if report not in self.joined]
        if room < min(len(moving), 1):
            self.unsettled = True
            return
        stay = set(moving[room:])
        self.unsettled |= bool(stay)
        going = gone.entry.without(stay)
        people = kept.people + lost.people - len(gone.entry.people & whole.entry.people)
        after = replace(
            kept,
            reports=kept.reports + len(going.reports),
            people=people,
            places=tuple(sorted({*kept.places, *lost.places})),
            symptom=_worse(kept.symptom, lost.symptom),
            priority=min(kept.priority, lost.priority),
            opened_at=min(kept.opened_at, lost.opened_at),
            monitor=kept.monitor or lost.monitor,
        )
        if lost.technician and not kept.technician and kept.state == "open":
            state: State = lost.state if lost.state in MOVABLE else "taken"  # what it waited for is another thing's
            times = {**({state: self.at} | dict(lost.times)), **kept.times}
            after = replace(after, technician=lost.technician, state=state, times=times)
        self.files[into] = File(self.valued(after), whole.entry.with_other(going))
        for report in going.reports:
            self._move(report, part, into)
        self.note(into, "joined", merged=1)
        if stay:
            left = replace(gone.entry, reports=tuple(one for one in gone.entry.reports if one in stay))
            self.files[part] = File(replace(lost, reports=lost.reports - len(going.reports)), left)
            self.note(part, "joined")
        elif part in self.before:
            ended = replace(lost, state="merged", merged_into=into, reports=0, times={**lost.times, "merged": self.at})
            self.files[part] = File(ended, Entry())
            self.note(part, "merged", into=into, reports=lost.reports)
        else:  # one that was never written need not be told of
            del self.files[part]
            self.told.pop(part, None)

    def _move(self, report: str, old: str, new: str) -> None:
        if report in self.joined:
            self.joined[report] = new
            return
        first = self.moved.pop(report, (old, ""))[0]
        if first != new:
            self.moved[report] = (first, new)

    def note(self, id: str, what: str, **told: Any) -> None:
        """Have it told of the incident `id` that `what` happened to it."""
        self.told.setdefault(id, []).append((what, told))

    # --- what is written -----------------------------------------------------------------------------------
    def step(self, left: Sequence[Report] = ()) -> Step:
        """What was done here, as one transaction writes it."""
        key = self.key or f"{self.board.version + 1}"
        changes = [self._change(file, key) for id, file in sorted(self.files.items()) if file != self.before.get(id)]
        entries = {id: file.entry for id, file in self.files.items() if file.incident.state != "merged"}
        board = Board(self.board.building, self.board.version + 1, entries)
        return Step(board, changes, dict(self.joined), dict(self.moved), tuple(left), self.unsettled)

    @property
    def idle(self) -> bool:
        """Whether nothing was done."""
        return not (self.joined or self.moved) and all(file == self.before.get(id) for id, file in self.files.items())

    def fits(self) -> bool:
        return self._size() <= MOST_AT_ONCE

    def _size(self) -> int:
        changed = sum(file != self.before.get(id) for id, file in self.files.items())
        return 1 + 2 * changed + len(self.joined) + len(self.moved)

    def _change(self, file: File, key: str) -> tuple[Incident, Event]:
        incident, known = file.incident, self.before.get(file.incident.id)
        told = self.told.get(incident.id) or [("joined", {})]
        what = min((what for what, _ in told), key=LOUDEST.index)
        more = incident.reports - (known.incident.reports if known else 0)
        facts: dict[str, Any] = {"reports": more} if more else {}
        if not known or known.incident.priority != incident.priority:
            facts["priority"] = incident.priority
        for _, some in told:
            facts |= some
        version = known.incident.version + 1 if known else 1
        after = replace(incident, version=version, changed_at=self.at)
        return after, Event(f"{self.who}-{key}", what, self.who, self.at, facts)


def spread(
    board: Board,
    incidents: Mapping[str, Incident],
    places: Mapping[str, Place],
    notices: Sequence[Notice],
    at: datetime,
    who: str = "triage",
    key: str = "",
) -> Desk:
    """The board's desk: incidents that are not there any more, were merged, or ended long ago are left out."""
    files = {
        id: File(incidents[id], entry)
        for id, entry in board.entries.items()
        if id in incidents and _remembered(incidents[id], at)
    }
    return Desk(board, places, notices, at, who, key, dict(files), dict(files))


def decide(desk: Desk, reports: Iterable[Report]) -> Step | None:
    """As much as one transaction can do about `reports`, the oldest first; None when nothing is to be done.

    What an earlier one left to be merged comes first.
    """
    once = {report.id: report for report in reports}
    left = sorted(once.values(), key=lambda report: (noticed(report), report.id))
    for id in sorted(desk.files):
        if id in desk.files:
            desk.settle(id)
    while left and not desk.unsettled:
        trial = desk.copy()
        trial.take(left[0])
        if not trial.fits():
            break
        desk, left = trial, left[1:]
    return None if desk.idle else desk.step(left)


def priority(weight: int, people: int, symptom: Symptom) -> Priority:
    """1 is the most urgent: by how much hangs on the cause, by how many people it troubles, and how badly."""
    more = sum(people >= some for some in MORE_PEOPLE)
    return cast(Priority, max(1, min(4, 3 + (symptom == "slow") - weight - more)))


def incident_id(*of: str) -> str:
    """The id of the incident that is opened because of these: the same for the same."""
    return id_of(*of, length=16)


def named(board: Board, incidents: Iterable[Incident], reports: Iterable[Report]) -> set[str]:
    """The places and devices that have to be known to decide."""
    found = {board.building, *(one.cause for one in incidents)}
    for report in reports:
        found |= {report.place, *report.line}
    for entry in board.entries.values():
        for place, seen in entry.places.items():
            found |= {place, *seen.line}
    return found - {""}


def _ended(incident: Incident) -> datetime:
    """When an incident ended that did: was fixed, or closed without."""
    return incident.times.get("fixed") or incident.times.get("closed") or incident.changed_at


def _remembered(incident: Incident, at: datetime) -> bool:
    if incident.state == "merged":
        return False
    return incident.is_open or at - max(_ended(incident), incident.changed_at) < REMEMBERED


def _begun(file: File) -> int:
    """The minute in which the trouble was first there, as far as somebody told."""
    first = file.entry.first_minute
    return int(file.incident.opened_at.timestamp()) // 60 if first is None else first


def _line_of(place: str, line: Sequence[str], switch: str) -> str:
    """Which of the lines of `switch` leads to `place`: by the device next to it, or `place` itself."""
    number = list(line).index(switch) if switch in line else 0
    return line[number - 1] if number else place


def _worse(one: Symptom, other: Symptom) -> Symptom:
    return one if SYMPTOMS.index(one) <= SYMPTOMS.index(other) else other
