"""What is arranged for a case beside its steps: a later deadline, going abroad, leaving the batch, opening it again,
another batch, a newer version of its flow. All pure; every change keeps what is done (domain.md, section 1)."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from yinji.clearance import definition, flow
from yinji.clearance.appointments import held_slot
from yinji.clearance.case import (
    SETTLED,
    UNSETTLED,
    Batch,
    Case,
    Change,
    Event,
    StepRecord,
    changed,
    correct,
    refitted,
    told,
)
from yinji.clearance.definition import Action
from yinji.clearance.policy import Permission
from yinji.platform.problem import Problem

ABROAD = "abroad"
PERMISSIONS: Mapping[str, Permission] = {
    "extend": "extend-case",
    "move-abroad": "move-case",
    "return-to-campus": "move-case",
    "withdraw": "withdraw-case",
    "restore": "withdraw-case",
    "reopen": "reopen-case",
}
"""By arrangement: what whoever asks for it must be allowed."""
OFFICE = "international-education"
"""The department that knows who left the country."""


@cache
def forms() -> Mapping[str, Action]:
    """Every arrangement as what is asked for on its form, in the order of the page."""
    raw = tomllib.loads(Path(__file__).with_name("arrangements.toml").read_text("utf-8"))
    plain: Mapping[str, Any] = {"by": "department", "from": (), "to": ""}
    return {name: definition.action(name, {**plain, **entry}) for name, entry in raw.items()}


def possible(arrangement: str, case: Case) -> bool:
    """Whether `arrangement` makes sense for `case` as it stands."""
    if arrangement == "reopen":
        return case.closed
    if case.closed or (arrangement == "restore") != bool(case.withdrawn_at):
        return False
    if arrangement == "move-abroad":
        return case.flow == "international-on-campus"
    return arrangement != "return-to-campus" or case.flow == "international-overseas"


def arrange(
    case: Case, arrangement: str, answers: Mapping[str, str], batch: Batch | None, today: date, event: Event
) -> Change:
    """`case` with the `arrangement`; `answers` passed its form, `batch` is the case's as declared now.

    Raises Problem("not-possible-now") where it makes no sense; Problem("date-not-possible") for an extension that is
    none.
    """
    if not possible(arrangement, case):
        raise Problem("not-possible-now")
    if arrangement == "extend":
        return _extend(case, date.fromisoformat(answers["until"]), today, event)
    if arrangement in ("move-abroad", "return-to-campus"):
        declared = {**case.declared, ABROAD: arrangement == "move-abroad"}
        draft = replace(refitted(case, told(case.graduate, declared), event), declared=declared)
        return changed(case, draft, event)
    if arrangement == "withdraw":
        return changed(case, replace(case, steps=_appointments_given_back(case, event), withdrawn_at=event.at), event)
    if arrangement == "restore":
        back = replace(case, withdrawn_at=None)
        if batch:
            back = replace(back, opens_on=batch.opens_on, deadline=_deadline(case, batch))
        return changed(case, back, event)
    return _reopen(case, event)


def _appointments_given_back(case: Case, event: Event) -> dict[str, StepRecord]:
    """The steps of `case` without the appointments that are still to come: others can have the time."""
    steps = dict(case.steps)
    for id, record in case.steps.items():
        known = definition.steps().get(id)
        if known and known.appointments and record.standing.state == "submitted" and held_slot(known, record):
            answers = {name: value for name, value in record.facts.answers.items() if name != known.appointments.field}
            facts = replace(record.facts, answers=answers)
            steps[id] = replace(record, facts=facts, standing=UNSETTLED, version=record.version + 1, by=event.who)
    return steps


def _deadline(case: Case, batch: Batch) -> date:
    return max(batch.deadline, case.extended_to or batch.deadline)


def _extend(case: Case, until: date, today: date, event: Event) -> Change:
    [field] = [field for field in forms()["extend"].fields if field.days_ahead]
    last = date.fromordinal(today.toordinal() + (field.days_ahead or 0))
    if not max(case.deadline, today) < until <= last:
        first = date.fromordinal(max(case.deadline, today).toordinal() + 1)
        raise Problem("date-not-possible", first=first.isoformat(), last=last.isoformat())
    return changed(case, replace(case, extended_to=until, deadline=until), event)


def _reopen(case: Case, event: Event) -> Change:
    """The final step is to be done again; the certificate goes, and with it the case's end."""
    steps = dict(case.steps)
    for id, record in case.steps.items():
        known = definition.steps().get(id)
        if known and known.final:
            facts = replace(record.facts, signed_off=False, answers={})
            steps[id] = replace(
                record, standing=UNSETTLED, facts=facts, version=record.version + 1, by=event.who, noticed=False
            )
    return changed(case, replace(case, steps=steps, certificate=None), event)


def carry_over(case: Case, batch: Batch, into: Batch, event: Event) -> Change | None:
    """An unfinished case of `batch` in the batch `into`; None when it is in another one or over."""
    if case.batch != batch.id or case.closed or case.withdrawn_at:
        return None
    return correct(case, case.graduate, into, event)


# --- versions of flows ---------------------------------------------------------------------------------------


def behind(case: Case) -> bool:
    """Whether the case runs by an older version of its flow, and can still change."""
    return not case.closed and case.flow_version < flow.version(case.flow)


def migrate(case: Case, event: Event) -> Change | None:
    """`case` by the newest version of its flow, or None when it is by that already or over."""
    if not behind(case):
        return None
    return changed(case, refitted(case, case.graduate, event, flow.version(case.flow)), event)


@dataclass
class Preview:
    """What migrating cases would change: how many, and for how many which step comes, goes, goes though it is done."""

    cases: int = 0
    comes: Counter[str] = field(default_factory=Counter[str])
    goes: Counter[str] = field(default_factory=Counter[str])
    goes_done: Counter[str] = field(default_factory=Counter[str])
    unsettled: int = 0
    """Cases in which something that is done would have to be done again, because a new step comes before it."""


def preview(cases: Iterable[Case]) -> Preview:
    """What migrating those of `cases` that are behind would change."""
    found = Preview()
    for case in cases:
        if not behind(case):
            continue
        found.cases += 1
        now, then = set(case.steps), dict.fromkeys(flow.applicable(case.graduate, flow.version(case.flow)))
        new = then.keys() - now
        gone = now - then.keys()
        settled = {step for step in now if case.steps[step].standing.state in SETTLED}
        found.comes.update(new)
        found.goes.update(gone)
        found.goes_done.update(gone & settled)
        every = definition.steps()
        found.unsettled += any(new.intersection(definition.needs_of(every[step], then)) for step in settled - gone)
    return found
