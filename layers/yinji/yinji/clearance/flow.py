"""Flows: which steps a graduate has to settle. A flow is the set of step definitions that name it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yinji.clearance import definition

if TYPE_CHECKING:
    from yinji.clearance.case import Graduate

VERSION = 1
"""Of all flows together; a case keeps the version and the steps it opened with."""

TITLES: dict[str, definition.Text] = {
    "undergraduate": {"zh": "本科生离校", "en": "Undergraduate clearance"},
    "postgraduate": {"zh": "研究生离校", "en": "Postgraduate clearance"},
    "international-on-campus": {"zh": "留学生离校（在校）", "en": "International clearance (on campus)"},
    "international-overseas": {"zh": "留学生离校（境外）", "en": "International clearance (overseas)"},
}


def flow_of(graduate: Graduate) -> str:
    """The id of the flow for a graduate's category; who is international and abroad has a flow of their own."""
    if graduate.category == "international":
        return "international-overseas" if "abroad" in graduate.flags else "international-on-campus"
    return graduate.category


def applicable(graduate: Graduate) -> list[str]:
    """The ids of the steps that apply to `graduate`, in order."""
    flow = flow_of(graduate)
    return [
        step.id
        for step in definition.steps().values()
        if flow in step.flows and (not step.applies or step.applies in graduate.flags)
    ]
