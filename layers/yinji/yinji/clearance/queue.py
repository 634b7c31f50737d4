"""The queues of offices: which cases wait for an officer at which step, oldest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from yinji.clearance import definition
from yinji.clearance.case import Case, State
from yinji.platform.clock import stamp


@dataclass(frozen=True)
class Entry:
    """A case in the queue of `step`. `since` (ISO 8601, UTC) orders it; `answers` are what there is to check."""

    step: str
    school: str
    student: str
    name: str
    since: str
    step_version: int
    answers: Mapping[str, Any] = field(default_factory=dict[str, Any])
    supervisor: str = ""
    """Whose queue it is in, where a supervisor signs; empty in the queue of the office."""

    @property
    def queue(self) -> str:
        return queue_id(self.step, self.school, self.supervisor)

    @property
    def position(self) -> str:
        return f"{self.since}#{self.student}"


def queue_id(step: str, school: str, supervisor: str = "") -> str:
    """An office has one queue per step; the step that belongs to the schools has one for each of them.

    What a supervisor signs stands in a queue of their own as well, whatever the schools of their graduates.
    """
    if supervisor:
        return f"{step}#supervisor#{supervisor}"
    return f"{step}#{school}" if definition.steps()[step].department == "school" else step


def waits_for_office(step: definition.StepDefinition, state: State) -> bool:
    """Whether, in `state`, an officer can do something of the step's own."""
    return any(
        action.by == "department" and not action.standard and state in action.sources
        for action in step.actions.values()
    )


def fits(action: definition.Action, entry: Entry) -> bool:
    """Whether `action` is for what the entry's graduate answered; in which flow they are, an entry does not tell."""
    return all(entry.answers.get(name) == value for name, value in action.when.items())


def entries(case: Case | None) -> dict[tuple[str, str], Entry]:
    """The queue entries that `case` has, by queue and position."""
    found: dict[tuple[str, str], Entry] = {}
    if case is None or case.withdrawn_at:
        return found
    for id, state in case.states().items():
        step = definition.steps().get(id)
        if step is None or not waits_for_office(step, state):
            continue
        record, secrets = case.steps[id], step.secrets
        entry = Entry(
            step=id,
            school=case.graduate.school,
            student=case.graduate.student,
            name=case.graduate.name,
            since=stamp(record.since or case.opened_at),
            step_version=record.version,
            answers={name: value for name, value in record.facts.answers.items() if name not in secrets},
        )
        found[entry.queue, entry.position] = entry
        if supervisor := step.supervisor(case.graduate.supervisor):
            theirs = replace(entry, supervisor=supervisor)
            found[theirs.queue, theirs.position] = theirs
    return found
