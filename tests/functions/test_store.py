"""The store keeps cases true: whatever is repeated, lost on its way or done at the same time, nothing is lost or
applied twice.

Two stores work on the same case. Requests are repeated with their key, answers get lost after the write, processes die
between reading and writing, and somebody else is quicker; after each step the table is compared with what must hold.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from yinji.clearance import case as cases
from yinji.clearance import chain, definition, flow, store
from yinji.clearance.case import Case, Certificate, Change, Event
from yinji.clearance.document import case_document
from yinji.clearance.items import QueueItem, values
from yinji.clearance.queue import Entry, entries
from yinji.clearance.step import Request
from yinji.clearance.store import Outcome, Store
from yinji.platform.clock import stamp
from yinji.platform.problem import Problem

from tests import handlers
from tests.functions.conftest import Cloud
from tests.graduates import BATCH, LIN, event, graduate
from tests.unit.test_case import FORMS, REASON, TODAY, settled
from tests.unit.test_case_machine import FEEDS

START = datetime(2026, 6, 15, tzinfo=UTC)
STEPS = st.sampled_from(list(definition.steps()))
EXPECTED = {
    "already-done", "case-closed", "changed-meanwhile", "not-applicable", "not-possible-now", "nothing-to-reopen",
    "key-reused",
}  # fmt: skip
numbers = itertools.count(1)


class Crash(Exception):
    """The process died, or its answer did not arrive."""


class Work:
    """One request: what it wants, and its key. It can be made by any store, any number of times."""

    def __init__(self, key: str, fingerprint: str, decide: Callable[[Case], Change | None]) -> None:
        self.key, self.fingerprint, self.decide = key, fingerprint, decide


class Table(RuleBasedStateMachine):
    stores: tuple[Store, Store]

    def __init__(self) -> None:
        super().__init__()
        dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables["Cases"].items.clear()
        number = next(numbers)
        self.graduate = replace(
            LIN, student=f"M{number:07d}", flags=frozenset({"lives_in", "party_member", "student_loan"})
        )
        self.minutes = 0
        self.accepted: dict[str, int] = {}
        """Keys of changes somebody was told to be made, and the version of the case they made."""
        self.done: list[Work] = []
        opening = self._event("open", "opened", "roster")
        change = cases.open_case(self.graduate, BATCH, opening)
        assert not self.stores[0].open(change).repeated
        assert self.stores[1].open(change).repeated, "the same opening again is a repetition"
        with pytest.raises(Problem) as refused:
            self.stores[1].open(cases.open_case(self.graduate, BATCH, replace(opening, key="open-by-another")))
        assert refused.value.code == "changed-meanwhile"
        self.accepted["open"] = 1

    def _event(self, key: str, what: str, who: str, fingerprint: str = "") -> Event:
        self.minutes += 1
        at = START + timedelta(minutes=self.minutes)
        return Event(key=key, what=what, who=who, role="system", at=at, fingerprint=fingerprint)

    # --- requests ------------------------------------------------------------------------------------------
    def _action(self, data: st.DataObject) -> Work:
        step = data.draw(STEPS)
        action = data.draw(st.sampled_from(list(definition.steps()[step].actions.values())))
        form = FORMS.get((step, action.id)) or (REASON if action.standard else {})
        case = self.stores[0].get(self.graduate.student)
        seen = case.steps[step].version if case and step in case.steps else 0
        key, fingerprint = f"someone#{next(numbers)}", f"{step}.{action.id}"
        request = Request(action.id, form, seen, self._event(key, action.id, "someone", fingerprint))
        return Work(key, fingerprint, lambda case: handlers.steps()[step].act(case, request, TODAY))

    def _feed(self, data: st.DataObject) -> Work:
        step = data.draw(st.sampled_from(list(FEEDS)))
        row = data.draw(st.sampled_from(FEEDS[step]))
        as_of = stamp(datetime(2026, 6, data.draw(st.integers(1, 14)), tzinfo=UTC))
        key = f"feed#{next(numbers)}"
        event = self._event(key, "feed", "feed")
        return Work(key, "", lambda case: handlers.steps()[step].learn(case, row, as_of, event))

    def _ready(self, data: st.DataObject) -> Work:
        step = data.draw(st.sampled_from(["campus-card", "tuition"]))
        key = f"ready#{next(numbers)}"
        event = self._event(key, "became-ready", "system")
        return Work(key, "", lambda case: handlers.steps()[step].become_ready(case, event))

    def _correction(self, data: st.DataObject) -> Work:
        flags = data.draw(st.frozensets(st.sampled_from(["lives_in", "party_member", "student_loan"])))
        school = data.draw(st.sampled_from(["S01", "S02"]))
        key = f"roster#{next(numbers)}"
        event = self._event(key, "corrected", "roster")
        wanted = replace(self.graduate, flags=flags, school=school)
        return Work(key, "", lambda case: cases.correct(case, wanted, BATCH, event))

    def _work(self, data: st.DataObject) -> Work:
        make = data.draw(
            st.sampled_from([self._action, self._action, self._feed, self._feed, self._ready, self._correction])
        )
        return make(data)

    def _do(self, work: Work, at: int = 0, decide: Callable[[Case], Change | None] | None = None) -> Outcome | None:
        """Let the store `at` do `work`; what it was told is remembered."""
        try:
            outcome = self.stores[at].change(self.graduate.student, work.key, decide or work.decide, work.fingerprint)
        except Problem as problem:
            assert problem.code in EXPECTED, problem.code
            return None
        self.done.append(work)
        if not outcome.repeated:
            assert outcome.event and work.key not in self.accepted, "nothing is applied twice"
            self.accepted[work.key] = outcome.event.version
        elif outcome.event:
            assert outcome.event.key == work.key
            assert outcome.event.version == self.accepted.setdefault(work.key, outcome.event.version)
        return outcome

    # --- what happens --------------------------------------------------------------------------------------
    @rule(data=st.data(), at=st.integers(0, 1))
    def somebody_asks(self, data: st.DataObject, at: int) -> None:
        self._do(self._work(data), at)

    @rule(data=st.data(), at=st.integers(0, 1))
    def somebody_asks_twice(self, data: st.DataObject, at: int) -> None:
        work = self._work(data)
        first = self._do(work, at)
        second = self._do(work, 1 - at)
        if first and not first.repeated:
            assert second and second.repeated and second.event == first.event

    @rule(data=st.data(), at=st.integers(0, 1))
    def something_old_is_repeated(self, data: st.DataObject, at: int) -> None:
        if self.done:
            work = data.draw(st.sampled_from(self.done))
            before = len(self.accepted)
            outcome = self._do(work, at)
            if work.key in self.accepted and outcome is not None and before == len(self.accepted):
                assert outcome.repeated

    @rule(data=st.data(), at=st.integers(0, 1))
    def somebody_else_is_quicker(self, data: st.DataObject, at: int) -> None:
        """Between reading and writing, the other store changes the case; perhaps by the very same request."""
        work = self._work(data)
        rival = work if data.draw(st.booleans()) else self._work(data)
        turns = iter([rival])

        def decide(case: Case) -> Change | None:
            for other in turns:
                self._do(other, 1 - at)
            return work.decide(case)

        self._do(work, at, decide)

    @rule(data=st.data(), at=st.integers(0, 1))
    def a_process_dies_before_it_writes(self, data: st.DataObject, at: int) -> None:
        work = self._work(data)

        def decide(case: Case) -> Change | None:
            work.decide(case)
            raise Crash

        before = self.stores[at].get(self.graduate.student)
        try:
            self._do(work, at, decide)
        except Crash:
            assert self.stores[1 - at].get(self.graduate.student) == before
        if data.draw(st.booleans()):
            self._do(work, 1 - at)

    @rule(data=st.data(), at=st.integers(0, 1))
    def an_answer_is_lost(self, data: st.DataObject, at: int) -> None:
        """The write went through, nobody was told; the request comes again."""
        work, one = self._work(data), self.stores[at]
        write = one._write

        def lose(*args: Any) -> str:
            if write(*args) == "written":
                raise Crash
            return "conflict"

        one._write = lose  # type: ignore[method-assign]
        try:
            self._do(work, at)
        except Crash:
            again = self._do(work, 1 - at)
            assert again and again.repeated and again.event and again.event.key == work.key
        finally:
            one._write = write  # type: ignore[method-assign]

    @rule(data=st.data(), at=st.integers(0, 1))
    def a_key_is_used_for_something_else(self, data: st.DataObject, at: int) -> None:
        used = [work for work in self.done if work.fingerprint and work.key in self.accepted]
        if used:
            work = data.draw(st.sampled_from(used))
            case = self.stores[at].get(self.graduate.student)
            with pytest.raises(Problem) as refused:
                self.stores[at].change(self.graduate.student, work.key, work.decide, "another fingerprint")
            assert refused.value.code == "key-reused"
            assert self.stores[at].get(self.graduate.student) == case

    # --- what always holds ---------------------------------------------------------------------------------
    @invariant()
    def the_events_are_the_case(self) -> None:
        case = self.stores[0].get(self.graduate.student)
        events = self.stores[1].events(self.graduate.student)
        assert case
        assert [event.version for event in events] == list(range(1, case.version + 1)), "none lost, none twice"
        assert len({event.key for event in events}) == len(events)
        told: dict[str, str] = {}
        for one in events:
            told.update(one.states)
        assert {step: state for step, state in told.items() if state != "not_applicable"} == case.states()
        assert {event.key: event.version for event in events} == self.accepted

    @invariant()
    def the_events_are_sealed_to_one_another(self) -> None:
        case = self.stores[0].get(self.graduate.student)
        assert case
        head = chain.Head(self.graduate.student, case.version, case.chain)
        found = chain.verify(chain.history(head, self.stores[1].events(self.graduate.student), "", None))
        assert [one.code for one in found] == ["no-anchor"]

    @invariant()
    def the_queues_are_the_case(self) -> None:
        case = self.stores[0].get(self.graduate.student)
        assert queued(self.graduate.student) == entries(case)

    @invariant()
    def the_index_is_the_case(self) -> None:
        case = self.stores[0].get(self.graduate.student)
        assert case
        document = case_document(case)
        lean = [
            one
            for school in ("S01", "S02")
            for one in self.stores[0].school(school)
            if one.student == document["student"]
        ]
        assert len(lean) == 1
        assert (lean[0].school, lean[0].version, dict(lean[0].marks)) == (
            document["school"], document["version"], document["marks"],
        )  # fmt: skip
        assert lean[0].deadline == case.deadline and lean[0].name == case.graduate.name


def queued(student: str) -> dict[tuple[str, str], Entry]:
    """Every queue entry of `student` that lies in the table, by queue and position."""
    items = QueueItem.scan((QueueItem.of_student == student) & QueueItem.step_version.exists())
    return {(item.pk.removeprefix("QUEUE#"), item.sk): store._entry(values(item)) for item in items}


@pytest.mark.slow
def test_nothing_is_lost_and_nothing_applied_twice(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store.time, "sleep", lambda seconds: None)
    Table.stores = Store(), Store()
    run_state_machine_as_test(
        Table,
        settings=settings(
            settings.get_profile(settings._current_profile),
            max_examples=12,
            stateful_step_count=15,
            suppress_health_check=list(HealthCheck),
        ),
    )


# --- by example ----------------------------------------------------------------------------------------------
def test_a_repetition_is_known_even_when_the_change_would_leave_a_queue(cloud: Cloud) -> None:
    """A cancelled transaction that also takes entries out of queues still tells a repetition from a conflict."""
    one = Store()
    one.open(cases.open_case(LIN, BATCH, event("open")))
    book = Request("book-inspection", FORMS["dormitory", "book-inspection"], 0, event("book", "someone"))
    step = handlers.steps()["dormitory"]
    one.change(LIN.student, "book", lambda case: step.act(case, book, TODAY))
    case = one.get(LIN.student)
    assert case
    sign = Request("sign-off", {}, 1, event("book", "someone else"))
    change = step.act(case, sign, TODAY)
    assert change and entries(case).keys() - entries(change.after).keys(), "it leaves the queue"
    assert one._write(change) == "repeated"


def test_an_entry_leaves_the_queue_with_the_change_that_settles_it(cloud: Cloud) -> None:
    one = store.Store()
    one.open(cases.open_case(LIN, BATCH, event("open")))
    step = handlers.steps()["dormitory"]
    for version, action in enumerate(["book-inspection", "send-back", "book-inspection", "sign-off"]):
        form = FORMS.get(("dormitory", action)) or (REASON if action == "send-back" else {})
        told = event(f"k{version}", at=START + timedelta(minutes=version))
        request = Request(action, form, version, told)
        outcome = one.change(LIN.student, told.key, lambda case, request=request: step.act(case, request, TODAY))
        assert outcome.event and not outcome.repeated
        case = one.get(LIN.student)
        assert queued(LIN.student) == entries(case)
        assert (one.queue_length("dormitory") == 1) == (action == "book-inspection")


def test_a_case_that_never_rests_is_too_busy(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store.time, "sleep", lambda seconds: None)
    one = Store()
    one.open(cases.open_case(LIN, BATCH, event("open")))
    monkeypatch.setattr(one, "_write", lambda change: "conflict")
    step = handlers.steps()["exit-survey"]
    request = Request("answer", FORMS["exit-survey", "answer"], 0, event("a"))
    with pytest.raises(Problem) as refused:
        one.change(LIN.student, "a", lambda case: step.act(case, request, TODAY))
    assert refused.value.code == "too-busy"


def test_a_failure_of_the_table_is_no_conflict(cloud: Cloud) -> None:
    from pynamodb.exceptions import PynamoDBException

    one = Store()
    one.open(cases.open_case(LIN, BATCH, event("open")))
    cloud.dynamodb.delete_table(TableName="Cases")
    with pytest.raises(PynamoDBException):
        one.open(cases.open_case(LIN, BATCH, event("open again")))


@pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded", "TransactionConflict"])
def test_a_case_is_opened_and_changed_though_the_table_is_in_the_way(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    original, refused = BaseClient._make_api_call, [False]

    def now_and_then(self: Any, operation: str, arguments: Any) -> Any:
        if operation == "TransactWriteItems" and refused.pop():
            answer = {
                "Error": {"Code": "TransactionCanceledException", "Message": "cancelled"},
                "CancellationReasons": [{"Code": "None"}, {"Code": code}],
            }
            raise ClientError(answer, operation)
        return original(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", now_and_then)
    one = Store()
    refused[:] = [False, True]
    assert not one.open(cases.open_case(LIN, BATCH, event("open"))).repeated
    refused[:] = [False, True]
    request = Request("answer", FORMS["exit-survey", "answer"], 0, event("a"))
    one.change(LIN.student, "a", lambda case: handlers.steps()["exit-survey"].act(case, request, TODAY))
    refused[:] = [False]
    with pytest.raises(Problem) as problem:
        one.open(cases.open_case(LIN, BATCH, event("another")))
    assert problem.value.code == "changed-meanwhile"
    assert one.get(LIN.student).version == 2


def test_nobody_has_a_case_that_was_not_opened(cloud: Cloud) -> None:
    one = Store()
    assert one.get("2022S01999") is None
    assert one.get("") is None
    assert one.get("9" * 3000) is None
    assert one.get_many(["2022S01999", "2022S01999"]) == {}
    with pytest.raises(Problem) as refused:
        one.change("2022S01999", "k", lambda case: None)
    assert refused.value.code == "not-in-season"


def test_a_queue_is_read_page_by_page_oldest_first(cloud: Cloud) -> None:
    one = Store()
    book = FORMS["dormitory", "book-inspection"]
    for number in range(25):
        who = graduate(number)
        one.open(cases.open_case(who, BATCH, event("open")))
        at = START + timedelta(minutes=(number * 7) % 25)
        request = Request("book-inspection", book, 0, event("book", at=at))
        one.change(
            who.student, "book", lambda case, request=request: handlers.steps()["dormitory"].act(case, request, TODAY)
        )
    found, after = one.queue("dormitory", 10)
    pages = [found]
    while after:
        found, after = one.queue("dormitory", 10, after)
        pages.append(found)
    everybody = [entry for page in pages for entry in page]
    assert [len(page) for page in pages if page] == [10, 10, 5]
    assert len({entry.student for entry in everybody}) == 25
    assert [entry.since for entry in everybody] == sorted(entry.since for entry in everybody)
    assert one.queue_length("dormitory") == 25
    assert everybody[0].answers == book


def test_what_is_stored_comes_back(cloud: Cloud) -> None:
    """Empty texts, booleans and numbers of facts included: a feed that brings them again is no news."""
    one = Store()
    everybody = [LIN, graduate(2, category="postgraduate"), graduate(3, category="international")]
    for person in everybody:
        one.open(cases.open_case(person, BATCH, event("open")))
    for step, rows in FEEDS.items():
        who = next(person.student for person in everybody if step in flow.applicable(person))
        for at, row in enumerate(rows):
            as_of = stamp(START + timedelta(minutes=at))
            told = event(f"{step}{at}")
            reactions = handlers.steps()[step]
            one.change(who, told.key, lambda case, r=reactions, row=row, a=as_of, t=told: r.learn(case, row, a, t))
            case = one.get(who)
            assert case and case.steps[step].facts.feed == reactions.read(row)
            assert reactions.learn(case, row, as_of, event("again")) is None
            assert one.get_many([who]) == {who: case}
            assert case in one.going_on([LIN.school])


def test_what_is_over_is_not_gone_through_again(cloud: Cloud) -> None:
    """The reconciler reads a case until it has its certificate."""
    one = Store()
    opening = cases.open_case(LIN, BATCH, event("open"))
    one.open(Change(None, replace(settled(opening.after, until=""), version=1), opening.event))
    [finished] = one.going_on([LIN.school])
    assert finished.finished
    change = cases.certify(finished, Certificate("A" * 16, datetime.now(UTC)), event("certificate"))
    assert change and one.certify(change)
    assert list(one.going_on([LIN.school, "S02"])) == []


# --- at the same time ----------------------------------------------------------------------------------------
def together(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """Do all of `works` at once; what each returned, or the problem it raised."""
    start = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(place: int) -> None:
        start.wait()
        try:
            results[place] = works[place]()
        except Problem as problem:
            results[place] = problem

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def finished_case(one: Store, who: Any) -> Case:
    """`who` with a finished case in the table."""
    done = settled(cases.open_case(who, BATCH, event("open")).after, until="")
    # the table takes a case as it is; its history is that of a case opened finished
    opening = cases.open_case(who, BATCH, event("open"))
    one.open(Change(None, replace(done, version=1), opening.event))
    kept = one.get(who.student)
    assert kept and kept.finished
    return kept


def test_a_case_is_certified_once(cloud: Cloud) -> None:
    one = Store()
    case = finished_case(one, LIN)

    def certify(number: int) -> bool:
        certificate = Certificate(f"{number:016d}", START)
        change = cases.certify(case, certificate, event(f"certificate#{number}"))
        assert change
        return Store().certify(change)

    made = together([lambda number=number: certify(number) for number in range(6)])
    assert sorted(made) == [False] * 5 + [True]
    kept = one.get(LIN.student)
    assert kept and kept.certificate and kept.certificate.code == f"{made.index(True):016d}"
    record = one.certificate(kept.certificate.code)
    assert record and (record.student, record.name, record.school) == (LIN.student, LIN.name, "S01")
    assert [one.certificate(f"{number:016d}") is not None for number in range(6)] == made


def test_many_changes_at_once_are_all_kept(cloud: Cloud) -> None:
    one = Store()
    one.open(cases.open_case(LIN, BATCH, event("open")))

    def answer(step: str, action: str) -> Outcome:
        told = event(f"{step}#1", "someone")
        reactions = handlers.steps()[step]
        request = Request(action, FORMS[step, action], 0, told)
        return Store().change(LIN.student, told.key, lambda case: reactions.act(case, request, TODAY))

    works = [("dormitory", "book-inspection"), ("personal-file", "declare-destination"), ("exit-survey", "answer")]
    outcomes = together([lambda work=work: answer(*work) for work in works])
    assert not any(outcome.repeated for outcome in outcomes)
    case = one.get(LIN.student)
    assert case and case.version == 4
    assert [event.version for event in one.events(LIN.student)] == [1, 2, 3, 4]
    assert [case.state(step) for step, _ in works] == ["submitted", "done", "done"]
