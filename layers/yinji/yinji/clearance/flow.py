"""Flows: which steps a graduate has to settle. A flow is the set of step definitions that name it.

A flow changes by a new version: a step that joins says from which on ("postgraduate@2"), a step that leaves says until
which ("postgraduate@1-1"). Cases open with the newest version and keep it until an administrator migrates them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from yinji.clearance import definition

if TYPE_CHECKING:
    from yinji.clearance.case import Graduate

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


def version(flow: str) -> int:
    """The version of `flow` that cases open with today."""
    return definition.flow_version(flow)


def applicable(graduate: Graduate, version: int | None = None) -> list[str]:
    """The ids of the steps that apply to `graduate` in `version` of their flow (today's unless told), in order."""
    flow = flow_of(graduate)
    asked = definition.flow_version(flow) if version is None else version
    return [
        step.id
        for step in definition.steps().values()
        if step.part_of(flow, asked) and (not step.applies or step.applies in graduate.flags)
    ]
