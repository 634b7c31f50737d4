"""An incident 故障: one cause, however many people reported it, and the work on it. Pure.

    open ──> taken ──> travelling ──> fixed ──> closed
      ^        │  ^        │  ^         │          │
      │        v  │        v  │         │          │
      │      waiting-access, waiting-parts         │
      └──────── handed over, reopened ─────────────┘

`merged` is the end of one that turned out to be another's. Who may do what is in clearance/policy.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from yinji.platform.problem import Problem
from yinji.repair.report import Symptom

State = Literal["open", "taken", "travelling", "waiting-access", "waiting-parts", "fixed", "closed", "merged"]
STATES: tuple[State, ...] = get_args(State)
Act = Literal["take", "travel", "need-access", "need-parts", "go-on", "fix", "hand-over", "confirm", "reopen", "close"]
ACTS: Mapping[Act, tuple[frozenset[State], State]] = {
    "take": (frozenset({"open"}), "taken"),
    "travel": (frozenset({"taken"}), "travelling"),
    "need-access": (frozenset({"taken", "travelling"}), "waiting-access"),
    "need-parts": (frozenset({"taken", "travelling"}), "waiting-parts"),
    "go-on": (frozenset({"waiting-access", "waiting-parts"}), "taken"),
    "fix": (frozenset({"taken", "travelling", "waiting-access", "waiting-parts"}), "fixed"),
    "hand-over": (frozenset({"taken", "travelling", "waiting-access", "waiting-parts"}), "open"),
    "confirm": (frozenset({"fixed"}), "closed"),
    "reopen": (frozenset({"fixed", "closed"}), "open"),
    "close": (frozenset({"open", "fixed"}), "closed"),
}
"""What can be done: in which states, and what becomes of it."""
OPEN: frozenset[State] = frozenset({"open", "taken", "travelling", "waiting-access", "waiting-parts", "fixed"})
"""Not over yet: a `fixed` one is open until it was confirmed, or some days went by."""
WORK: frozenset[State] = OPEN - {"fixed"}
WAITING: frozenset[State] = frozenset({"waiting-access", "waiting-parts"})
"""Nobody can go on with it: its clocks stand still."""
Rule = Literal["place", "access-point", "switch", "building", "monitoring", "maintenance", "by-hand"]
"""Why reports are one incident: the same place, what they hang on, the building; a monitor or a person said so; work
that was planned goes on there."""
Priority = Literal[1, 2, 3, 4]
"""1 is the most urgent."""


BREATH = timedelta(milliseconds=1)
"""Between two things that happen to an incident."""


@dataclass(frozen=True)
class Incident:
    """`cause` is the place or device it is taken to be of. `rule` and `told` say why these reports are one: `told` are
    the numbers that the rule's sentence is filled with. `people` are those who reported it, counted once each.
    `technician` has it; `times` are when it first came into each state since it was opened (again).
    """

    id: str
    building: str
    area: str
    cause: str
    symptom: Symptom
    rule: Rule
    told: Mapping[str, int]
    state: State
    priority: Priority
    reports: int
    people: int
    places: Sequence[str]
    opened_at: datetime
    changed_at: datetime
    version: int
    technician: str = ""
    times: Mapping[State, datetime] = field(default_factory=dict["State", datetime])
    merged_into: str = ""
    reopened: int = 0
    found: str = ""
    """What it was, by causes.toml, once it is fixed."""
    note: str = ""
    """What the technician wrote for those who reported it."""
    monitor: str = ""
    """What a monitor calls it, where one opened it."""
    waits: Sequence[datetime] = ()
    """When it began to wait, and went on, by turns, since it was opened (again)."""
    escalated: Sequence[str] = ()
    """Of which clocks (clocks.py) it was told that they ran out, since it was opened (again)."""
    photo: datetime | None = None
    """When the photo came that a technician took of what was mended."""

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def planned(self) -> bool:
        """Whether it is of planned maintenance: nobody's work, unless somebody opened it again afterwards."""
        return self.rule == "maintenance" and not self.reopened


@dataclass(frozen=True)
class Event:
    """One thing that happened to an incident. `key` makes it happen once; `who` is a staff id, "reporter", "triage",
    "monitor" or "clock". `told` are facts, never what somebody wrote about a person."""

    key: str
    what: str
    who: str
    at: datetime
    told: Mapping[str, Any] = field(default_factory=dict[str, Any])


def version_of(fields: Mapping[str, str]) -> int:
    """The version that somebody saw. Raises Problem("malformed-request")."""
    version = fields.get("version", "")
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise Problem("malformed-request")
    return int(version)


def moment(incident: Incident, now: datetime) -> datetime:
    """When what happens to `incident` at `now` happened: after what did before, so that its history has an order."""
    return max(now, incident.changed_at + BREATH)


def done(incident: Incident, act: Act, who: str, at: datetime, key: str, **told: Any) -> tuple[Incident, Event]:
    """The incident after `act`, and the event that says so; `key` is the same whenever the same is sent again.

    Whoever takes it, or goes on with it, has it; who hands it over or opens it again leaves it to whoever takes it.
    Raises Problem("incident-moved-on", state) when that cannot be done as it stands by now.
    """
    states, state = ACTS[act]
    if incident.state not in states:
        raise Problem("incident-moved-on", state=incident.state)
    technician = "" if state == "open" else who if act == "take" else incident.technician
    again = act == "reopen"
    after = _moved(incident, state, technician, at)
    if again:
        after = replace(after, times={state: at}, waits=(), escalated=(), reopened=incident.reopened + 1)
    return after, Event(key, act, who, at, told)


def given(incident: Incident, to: str, who: str, at: datetime, key: str, **told: Any) -> tuple[Incident, Event]:
    """The incident once `who` has given it to the technician `to`, who has it from then on, and the event that says so.

    Raises Problem("incident-moved-on", state) when nobody works on it any more.
    """
    if incident.state not in WORK:
        raise Problem("incident-moved-on", state=incident.state)
    return _moved(incident, "taken", to, at), Event(key, "hand-over", who, at, {"to": to, **told})


def _moved(incident: Incident, state: State, technician: str, at: datetime) -> Incident:
    turn = (incident.state in WAITING) != (state in WAITING)
    return replace(
        incident,
        state=state,
        technician=technician,
        times={state: at, **incident.times},
        waits=(*incident.waits, at) if turn else incident.waits,
        changed_at=at,
        version=incident.version + 1,
    )
