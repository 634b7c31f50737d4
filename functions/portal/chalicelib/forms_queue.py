"""Pages of offices that agree to what people sent: what waits, and one of it with its answers."""

from __future__ import annotations

from functools import partial
from typing import Any

from yinji.forms import answered, deciding
from yinji.forms.access import visible
from yinji.forms.form import FRAME, Form
from yinji.forms.sending import PREFIX
from yinji.forms.store import Forms
from yinji.forms.submission import LONGEST_REASON, Submission
from yinji.identity import seen

from .forms_fill import SHAPES
from .visit import Visit

MOST = 100
"""Of a queue, how many are listed: whoever has decided of these sees the next."""


def queue(visit: Visit, forms: Forms) -> dict[str, Any]:
    """What waits for the office of whoever comes, the longest first, by form; of the form that the query names alone,
    where it names one."""
    office = deciding.queue_of(visit.someone)
    every = deciding.queue(forms, office)
    titles = {one.submission.form: one.form.title for one in every}
    chosen = visit.query.get("form", "")
    shown = [one for one in every if not chosen or one.submission.form == chosen]
    return {
        "waiting": shown[:MOST],
        "more": len(shown) - MOST,
        "total": len(every),
        "titles": titles,
        "counts": {form: sum(one.submission.form == form for one in every) for form in titles},
        "chosen": chosen if chosen in titles else "",
        "office": answered.office_title(office),
        "figures": visit.may("see-form-figures"),
    }


def one(visit: Visit, forms: Forms, id: str) -> dict[str, Any]:
    """A submission as an office sees it; that it did is written down."""
    session = visit.someone
    office = deciding.queue_of(session)
    found = visible(session, forms.find(id))
    form = forms.version(found.form, found.form_version)
    seen.note(session, "submission", found.person, step=f"{PREFIX}{found.form}")
    decides = deciding.may_decide(session, found)
    return {
        "one": found,
        "form": form,
        "sections": answered.sections(form, found.answers, visit.language),
        "decides": decides,
        "next": following(forms, office, found) if decides else "",
        "opens": partial(deciding.may_open, session, found),
        "office_of": partial(answered.office_title, school=found.school),
        "shape": SHAPES[found.state],
        "frame": FRAME,
        "longest_reason": LONGEST_REASON,
        "repeated": [form.by_name[name].title for name in found.repeated if name in form.by_name],
        "confirmed": confirmed(found, form),
    }


def following(forms: Forms, office: str, one: Submission) -> str:
    """The submission that waits longest besides `one`, to go on with."""
    return next(
        (other.submission.id for other in deciding.queue(forms, office, 3) if other.submission.id != one.id), ""
    )


def confirmed(one: Submission, form: Form) -> frozenset[str]:
    """The questions whose answers are what was known already, by name."""
    return frozenset(name for name, way in one.ways.items() if way == "confirmed" and name in form.by_name)
