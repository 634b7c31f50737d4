"""What comes out of a form for its office: every answer as a table, and who may have it. Pure but for the look-up."""

from __future__ import annotations

from yinji.clearance.policy import may
from yinji.forms.library import Head
from yinji.forms.store import Forms
from yinji.identity.session import Session
from yinji.platform.problem import Problem


def managed(forms: Forms, id: str, session: Session) -> Head:
    """The form `id`, for `session` that works on it. Raises Problem("forbidden"), Problem("not-found") for who may
    work on any."""
    head = forms.head(id)
    if not may(session, "manage-forms", department=head.office if head else session.department):
        raise Problem("forbidden")
    if head is None:
        raise Problem("not-found")
    return head
