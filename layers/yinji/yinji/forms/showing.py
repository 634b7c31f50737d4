"""How a submission is told to programs: answers by page, what offices said, what the reader may do. Pure."""

from __future__ import annotations

from typing import Any

from yinji.forms import answered, deciding
from yinji.forms.form import Form
from yinji.forms.submission import Submission
from yinji.identity.session import Session
from yinji.platform.clock import stamp


def submission_document(one: Submission, form: Form, language: str, session: Session) -> dict[str, Any]:
    """`one`, filled by `form`, as `session` may see it: what is sensitive by its last signs, and whether they may open
    it."""
    return {
        **deciding.line_document(deciding.Waiting(one, form)),
        "state": one.state,
        "sent_at": stamp(one.at),
        "waits_for": one.waits_for,
        "decides": deciding.may_decide(session, one),
        "answers": [
            {
                "title": dict(section.title),
                "answers": [
                    {
                        "field": answer.field.name,
                        "title": dict(answer.field.title),
                        "way": answer.field.way,
                        "text": answer.text,
                        "opens": deciding.may_open(session, one, answer.field),
                    }
                    for answer in section.answers
                ],
            }
            for section in answered.sections(form, one.answers, language)
        ],
        "approvals": deciding.approvals_document(one),
    }
