"""Pages for everybody: signing in, checking a certificate, the guides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from yinji.clearance import codes, definition, flow
from yinji.clearance.definition import EVERY_EARLIER_STEP, StepDefinition, Text
from yinji.clearance.store import Store
from yinji.identity import demo
from yinji.identity.session import Session
from yinji.platform.environment import is_local
from yinji.platform.problem import Problem

from . import diagram, markdown


def home(session: Session | None) -> str:
    """The first page of whoever comes."""
    if session is None:
        return "/sign-in"
    return {
        "student": "/me",
        "counsellor": f"/schools/{session.school}",
        "school-officer": f"/schools/{session.school}",
        "department-officer": "/queues",
        "supervisor": "/queues",
        "administrator": "/season",
        "auditor": "/season",
    }[session.role]


def sign_in(store: Store) -> dict[str, Any]:
    """Who one can be, on a local deployment; nothing elsewhere."""
    if not is_local():
        return {"local": False, "students": [], "supervisors": [], "offices": []}
    found = {"students": demo.students(store), "supervisors": demo.supervisors(store), "offices": demo.offices()}
    return {"local": True, **found}


def no_code(typed: str) -> dict[str, Any]:
    """Nothing to look up: nothing was `typed` yet, or what cannot be a code; it is shown again to be corrected."""
    return {"asked": "malformed" if typed else "", "record": None, "spoken": "", "student": "", "typed": typed}


def certificate(store: Store, code: str) -> dict[str, Any]:
    """The certificate with the verification `code`: `asked` is "malformed", "unknown" or "authentic"."""
    normal = codes.normal(code)
    record = store.certificate(normal) if normal else None
    asked = "authentic" if record else "unknown" if normal else "malformed"
    # whoever holds the certificate has the number in full; a code passed on must not give it away
    student = f"{record.student[:4]}****{record.student[-2:]}" if record else ""
    return {
        "asked": asked,
        "record": record,
        "spoken": codes.spoken(normal),
        "student": student,
        "typed": "" if record else code,
    }


@dataclass(frozen=True)
class Chapter:
    step: StepDefinition
    text: Markup
    needs: list[StepDefinition]
    last: bool
    """Whether everything before it must be settled first."""

    def need_titles(self, say: Callable[[Text], str]) -> list[str]:
        return [say(step.title) for step in self.needs]


def guide(flow_id: str, language: str) -> dict[str, Any]:
    """The guide of a flow, from the definitions of its steps. Raises Problem("not-found")."""
    if flow_id not in flow.TITLES:
        raise Problem("not-found")
    every = definition.steps()
    steps = {step.id: step for step in every.values() if flow_id in step.flows}
    chapters = [
        Chapter(
            step,
            markdown.html(step.guide(language, flow_id)),
            [steps[need] for need in step.needs if need in steps],
            EVERY_EARLIER_STEP in step.needs,
        )
        for step in steps.values()
    ]
    return {"flow_id": flow_id, "chapters": chapters, "picture": diagram.of_flow(list(steps.values()), language)}
