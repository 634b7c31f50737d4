"""What the document of a submission says, in the reader's language; and the same with answers that are made up, to look
at a layout. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from yinji.clearance import university
from yinji.clearance.sealing import DOTS
from yinji.forms import answered
from yinji.forms.answered import Section, office_title, say, word
from yinji.forms.filling import Filled
from yinji.forms.form import OF_SCHOOL, Field, Form
from yinji.forms.submission import Approval, Submission, submit
from yinji.platform.clock import CAMPUS

NUMBER = 12
"""How much of an id stands on paper: enough to tell one from another."""
SCHOOL = "S01"
STROKES = "drawn:M60 150L110 50L150 150L190 60M230 110L330 104M250 60L310 150M370 60L420 150L470 60L520 150"


@dataclass(frozen=True)
class Said:
    """What an office said, as it is printed."""

    office: str
    who: str
    verdict: str
    at: str
    reason: str


@dataclass(frozen=True)
class Printed:
    """What is printed; the typeset layer's FormData has the same names."""

    university: str
    office: str
    title: str
    number: str
    called: str
    person: str
    school: str
    sent_at: str
    state: str
    sections: tuple[Section, ...]
    approvals: tuple[Said, ...]


def printed(one: Submission, form: Form, language: str, names: Mapping[str, str]) -> Printed:
    """The document of `one`, filled by `form`; `names` are those of the people who decided, by id."""
    return Printed(
        say(university.name(), language),
        say(office_title(form.office, one.school), language),
        say(form.title, language),
        one.id[:NUMBER].upper(),
        one.called,
        one.person,
        say(office_title(OF_SCHOOL, one.school), language) if one.school else "",
        _clock(one.at),
        word(one.state, language),
        tuple(answered.sections(form, one.answers, language)),
        tuple(
            Said(
                say(office_title(said.office, one.school), language),
                names.get(said.who, said.who),
                word(said.verdict, language),
                _clock(said.at),
                said.reason,
            )
            for said in one.approvals
        ),
    )


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(CAMPUS):%Y-%m-%d %H:%M}"


# --- made up ---------------------------------------------------------------------------------------------------------
def made_up(form: Form, language: str, at: datetime) -> Submission:
    """A submission of `form` that nobody sent: every question is answered, and every office agreed."""
    answers = {one.name: _made_up(one, language) for one in form.fields}
    filled = Filled(answers, {}, {})
    one, _ = submit(form, "2026000000", word("somebody", language), SCHOOL, filled, answers, "preview", at)
    approvals = tuple(
        Approval(
            f"{OF_SCHOOL}/{SCHOOL}" if office == OF_SCHOOL else office,
            word("somebody", language),
            "approve",
            at + timedelta(days=number + 1),
            word("note", language),
        )
        for number, office in enumerate(form.approvals)
    )
    return replace(one, approvals=approvals, state="approved", stage=len(approvals))


def _made_up(one: Field, language: str) -> Any:
    match one.way:
        case "number":
            return max(float(one.limits.get("minimum", 1)), min(float(one.limits.get("maximum", 1000)), 1000.0))
        case "date":
            return "2026-06-10"
        case "choice":
            return one.options[0].value
        case "choices":
            return [option.value for option in one.options[:2]]
        case "tick":
            return True
        case "attachment":
            return "0" * 32
        case "signature":
            return STROKES if "drawn" in one.signs else f"typed:{word('somebody', language)}"
        case "rows":
            return [{column.name: _made_up(column, language) for column in one.fields} for _ in range(2)]
        case "parts":
            return {part.name: _made_up(part, language) for part in one.fields}
        case "paragraph":
            return word("paragraph", language)
        case "text":
            return f"{DOTS} 1234" if one.sealed else word("text", language)
