"""What people are told of a form that they sent: that it was agreed to, sent back or refused. Pure.

It is told as things are by then: what was corrected, withdrawn or decided anew meanwhile is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from yinji.clearance import university
from yinji.clearance.case import Case
from yinji.clearance.definition import Text
from yinji.forms.facts import Fact
from yinji.forms.submission import State, Submission
from yinji.messages.letter import Reader
from yinji.messages.model import Kind, Message, Settings, office_box
from yinji.messages.sending import Subject

KINDS: Mapping[State, Kind] = {"approved": "form-approved", "returned": "form-returned", "refused": "form-refused"}


def of_submission(one: Submission, title: Text) -> Message | None:
    """What whoever sent `one` is told of its state, which an office brought about; `title` is that of the form."""
    kind = KINDS.get(one.state)
    if kind is None:
        return None
    reason = one.approvals[-1].reason if one.approvals else ""
    params = {"submission": one.id, "state": one.state, "title": dict(title), "called": one.called, "reason": reason}
    return Message(f"{kind}#{one.id}#{one.version}", one.person, kind, one.times[one.state], params)


def of_layout(form: str, version: int, office: str, title: Text, why: str, at: datetime) -> Message | None:
    """What an office is told whose layout of a form does not work, once for each version; None where no office has a
    box for it: a form of all schools."""
    if office not in university.departments():
        return None
    params = {"form": form, "version": version, "title": dict(title), "why": why}
    return Message(f"form-layout#{form}#{version}", office_box(office), "form-layout", at, params)


class Applicants:
    """Who is told of forms. `submission` looks one up, `case` a graduate's case, `known` what is known of somebody by
    kind: whoever is not leaving has no case, and an address all the same."""

    def __init__(
        self,
        submission: Callable[[str], Submission | None],
        case: Callable[[str], Case | None],
        known: Callable[[str], Mapping[str, Fact]],
    ) -> None:
        self._submission, self._case, self._known = submission, case, known

    def subject(self, message: Message, settings: Settings) -> Subject | None:
        """Who `message` is for; None when what it says is not so any more."""
        one = self._submission(str(message.params["submission"]))
        if one is None or one.state != message.params["state"] or one.times[one.state] != message.at:
            return None
        case = self._case(one.person)
        if case:
            graduate = case.graduate
            language = settings.language or ("en" if graduate.language == "en" else "zh")
            return Subject(Reader(one.called, graduate.email, language))
        address = self._known(one.person).get("email")
        return Subject(Reader(one.called, str(address.value) if address else "", settings.language or "zh"))
