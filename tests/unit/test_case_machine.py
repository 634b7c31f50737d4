"""Whatever happens to a case, in whatever order and however often, it never becomes an impossible one.

The machine plays roster, departments, students, officers and the bus at random; every change is checked against
what must hold of any case at any time.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from yinji.clearance import case as cases
from yinji.clearance import definition, flow
from yinji.clearance.case import SETTLED, Batch, Case, Certificate, Change, Event
from yinji.clearance.definition import Action
from yinji.clearance.document import STATE_OF_MARK, case_document, case_of, event_document, event_of
from yinji.clearance.queue import entries, waits_for_office
from yinji.clearance.roster import FLAGS
from yinji.clearance.step import Request
from yinji.clearance.view import case_view
from yinji.identity.session import Session
from yinji.platform.clock import stamp
from yinji.platform.problem import Problem

from tests import handlers
from tests.graduates import BATCH, LIN

pytestmark = pytest.mark.slow

TODAY = date(2026, 6, 15)
START = datetime(2026, 6, 15, tzinfo=UTC)
FEEDS: dict[str, list[dict[str, str]]] = {
    "graduation-audit": [{"passed": "yes", "missing": ""}, {"passed": "no", "missing": "体育"}],
    "library-loans": [
        {"loans": "0", "fines": "0", "titles": ""},
        {"loans": "1", "fines": "0", "titles": "围城"},
        {"loans": "2", "fines": "0", "titles": "围城;边城"},
        {"loans": "0", "fines": "2.5", "titles": ""},
    ],
    "tuition": [{"arrears": "0", "items": ""}, {"arrears": "12", "items": "住宿费"}],
    "campus-card": [{"balance": "0"}, {"balance": "-3"}, {"balance": "12.5"}],
    "lab-equipment": [{"items": "0", "names": ""}, {"items": "2", "names": "示波器;相机"}],
    "housing-deposit": [{"refunded": "yes", "amount": "800"}, {"refunded": "no", "amount": "800"}],
}
REFUSALS = {
    "already-done", "case-closed", "changed-meanwhile", "not-applicable", "not-possible-now", "nothing-to-reopen",
    "invalid-form",
}  # fmt: skip
steps = st.sampled_from(list(definition.steps()))
people = {
    "student": Session(LIN.student, "student", "x"),
    **{
        department: Session("T1", "department-officer", "x", department=department)
        for department in {step.department for step in definition.steps().values()} - {"school"}
    },
}


def person(step: str, action: Action, case: Case) -> Session:
    if action.by == "student":
        return people["student"]
    department = definition.steps()[step].department
    if department == "school":
        return Session("T2", "counsellor", "x", school=case.graduate.school)
    return people[department]


def answers(data: st.DataObject, action: Action) -> dict[str, str]:
    filled: dict[str, str] = {}
    for field in action.fields:
        schema = field.schema
        if field.days_back:
            filled[field.name] = data.draw(st.sampled_from(["2026-06-01", "2026-06-02"]))
        elif schema.get("format") == "date":
            filled[field.name] = data.draw(st.sampled_from(["2026-06-16", "2026-06-17"]))
        elif schema.get("format") == "slot":
            filled[field.name] = data.draw(st.sampled_from(["2026-06-16T08:30", "2026-06-17T14:00"]))
        elif "enum" in schema or "const" in schema:
            filled[field.name] = data.draw(st.sampled_from(schema.get("enum") or [schema["const"]]))
        else:
            filled[field.name] = data.draw(st.sampled_from(["海滨路 1 号甲", "海滨路 2 号乙"]))
    return filled


class Clearance(RuleBasedStateMachine):
    case: Case

    def __init__(self) -> None:
        super().__init__()
        self.minutes = 0
        self.told = 0
        self.history: list[Event] = []
        self.newest: dict[str, str] = {}

    # --- what is drawn into the case -----------------------------------------------------------------------
    def event(self, what: str, who: str) -> Event:
        self.minutes += 1
        self.told += 1
        at = START + timedelta(minutes=self.minutes)
        return Event(key=f"{what}#{self.told}", what=what, who=who, role="system", at=at)

    def take(self, change: Change | None) -> bool:
        if change is None:
            return False
        before, after, event = change.before, change.after, change.event
        assert before == self.case
        assert after.version == event.version == before.version + 1
        assert not before.closed or after.states() == before.states(), "nothing changes after the end"
        states = before.states()
        assert event.states == {
            **{step: state for step, state in after.states().items() if states.get(step) != state},
            **{step: "not_applicable" for step in states if step not in after.steps},
        }
        for step in before.steps.keys() & after.steps.keys():
            old, new = before.steps[step], after.steps[step]
            assert new.version >= old.version
            if (old.standing, old.facts) != (new.standing, new.facts):
                assert new.version == old.version + 1
                assert new.by == event.who
            assert (new.since == event.at) == (states[step] != after.state(step)) or new.since == old.since
        assert event_of(event_document(event)) == event
        self.history.append(event)
        self.case = after
        return True

    @initialize(
        flags=st.frozensets(st.sampled_from(FLAGS)),
        category=st.sampled_from(["undergraduate", "postgraduate", "international"]),
    )
    def open(self, flags: frozenset[str], category: str) -> None:
        graduate = replace(LIN, flags=flags, category=category)
        change = cases.open_case(graduate, BATCH, self.event("opened", "roster"))
        self.history.append(change.event)
        self.case = change.after

    @rule(data=st.data(), step=steps, stale=st.booleans())
    def somebody_acts(self, data: st.DataObject, step: str, stale: bool) -> None:
        """With what they see, or with a page that is an hour old."""
        action = data.draw(st.sampled_from(list(definition.steps()[step].actions.values())))
        session = person(step, action, self.case)
        seen = self.case.steps[step].version - stale if step in self.case.steps else 0
        form = answers(data, action)
        view = case_view(self.case, session, "en")
        offered = any(one.id == step and action in one.actions for one in view.steps)
        request = Request(action.id, form, seen, self.event(action.id, session.sub))
        before = self.case
        try:
            changed = self.take(handlers.steps()[step].act(self.case, request, TODAY))
        except Problem as problem:
            assert problem.code in REFUSALS
            assert self.case is before
            if offered and not stale:
                assert problem.code in ("nothing-to-reopen", "invalid-form"), "what is offered can be done"
            return
        assert offered, "what can be done is offered"
        assert not stale
        assert changed or self.case.state(step) == "submitted", "only the same answers again change nothing"

    @rule(data=st.data(), step=st.sampled_from(list(FEEDS)), day=st.integers(1, 14))
    def a_department_delivers(self, data: st.DataObject, step: str, day: int) -> None:
        """New or old, in any order, the same row or another one, and perhaps twice."""
        row = data.draw(st.sampled_from(FEEDS[step]))
        as_of = stamp(datetime(2026, 6, day, tzinfo=UTC))
        record = self.case.steps.get(step)
        older = record is not None and as_of < record.facts.as_of
        event = self.event("feed", "feed")
        changed = self.take(handlers.steps()[step].learn(self.case, row, as_of, event))
        assert not (changed and older), "older news never undoes newer"
        if step in self.case.steps and not self.case.closed and not older:
            assert self.case.steps[step].facts.feed == handlers.steps()[step].read(row)
        assert handlers.steps()[step].learn(self.case, row, as_of, event) is None, "a repetition is no news"

    @rule(step=steps)
    def the_bus_says_ready(self, step: str) -> None:
        """At any time, also late, twice, or for a step that is long past it."""
        settling = step in self.case.steps and cases.settles_itself(self.case, step)
        changed = self.take(handlers.steps()[step].become_ready(self.case, self.event("became-ready", "system")))
        assert changed or not settling
        assert step not in self.case.steps or not cases.settles_itself(self.case, step)
        again = handlers.steps()[step].become_ready(self.case, self.event("became-ready", "system"))
        assert again is None

    @rule(
        flags=st.frozensets(st.sampled_from(FLAGS)),
        school=st.sampled_from(["S01", "S02"]),
        category=st.sampled_from(["undergraduate", "international"]),
        days=st.integers(0, 2),
    )
    def the_roster_is_corrected(self, flags: frozenset[str], school: str, category: str, days: int) -> None:
        graduate = replace(self.case.graduate, flags=flags, school=school, category=category)
        batch = Batch(BATCH.id, BATCH.title, BATCH.opens_on, BATCH.deadline + timedelta(days=days))
        settled = {step for step, state in self.case.states().items() if state in SETTLED}
        try:
            changed = self.take(cases.correct(self.case, graduate, batch, self.event("corrected", "roster")))
        except Problem as problem:
            assert problem.code == "case-closed" and self.case.closed
            return
        assert list(self.case.states()) == flow.applicable(graduate)
        if changed and not any(definition.steps()[step].ready for step in settled):
            kept = {step for step in settled if step in self.case.steps and not definition.steps()[step].needs}
            assert all(self.case.state(step) in SETTLED for step in kept), "what is done stays done"
        assert cases.correct(self.case, graduate, batch, self.event("corrected", "roster")) is None

    @rule()
    def a_certificate_is_made(self) -> None:
        event = self.event("certificate-issued", "system")
        try:
            made = self.take(cases.certify(self.case, Certificate(f"C{self.told}", event.at), event))
        except Problem as problem:
            assert problem.code == "not-possible-now" and not self.case.finished
            return
        assert self.case.certificate
        assert made == (self.case.certificate.code == f"C{self.told}")

    @rule(data=st.data(), moves=st.sampled_from([1, 3, 6, 9, 11, 40]))
    def everybody_hurries(self, data: st.DataObject, moves: int) -> None:
        """Things that can be done are done, so that cases get far, and some to their end."""
        while moves and self._next_move(data):
            moves -= 1

    def _next_move(self, data: st.DataObject) -> bool:
        for step, state in self.case.states().items():
            if state in SETTLED or state == "waiting":
                continue
            record, reactions = self.case.steps[step], handlers.steps()[step]
            as_of = stamp(datetime(2026, 6, 14, tzinfo=UTC))
            if step in FEEDS and record.facts.as_of < as_of:
                return self.take(reactions.learn(self.case, FEEDS[step][0], as_of, self.event("feed", "feed")))
            for action in definition.steps()[step].actions.values():
                redundant = action.standard or (state == "submitted" and action.by == "student")
                if redundant or state not in action.sources:
                    continue
                request = Request(action.id, answers(data, action), record.version, self.event(action.id, "x"))
                try:
                    return self.take(reactions.act(self.case, request, TODAY))
                except Problem as problem:
                    assert problem.code in REFUSALS
        return False

    # --- what always holds ---------------------------------------------------------------------------------
    @invariant()
    def the_diploma_comes_last(self) -> None:
        states = self.case.states()
        if states["diploma"] == "done":
            assert all(state in SETTLED for state in states.values())
            assert self.case.finished and self.case.closed

    @invariant()
    def nothing_is_done_before_what_it_needs(self) -> None:
        for step, state in self.case.states().items():
            unsettled = [need for need in self.case.needs(step) if self.case.state(need) not in SETTLED]
            if state == "done":
                assert not unsettled, step
            if state == "waiting":
                assert unsettled, step

    @invariant()
    def waiting_and_ready_are_never_stored(self) -> None:
        for record in self.case.steps.values():
            assert record.standing.state in (None, "submitted", "blocked", "done", "waived")
            assert (record.standing.state == "blocked") == bool(record.standing.reasons)

    @invariant()
    def finished_is_when_everything_is_settled(self) -> None:
        settled = all(state in SETTLED for state in self.case.states().values())
        assert self.case.finished == settled == (self.case.finished_at is not None)
        assert self.case.certificate is None or self.case.finished

    @invariant()
    def history_tells_the_states(self) -> None:
        told: dict[str, Any] = {}
        for number, event in enumerate(self.history, 1):
            assert event.version == number
            told.update(event.states)
        shown = {step: state for step, state in told.items() if state != "not_applicable"}
        assert shown == self.case.states()
        assert self.case.version == len(self.history)

    @invariant()
    def a_case_is_its_document(self) -> None:
        document = case_document(self.case)
        assert case_of(document) == self.case
        assert {step: STATE_OF_MARK[mark] for step, mark in document["marks"].items()} == self.case.states()

    @invariant()
    def queues_hold_what_an_office_can_act_on(self) -> None:
        found = entries(self.case)
        expected = {
            step for step, state in self.case.states().items() if waits_for_office(definition.steps()[step], state)
        }
        assert {entry.step for entry in found.values()} == expected
        for (queue, position), entry in found.items():
            record = self.case.steps[entry.step]
            assert (queue, position) == (entry.queue, entry.position)
            assert (entry.student, entry.school) == (LIN.student, self.case.graduate.school)
            secrets = definition.steps()[entry.step].secrets
            shown = {name: value for name, value in record.facts.answers.items() if name not in secrets}
            assert entry.step_version == record.version and dict(entry.answers) == shown

    @invariant()
    def every_reader_can_be_shown_the_case(self) -> None:
        for session in (people["student"], Session("T2", "auditor", "x")):
            view = case_view(self.case, session, "zh")
            assert view.left == sum(state not in SETTLED for state in self.case.states().values())
            assert len(view.mine) + len(view.others) + len(view.settled) == len(view.steps)
            assert all(text and "{" not in text for step in view.steps for text in step.reasons)
            if self.case.closed or session.role == "auditor":
                assert not any(step.actions for step in view.steps)

    def teardown(self) -> None:
        """However messages were lost: once they are delivered, every step that knows enough has settled."""
        if not hasattr(self, "case"):
            return
        for _ in range(len(self.case.steps)):
            left = [step for step in self.case.steps if cases.settles_itself(self.case, step)]
            for step in left:
                self.the_bus_says_ready(step)
        assert not any(cases.settles_itself(self.case, step) for step in self.case.steps)
        for step, record in self.case.steps.items():
            reactions = handlers.steps()[step]
            if self.case.state(step) == "ready" and record.facts.feed is not None and reactions._settle:
                assert reactions._settle(record.facts, self.case.graduate) == cases.UNSETTLED, step


TestClearance = Clearance.TestCase
TestClearance.settings = settings(
    settings.get_profile(settings._current_profile), max_examples=120, stateful_step_count=40
)
