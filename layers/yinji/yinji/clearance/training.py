"""The practice cases of an office, and the tour that leads through them.

The set is the same every time it begins anew, instants apart: eight cases in the states an office meets. They are made
by the functions that change real cases, from practice.toml and the definitions of the steps that run.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from yinji.clearance import case as cases
from yinji.clearance import definition, practice, university
from yinji.clearance.case import DONE, SUBMITTED, Batch, Case, Change, Event, Facts, Graduate, Reason, Standing
from yinji.clearance.definition import Action, StepDefinition
from yinji.clearance.step import SENT_BACK, offered
from yinji.platform.clock import CAMPUS, stamp

BEGUN = "practice-begun"
"""What the event is called with which a practice case begins (anew)."""
STUCK = "library-loans"
BATCH: definition.Text = {"zh": "练习", "en": "Practice"}
DAYS_OPEN, DAYS_LEFT = 6, 14
_CATEGORIES = {
    "undergraduate": "undergraduate",
    "postgraduate": "postgraduate",
    "international-on-campus": "international",
    "international-overseas": "international",
}


@cache
def _told() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("practice.toml").read_text("utf-8"))


def people() -> list[str]:
    """The parts that the practice cases play, in the order of their numbers."""
    return [person["id"] for person in _told()["people"]]


def numbers(office: str) -> dict[str, str]:
    """The student number of each part in the practice of `office`."""
    return {id: practice.number(office, place) for place, id in enumerate(people(), start=1)}


def step_of(office: str) -> StepDefinition:
    """The step that `office` practises on: the one of its own that most graduates have and an officer signs.

    An office whose own steps are settled by data or by the student alone practises on one that students answer and
    officers sign.
    """
    department = "school" if office in university.schools() else office
    signed = [step for step in definition.steps().values() if _signed(step)]
    own = [step for step in signed if step.department == department]
    return max(own, key=lambda step: (len(step.flows), -step.order)) if own else _answered()


def _answered() -> StepDefinition:
    """The first step of the undergraduates that a student answers and an officer signs or sends back."""
    return next(
        step
        for step in definition.steps().values()
        if _signed(step) and "send-back" in step.actions and "undergraduate" in step.flows
    )


def _signed(step: StepDefinition) -> bool:
    return not step.final and any(action.bulk and not action.standard for action in step.actions.values())


def returned_step(office: str) -> StepDefinition:
    """The step that was sent back to somebody in the practice of `office`."""
    step = step_of(office)
    return step if "send-back" in step.actions else _answered()


# --- the cases ----------------------------------------------------------------------------------------------------


def begin(before: Case | None, office: str, part: str, event: Event) -> Change:
    """The practice case of `office` that plays `part`, as it begins; `before` is what has become of it since.

    Versions go on from there, so that a page opened before cannot act on what has begun anew.
    """
    fresh = _Writer(office, part, event).written()
    since = before.version if before else 0
    steps = {id: replace(record, version=record.version + since) for id, record in fresh.steps.items()}
    after = replace(fresh, steps=steps, version=since + 1, updated_at=event.at)
    return Change(before, after, replace(event, what=BEGUN, version=after.version, states=dict(after.states())))


class _Writer:
    """Writes one practice case, day after day, from its opening to today."""

    def __init__(self, office: str, part: str, event: Event) -> None:
        self._office, self._part, self._event = office, part, event
        self._step = step_of(office)
        self._opened_at = event.at - timedelta(days=DAYS_OPEN)
        person = next(one for one in _told()["people"] if one["id"] == part)
        today = event.at.astimezone(CAMPUS).date()
        late = part == "stuck"
        batch = Batch("practice", BATCH, self._day(self._opened_at), today + timedelta(days=-2 if late else DAYS_LEFT))
        opening = cases.open_case(self._graduate(person), batch, replace(event, at=self._opened_at))
        self._case = replace(opening.after, practice=office)

    def written(self) -> Case:
        step = self._step.id
        for id, known in definition.steps().items():
            if known.feed and not known.needs and id != step and id in _told()["feeds"]:
                self._settle_one(id, "done")  # the departments have delivered, and nothing is owed
        if self._part == "stuck":
            self._owe(STUCK)
            self._owe("tuition")
        elif self._part == "returned":
            self._send_back(returned_step(self._office))
        elif self._part in ("first", "second", "third", "abroad"):
            self._await(self._step)
            if self._part == "abroad":
                self._settle_one("exit-survey", "waived")
        elif self._part == "settled":
            self._settle_before("school-approval")
            self._settle_one(step, "done", signed=True)
        elif self._step.department == "school":
            self._owe(STUCK)
        else:
            self._settle_all(self._case.needs(step) if step in self._case.steps else ())
        return self._case

    # --- what happens to a step ----------------------------------------------------------------------------
    def _owe(self, step: str) -> None:
        """The department's data say that something is to be done."""
        known = _told()["feeds"][step]
        self._set(step, Facts(feed=known["owed"], as_of=self._as_of), cases.blocked(*_reasons(step)))

    def _await(self, step: StepDefinition) -> None:
        """The step waits for the officer: what must come first is settled, the student has done their part."""
        if step.id not in self._case.steps:
            return
        self._settle_all(self._case.needs(step.id))
        action = self._answer(step, "submitted")
        if action:
            feed = _told()["feeds"].get(step.id, {}).get("owed")
            facts = Facts(feed=feed, as_of=self._as_of if feed else "", answers=self._answers([action]))
            self._set(step.id, facts, SUBMITTED)

    def _send_back(self, step: StepDefinition) -> None:
        self._settle_all(self._case.needs(step.id))
        feed = _told()["feeds"].get(step.id, {}).get("owed")
        words = _told()["sent-back"]["en" if self._case.graduate.language == "en" else "zh"]
        standing = cases.blocked(Reason(SENT_BACK, {"reason": words}), *_reasons(step.id))
        self._set(step.id, Facts(feed=feed, as_of=self._as_of if feed else ""), standing)

    def _settle_before(self, step: str) -> None:
        order = definition.steps()[step].order
        self._settle_all(id for id in list(self._case.steps) if definition.steps()[id].order < order)

    def _settle_all(self, steps: Iterable[str]) -> None:
        for step in steps:
            self._settle_all(self._case.needs(step))
            self._settle_one(step, "done")

    def _settle_one(self, step: str, state: cases.Stored, *, signed: bool = False) -> None:
        """Settle `step`; what an officer has `signed` is done though the data ask for something."""
        known = definition.steps().get(step)
        if known is None or step not in self._case.steps:
            return
        feed = _told()["feeds"].get(step, {}).get("owed" if signed else "clear")
        asked = "submitted" if signed else ""
        answer = self._answer(known, asked)
        facts = Facts(
            feed=feed,
            as_of=self._as_of if feed else "",
            answers=self._answers([answer] if answer else []),
            signed_off=signed or not known.feed or step in _told()["signed"],
        )
        self._set(step, facts, DONE if state == "done" else Standing(state))

    def _set(self, step: str, facts: Facts, standing: Standing) -> None:
        at = self._opened_at + timedelta(days=1 + len(step) % 3)
        event = replace(self._event, at=at)
        change = cases.settle(self._case, step, facts, standing, event)
        self._case = change.after if change else self._case

    # --- what was answered ---------------------------------------------------------------------------------
    def _answer(self, step: StepDefinition, to: str = "") -> Action | None:
        """The student's own action that leads `to`, or that a step begins with; none when there is none for them."""
        for action in step.actions.values():
            fits = action.to == to if to else "ready" in action.sources
            if action.by == "student" and fits and not action.when and offered(action, self._case, cases.StepRecord()):
                return action
        return None

    def _answers(self, actions: Iterable[Action]) -> dict[str, str]:
        """What was answered, made up; what stands for something real, as a time or a document does, is left out."""
        fields = [field for action in actions for field in action.fields if field.required]
        return {field.name: self._word(field) for field in fields if field.schema.get("format") in (None, "date")}

    def _word(self, field: definition.Field) -> str:
        schema = field.schema
        if "const" in schema:
            return str(schema["const"])
        if field.options:
            return field.options[0]["value"]
        if schema.get("format") == "date":
            return self._workday().isoformat()
        told = _told()["answers"]
        return str(told.get(field.name, told["text"]))

    def _workday(self) -> date:
        day = self._event.at.astimezone(CAMPUS).date() + timedelta(days=1)
        return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)

    # --- who it is -----------------------------------------------------------------------------------------
    def _graduate(self, person: Mapping[str, Any]) -> Graduate:
        flags = {"lives_in", *person.get("flags", ())} | ({self._step.applies} if self._step.applies else set[str]())
        flow = next(flow for flow in _CATEGORIES if flow in self._step.flows)
        schools = list(university.schools())
        place = people().index(person["id"])
        return Graduate(
            student=practice.number(self._office, place + 1),
            name=person["name"],
            name_latin=person["name_latin"],
            category="international" if "abroad" in flags else _CATEGORIES[flow],
            school=self._office if self._office in schools else schools[3 * place % len(schools)],
            language=person.get("language", "zh"),
            nationality=person.get("nationality", "CN"),
            flags=frozenset(flags),
        )

    @property
    def _as_of(self) -> str:
        return stamp(self._opened_at)

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(CAMPUS).date()


def _reasons(step: str) -> tuple[Reason, ...]:
    known = _told()["feeds"].get(step, {}).get("reasons", ())
    return tuple(Reason(reason["code"], reason["params"]) for reason in known)


# --- the tour -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Task:
    """One short task: `id` names its words, `student` and `step` where to press, `done` whether it was."""

    id: str
    student: str
    step: str
    done: bool


Since = Mapping[str, Sequence[Event]]
"""By part: what has happened to the practice case since it began."""


def since_begun(events: Sequence[Event]) -> list[Event]:
    """What came after the last beginning among `events`, oldest first."""
    begun = max((place for place, event in enumerate(events) if event.what == BEGUN), default=-1)
    return list(events[begun + 1 :])


def tour(office: str, since: Since) -> list[Task]:
    """The tasks for an officer of `office`, each done or not by what has happened; nothing else is kept of it."""
    step, known = step_of(office), numbers(office)
    school = definition.steps()["school-approval"]
    found = [
        Task("stuck", known["stuck"], STUCK, _student_acted(since.get("stuck", ()))),
        Task("sign", known["first"], step.id, any(_signs(event) for event in _all(since))),
        Task("answer", known["returned"], returned_step(office).id, _student_acted(since.get("returned", ()))),
    ]
    if "send-back" in step.actions:
        found.append(Task("send-back", known["second"], step.id, _happened(since, "send-back")))
    found += [
        Task("several", "", step.id, _signed_together(since)),
        Task("waive", known["fresh" if step.department != "school" else "third"], step.id, _happened(since, "waive")),
        Task("reopen", known["settled"], step.id, _happened(since, "reopen")),
    ]
    if step.department == "school":
        found.append(Task("student", known["fresh"], "exit-survey", _student_acted(since.get("fresh", ()))))
    else:
        approved = any(_signs(event) and event.step == school.id for event in _all(since))
        found.append(Task("school", known["settled"], school.id, approved))
    return found


def _all(since: Since) -> list[Event]:
    return [event for events in since.values() for event in events]


def _action(event: Event) -> Action | None:
    step = definition.steps().get(event.step)
    return step.actions.get(event.what) if step else None


def _student_acted(events: Iterable[Event]) -> bool:
    return any(action.by == "student" for event in events if (action := _action(event)))


def _signs(event: Event) -> bool:
    action = _action(event)
    return action is not None and action.by != "student" and not action.standard


def _happened(since: Since, what: str) -> bool:
    return any(event.what == what for event in _all(since))


def _signed_together(since: Since) -> bool:
    """Whether one request signed several cases: its key is in the event of each."""
    keys = [event.key for event in _all(since) if _signs(event)]
    return len(set(keys)) < len(keys)
