"""Who may fill a form, and who may see what was sent of it: the table of clearance/policy.py, asked of forms. Pure."""

from __future__ import annotations

from yinji.clearance.policy import may
from yinji.forms.form import Form
from yinji.forms.submission import Submission
from yinji.identity.session import Session
from yinji.platform.problem import Problem


def may_fill(session: Session, form: Form) -> bool:
    """Whether `form` is for `session`, of themselves."""
    meant = form.audience == "everybody" or (form.audience == "students") == (session.role == "student")
    return meant and may(session, "fill-forms", student=session.sub)


def may_see(session: Session, one: Submission) -> bool:
    """Whether `session` may see `one`: whoever sent it, the office that asked, and those of its chain of approvals."""
    own = session.sub == one.person and may(session, "fill-forms", student=one.person)
    return own or any(
        may(session, "see-submission", student=one.person, school=one.school, department=office)
        for office in (one.office, *one.chain)
    )


def visible(session: Session, one: Submission | None) -> Submission:
    """`one`, when `session` may see it. Raises Problem("forbidden"), and the same when there is none: ids follow from
    the form and the person, so nobody is to learn from the answer who sent what."""
    if one is None or not may_see(session, one):
        raise Problem("forbidden")
    return one


def own(session: Session, one: Submission | None) -> Submission:
    """`one`, when `session` sent it. Raises Problem("forbidden") else."""
    if one is None or session.sub != one.person or not may(session, "fill-forms", student=one.person):
        raise Problem("forbidden")
    return one
