"""What programs are told of forms, of what is filled of them and of what was sent: what is sensitive by its last signs.
Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yinji.clearance.sealing import masked
from yinji.forms.filling import Question, mark
from yinji.forms.form import Form
from yinji.forms.sending import Offer, Sheet, fixed
from yinji.forms.store import Draft
from yinji.forms.submission import Submission
from yinji.platform.clock import stamp


def offer(one: Offer, begun: bool, sent: str) -> dict[str, Any]:
    """A form in the list of those that can be filled; `sent` is the submission of one that is answered once."""
    form = one.form
    return {
        "id": form.id,
        "version": form.version,
        "office": form.office,
        "title": dict(form.title),
        "intro": dict(form.intro),
        "once": form.once,
        "asked": one.asked,
        "known": one.known,
        "begun": begun,
        "sent": sent or None,
    }


def sheet(one: Sheet) -> dict[str, Any]:
    """A form as somebody meets it: its two documents, and what is known."""
    return {
        "id": one.form.id,
        "version": one.form.version,
        "schema": one.form.schema,
        "layout": _without_template(one.form.layout),
        "questions": {name: question(found) for name, found in one.questions.items()},
        "draft": draft(one.form, one.draft) if one.begun else None,
        "dropped": list(one.dropped),
        "renewed": one.renewed,
        "sent": one.sent.id if one.sent else None,
    }


def _without_template(layout: Mapping[str, Any]) -> dict[str, Any]:
    return {name: told for name, told in layout.items() if name != "template"}


def question(one: Question) -> dict[str, Any]:
    """How a question stands; of a fact what is known, as of when, and the mark by which it is agreed to."""
    told: dict[str, Any] = {"standing": one.standing}
    if one.fact is None:
        return told
    value = masked(str(one.fact.value)) if one.field.sealed else one.fact.value
    return told | {
        "value": value,
        "mark": mark(one.fact),
        "as_of": stamp(one.fact.true_at),
        "source": one.fact.source,
        "fixed": fixed(one.fact),
    }


def draft(form: Form, one: Draft) -> dict[str, Any]:
    """What is filled so far."""
    return {
        "answers": answers(form, one.sent.answers),
        "uses": dict(one.sent.uses),
        "page": one.page,
        "saved_at": stamp(one.saved_at) if one.saved_at else None,
        "corrects": one.corrects or None,
        "version": one.version,
    }


def answers(form: Form, some: Mapping[str, Any]) -> dict[str, Any]:
    """Answers, in the order in which they are asked."""
    return {
        one.name: masked(str(some[one.name])) if one.sealed else some[one.name]
        for one in form.fields
        if one.name in some
    }


def submission(form: Form, one: Submission) -> dict[str, Any]:
    """What was sent, and what the offices said. Of officers their office is told."""
    return {
        "id": one.id,
        "form": one.form,
        "form_version": one.form_version,
        "title": dict(form.title),
        "called": one.called,
        "state": one.state,
        "waits_for": one.waits_for or None,
        "chain": list(one.chain),
        "stage": one.stage,
        "approvals": [
            {"office": said.office, "verdict": said.verdict, "at": stamp(said.at), "reason": said.reason}
            for said in one.approvals
        ],
        "answers": answers(form, one.answers),
        "ways": dict(one.ways),
        "at": stamp(one.at),
        "times": {state: stamp(at) for state, at in one.times.items()},
        "version": one.version,
    }
