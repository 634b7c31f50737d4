"""The guide of a flow: what there is to do, with whom and where, told from the definitions of the steps that run.

Pages and documents are written from this. It holds no markup, is in one language, and reads nothing but the
definitions, the university and guide.toml.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from yinji.clearance import definition, flow, university
from yinji.clearance.definition import EVERY_EARLIER_STEP, Action, Field, StepDefinition, Text, needs_of
from yinji.clearance.step import SENT_BACK
from yinji.platform import markdown
from yinji.platform.markdown import Block
from yinji.platform.problem import Problem

ABROAD, ON_CAMPUS = "international-overseas", "international-on-campus"
_BLANK = re.compile(r"\{[a-z_]+\}")


@dataclass(frozen=True)
class Office:
    """Where to go and whom to call. Of "school" only the name: each graduate has their own."""

    name: str
    place: str
    phone: str = ""
    hours: str = ""


@dataclass(frozen=True)
class Doer:
    """One part of a step: `who` does `what`. `you` are the graduate."""

    who: str
    what: str
    you: bool


@dataclass(frozen=True)
class Asked:
    """What a form will ask: to be had ready."""

    title: str
    note: str = ""


@dataclass(frozen=True)
class Chapter:
    """One step as the guide tells it. `short` says in a few words what must come first."""

    id: str
    title: str
    office: Office
    conditions: Sequence[str]
    short: str
    text: Sequence[Block]
    doers: Sequence[Doer]
    ready: Sequence[Asked]
    abroad: str
    reasons: Sequence[str]


@dataclass(frozen=True)
class Guide:
    """A flow in one language. `bands` are the chapters in the order of the diagram: see `bands_of`."""

    flow: str
    title: str
    language: str
    chapters: Sequence[Chapter]
    bands: Sequence[Sequence[Chapter]]


@cache
def sentences() -> Mapping[str, Any]:
    """What guides say around the texts of the steps, by key: guide.toml."""
    return tomllib.loads(Path(__file__).with_name("guide.toml").read_text("utf-8"))


def steps_of(flow_id: str) -> list[StepDefinition]:
    """The steps of today's version of a flow, in order. Raises Problem("not-found") for a flow that is none."""
    if flow_id not in flow.TITLES:
        raise Problem("not-found")
    return [step for step in definition.steps().values() if flow_id in step.flows]


def bands_of(steps: Sequence[StepDefinition]) -> list[list[StepDefinition]]:
    """`steps` in bands: what can be done side by side stands in one, what needs others stands in a later one."""
    found: dict[str, int] = {}
    applicable = {step.id: step for step in steps}
    for step in steps:
        found[step.id] = max((found[need] + 1 for need in needs_of(step, applicable)), default=0)
    return [[step for step in steps if found[step.id] == band] for band in sorted(set(found.values()))]


def guide_of(flow_id: str, language: str) -> Guide:
    """The guide of a flow in `language` (zh or en). Raises Problem("not-found") for a flow that is none."""
    teller = _Teller(flow_id, language, steps_of(flow_id))
    chapters = {step.id: teller.chapter(step) for step in teller.steps}
    return Guide(
        flow=flow_id,
        title=flow.TITLES[flow_id][language],
        language=language,
        chapters=list(chapters.values()),
        bands=[[chapters[step.id] for step in band] for band in bands_of(teller.steps)],
    )


class _Teller:
    def __init__(self, flow_id: str, language: str, steps: Sequence[StepDefinition]) -> None:
        self.flow, self.language, self.steps = flow_id, language, steps
        self._titles = {step.id: self._in(step.title) for step in steps}

    def chapter(self, step: StepDefinition) -> Chapter:
        office = self._office(step)
        actions = [action for action in step.actions.values() if not action.standard]
        here = [action for action in actions if not action.flows or self.flow in action.flows]
        return Chapter(
            id=step.id,
            title=self._in(step.title),
            office=office,
            conditions=self._conditions(step),
            short=self._first(step, "after-short", "after-all-short"),
            text=markdown.read(step.guide(self.language, self.flow)),
            doers=self._doers(step, here, office.name),
            ready=[self._asked(field, action) for action in here if action.by == "student" for field in action.fields],
            abroad=self._abroad(step, actions),
            reasons=[self._reason(code, reason, office.name) for code, reason in step.reasons.items()],
        )

    # --- parts of a chapter --------------------------------------------------------------------------------
    def _office(self, step: StepDefinition) -> Office:
        if step.department == "school":
            who = "your-supervisor" if step.signer else "your-school"
            return Office(self._say(who), self._say("your-school-place"))
        known = university.departments()[step.department]
        name = university.office(step.department, "", self.flow)
        return Office(self._in(name), self._in(known["place"]), str(known["phone"]), self._in(known["hours"]))

    def _conditions(self, step: StepDefinition) -> list[str]:
        applies = [self._say("applies", whom=self._whom(step.applies))] if step.applies else []
        first = self._first(step, "after", "after-all")
        return applies + ([first] if first else [])

    def _first(self, step: StepDefinition, some: str, all_: str) -> str:
        """What must come before `step`, by the sentence `some` or `all_`; nothing when nothing must."""
        if EVERY_EARLIER_STEP in step.needs:
            return self._say(all_)
        needs = [self._titles[need] for need in step.needs if need in self._titles]
        return self._say(some, steps=self._list(needs)) if needs else ""

    def _doers(self, step: StepDefinition, actions: Sequence[Action], office: str) -> list[Doer]:
        found = [Doer(office, self._say("feed"), False)] if step.feed else []
        mine = [action for action in actions if action.by == "student"]
        for action in mine:
            what = self._say("form-done" if action.to == "done" else "form", action=self._in(action.title))
            found.append(Doer(self._say("you"), what + self._for(action), True))
        for action in actions:
            if action.by != "student":
                what = self._say("sign" if mine else "sign-alone", action=self._in(action.title))
                found.append(Doer(office, what + self._for(action), False))
        return found

    def _for(self, action: Action) -> str:
        """For whom an action is, when not for all."""
        if action.only:
            return self._say("for-whom", whom=self._whom(action.only))
        return self._say("for-whom", whom=self._say("if-answered")) if action.when else ""

    def _asked(self, field: Field, action: Action) -> Asked:
        notes: list[str] = []
        if field.schema.get("const") is not None:
            notes.append(self._say("to-confirm"))
        elif field.options:
            options = self._say("or").join(self._in(option) for option in field.options)
            notes.append(self._say("choice", options=options))
        elif field.schema.get("format") == "date":
            notes.append(self._say("a-date"))
        if not field.required:
            notes.append(self._say("optional"))
        if action.only:
            notes.append(self._whom(action.only))
        elif action.when:
            notes.append(self._say("if-answered"))
        return Asked(self._in(field.title), self._list(notes))

    def _abroad(self, step: StepDefinition, actions: Sequence[Action]) -> str:
        """What the graduate does otherwise from abroad, for those whom it may concern."""
        if self.flow not in (ABROAD, ON_CAMPUS):
            return ""
        abroad, on_campus = self._only(actions, ABROAD, ON_CAMPUS), self._only(actions, ON_CAMPUS, ABROAD)
        # a form of the same name asks other things: the guide of each flow says which
        there = self._list(title for title in abroad if title not in on_campus)
        here = self._list(title for title in on_campus if title not in abroad)
        if self.flow == ABROAD:
            if not there:
                return ""
            return (
                self._say("instead-of", actions=there, others=here) if here else self._say("from-abroad", actions=there)
            )
        if there:
            return self._say("abroad", actions=there)
        other = abroad or step.guide(self.language, ABROAD) != step.guide(self.language, ON_CAMPUS)
        return self._say("abroad-guide") if other and ABROAD in step.flows else ""

    def _only(self, actions: Iterable[Action], inside: str, outside: str) -> list[str]:
        """What the graduate does in the flow `inside` and not in `outside`."""
        return [
            self._in(action.title)
            for action in actions
            if action.by == "student" and inside in action.flows and outside not in action.flows
        ]

    # --- words ---------------------------------------------------------------------------------------------
    def _in(self, text: Text) -> str:
        return str(text[self.language])

    def _say(self, key: str, **blanks: str) -> str:
        return self._in(sentences()[key]).format_map(blanks)

    def _whom(self, flag: str) -> str:
        return self._in(sentences()["only"][flag])

    def _list(self, parts: Iterable[str]) -> str:
        return self._say("comma").join(parts)

    def _reason(self, code: str, reason: Text, office: str) -> str:
        """A reason with its blanks left open: what fills them is each graduate's own."""
        if code == SENT_BACK:
            return self._say("sent-back", office=office)
        return _BLANK.sub("……" if self.language == "zh" else "…", self._in(reason).replace("{office}", office))
