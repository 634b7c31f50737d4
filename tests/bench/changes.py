"""Changes of cases on the emulator: one after the other, several at a time, and two officers on one case."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count

from yinji.clearance.case import Case, Change
from yinji.clearance.intake import THREADS
from yinji.clearance.step import Request
from yinji.clearance.store import Store

from tests import handlers
from tests.bench.measuring import console, interleaved, tell
from tests.bench.surroundings import TODAY, cases, emulator, keep
from tests.graduates import event
from tests.unit.test_case import FORMS, feed

CASES = 150
"""Cases changed in a sample; each answers the survey for the first time."""
EACH = 40
"""Changes each of two officers makes in a sample."""
ROUNDS = 3


def run() -> None:
    emulator()
    store = Store()
    _many(store)
    _two_officers(store)


def _many(store: Store) -> None:
    fresh = count()

    def change_all(threads: int) -> Callable[[], None]:
        def work() -> None:
            students = prepared.pop()
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(lambda student: _answer(store, student), students))

        return work

    pattern = cases(1)[0]
    prepared: list[list[str]] = []
    for _ in range(2 * (ROUNDS + 1)):
        numbered = [
            replace(pattern, graduate=replace(pattern.graduate, student=f"C{next(fresh):07d}")) for _ in range(CASES)
        ]
        keep(numbered)
        prepared.append([case.graduate.student for case in numbered])
    works = {"one thread": change_all(1), f"{THREADS} threads": change_all(THREADS)}
    tell(
        f"{CASES} cases, one change each: read, decide, write in one transaction",
        interleaved(works, ROUNDS),
        per_second=dict.fromkeys(works, CASES),
    )


def _answer(store: Store, student: str) -> None:
    def decide(case: Case) -> Change | None:
        told = event(uuid.uuid4().hex, student, what="answer")
        return handlers.steps()["exit-survey"].act(
            case, Request("answer", FORMS["exit-survey", "answer"], 0, told), TODAY
        )

    _once(store, student, decide)


def _two_officers(store: Store) -> None:
    """The library waives and reopens, the finance office too; on one case, or each on their own."""
    pattern = feed(feed(cases(1)[0], "library-loans", loans="1", titles="围城"), "tuition", arrears="10", items="水费")
    students = ["D0000001", "D0000002"]
    keep(replace(pattern, graduate=replace(pattern.graduate, student=student)) for student in students)
    asked: dict[str, int] = {}

    def both(name: str, theirs: list[str]) -> Callable[[], None]:
        def work() -> None:
            with ThreadPoolExecutor(2) as pool:
                officers = zip(theirs, ("library-loans", "tuition"), strict=True)
                decided = pool.map(lambda one: _waive_and_reopen(store, *one), officers)
                asked[name] = asked.get(name, 0) + sum(decided)

        return work

    works = {
        "two cases": both("two cases", students),
        "one case": both("one case", [students[0]] * 2),
    }
    timings = interleaved(works, ROUNDS)
    made = 2 * EACH * (ROUNDS + 1)
    decisions = {name: f"{number / made:.2f}" for name, number in asked.items()}
    tell(
        f"Two officers at once, {EACH} changes each",
        timings,
        per_second=dict.fromkeys(works, 2 * EACH),
        decisions_per_change=decisions,
    )
    console.print("decisions per change: 1.00 is no conflict; what is above was decided again on the newer case")


def _waive_and_reopen(store: Store, student: str, step: str) -> int:
    """How often was decided until all was done."""
    decided = count()
    for number in range(EACH):
        action = "reopen" if number % 2 else "waive"

        def decide(case: Case, action: str = action) -> Change | None:
            next(decided)
            told = event(uuid.uuid4().hex, step, what=action)
            request = Request(action, {"reason": "核对无误"}, case.steps[step].version, told)
            return handlers.steps()[step].act(case, request, TODAY)

        _once(store, student, decide)
    return next(decided)


def _once(store: Store, student: str, decide: Callable[[Case], Change | None]) -> None:
    if store.change(student, uuid.uuid4().hex, decide).repeated:
        raise RuntimeError("nothing was changed")
