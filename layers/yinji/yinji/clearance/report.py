"""The closing report of a batch: how it ended, in numbers without names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from yinji.clearance import definition
from yinji.clearance.case import SETTLED, Batch
from yinji.clearance.view import RowView
from yinji.platform.clock import CAMPUS, instant


@dataclass(frozen=True)
class Part:
    """Some of a batch's cases counted: all of them, those that finished, and those that finished in time."""

    cases: int = 0
    finished: int = 0
    in_time: int = 0

    @property
    def left(self) -> int:
        return self.cases - self.finished


@dataclass(frozen=True)
class StepPart:
    """A step among a batch's cases: whom it concerns, who has not settled it, who is stuck, whom it was waived for."""

    cases: int = 0
    left: int = 0
    blocked: int = 0
    waived: int = 0


@dataclass(frozen=True)
class Report:
    """A batch in numbers; `withdrawn` cases are in no other number. `extended` have a later deadline than the batch."""

    whole: Part = Part()
    withdrawn: int = 0
    extended: int = 0
    flows: Mapping[str, Part] = field(default_factory=dict[str, Part])
    schools: Mapping[str, Part] = field(default_factory=dict[str, Part])
    steps: Mapping[str, StepPart] = field(default_factory=dict[str, StepPart])

    @property
    def document(self) -> dict[str, Any]:
        """The report as it is kept and sent: read back by `read`."""
        return {
            "whole": vars(self.whole),
            "withdrawn": self.withdrawn,
            "extended": self.extended,
            "flows": {name: vars(part) for name, part in self.flows.items()},
            "schools": {name: vars(part) for name, part in self.schools.items()},
            "steps": {name: vars(part) for name, part in self.steps.items()},
        }


def read(document: Mapping[str, Any]) -> Report:
    """The report of a `document`."""
    return Report(
        whole=Part(**document["whole"]),
        withdrawn=document["withdrawn"],
        extended=document["extended"],
        flows={name: Part(**part) for name, part in document["flows"].items()},
        schools={name: Part(**part) for name, part in document["schools"].items()},
        steps={name: StepPart(**part) for name, part in document["steps"].items()},
    )


def report(batch: Batch, rows: Sequence[RowView], withdrawn: int) -> Report:
    """`batch` counted over the `rows` of its cases, of which `withdrawn` more were taken out."""
    flows, schools = {row.lean.flow for row in rows}, {row.lean.school for row in rows}
    met = {step for row in rows for step in row.states}
    steps = [step for step in definition.steps() if step in met]
    return Report(
        whole=_part(rows),
        withdrawn=withdrawn,
        extended=sum(row.lean.deadline > batch.deadline for row in rows),
        flows={name: _part([row for row in rows if row.lean.flow == name]) for name in sorted(flows)},
        schools={name: _part([row for row in rows if row.lean.school == name]) for name in sorted(schools)},
        steps={step: _step(row.states[step] for row in rows if step in row.states) for step in steps},
    )


def _part(rows: Sequence[RowView]) -> Part:
    ended = [(campus_day(row.lean.finished_at), row.lean.deadline) for row in rows if row.lean.finished_at]
    return Part(len(rows), len(ended), sum(day <= deadline for day, deadline in ended))


def campus_day(moment: str) -> date:
    """The day on the campus of an instant (ISO 8601)."""
    return instant(moment).astimezone(CAMPUS).date()


def _step(states: Iterable[str]) -> StepPart:
    counts = Counter(states)
    left = counts.total() - sum(counts[state] for state in SETTLED)
    return StepPart(counts.total(), left, counts["blocked"], counts["waived"])
