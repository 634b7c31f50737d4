"""The desk where an office makes its forms: those it has, what is changed, published, retired and copied.

Every change is made to the version of the form that was seen, and once however often it is sent under its key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, get_args

from yinji.clearance import policy
from yinji.clearance.university import departments
from yinji.forms import editing, library
from yinji.forms.form import Form, lacking
from yinji.forms.library import Head
from yinji.forms.store import Forms
from yinji.forms.submission import Event
from yinji.identity.session import Session
from yinji.platform.clock import stamp
from yinji.platform.ids import id_of
from yinji.platform.problem import Problem

Deed = Literal["publish", "retire", "restore", "discard"]
DEEDS: tuple[Deed, ...] = get_args(Deed)
ATTEMPTS = 8
Work = Callable[[Head, str, datetime], tuple[Head, Form | None, Event] | None]
"""What becomes of a head, by a key at an instant; nothing when it is so already."""


@dataclass(frozen=True)
class Open:
    """A form on the desk: its head, what is published of it, and what its office works on, which is that as long as
    nothing differs."""

    head: Head
    published: Form | None
    form: Form


def may(session: Session | None, office: str) -> bool:
    """Whether `session` may make the forms of `office`."""
    return session is not None and policy.may(session, "manage-forms", department=office)


def offices(session: Session, all: Sequence[str]) -> list[str]:
    """Those of `all` for which `session` may make forms. Raises Problem("forbidden") when there is none."""
    if not (found := [one for one in all if may(session, one)]):
        raise Problem("forbidden")
    return found


def office_of(session: Session, fields: Mapping[str, str]) -> str:
    """The office whose form a new one is: the one that `fields` tell, or one's own; of who has none the first there is.
    Raises Problem("forbidden")."""
    office = fields.get("office") or session.department or next(iter(departments()))
    policy.demand(session, "manage-forms", department=office)
    return office


def heads(forms: Forms, session: Session) -> list[Head]:
    """The forms that `session` may make, by id. Raises Problem("forbidden")."""
    policy.demand(session, "manage-forms", department=session.department)
    return [head for head in forms.heads() if may(session, head.office)]


def opened(forms: Forms, id: str, session: Session) -> Open:
    """The form `id` as of now. Raises Problem("not-found"), Problem("forbidden")."""
    head = forms.head(id)
    if head is None:
        # who may make none learns nothing of which there are
        policy.demand(session, "manage-forms", department=session.department)
        raise Problem("not-found")
    policy.demand(session, "manage-forms", department=head.office)
    return _open(forms, head)


def _open(forms: Forms, head: Head) -> Open:
    published = forms.version(head.id, head.published) if head.published else None
    form = head.draft or (replace(published, version=0) if published else None)
    if form is None:
        raise Problem("not-found")
    return Open(head, published, form)


# --- what is done ----------------------------------------------------------------------------------------------------
def begin(forms: Forms, form: Form, key: str, who: str, at: datetime) -> tuple[Head, bool]:
    """A new form, and whether it is begun now rather than it was before. Raises Problem("form-id-taken")."""
    for _ in range(ATTEMPTS):
        before = forms.head(form.id)
        if before is not None:
            if any(event.key == key for event in forms.form_history(form.id)):
                return before, False
            raise Problem("form-id-taken")
        head, event = library.begin(form, key, who, at)
        if forms.change_form(head, event):
            return head, True
    raise Problem("too-busy")


@dataclass(frozen=True)
class Performed:
    """What was worked on before, and whether something is done to it now rather than it was before."""

    before: Form
    new: bool


def perform(forms: Forms, id: str, office: str, seen: int, key: str, at: datetime, work: Work) -> Performed:
    """Do `work` to a form of `office`, of which somebody saw the version `seen`, once however often it is sent under
    `key`. Raises Problem("form-moved-on"), and what `work` raises."""
    for _ in range(ATTEMPTS):
        before = forms.head(id)
        if before is None or before.office != office:  # as it was when it was asked who may
            raise Problem("not-found")
        if before.version != seen:
            if any(event.key == key for event in forms.form_history(id)):
                return Performed(_open(forms, before).form, False)
            raise Problem("form-moved-on")
        done = work(before, key, at)
        if done is None:
            return Performed(_open(forms, before).form, False)
        after, published, event = done
        if forms.change_form(after, event, published):
            return Performed(_open(forms, before).form, True)
    raise Problem("too-busy")


def edit(forms: Forms, change: str, texts: Mapping[str, str], who: str, language: str) -> Work:
    """A change of the draft, of editing.CHANGES."""
    return _drafted(forms, lambda form: editing.edited(form, change, texts, language), who)


def put(forms: Forms, schema: Any, layout: Any, who: str, language: str) -> Work:
    """The draft is what the two documents say."""
    return _drafted(forms, lambda form: editing.put(form, schema, layout, language), who)


def _drafted(forms: Forms, make: Callable[[Form], Form], who: str) -> Work:
    def work(before: Head, key: str, at: datetime) -> tuple[Head, None, Event] | None:
        if before.state == "retired":
            raise Problem("form-retired")
        known = _open(forms, before).form
        form = make(known)
        if form == known:
            return None
        after, event = library.draft(before, form, key, who, at)
        return after, None, event

    return work


def turn(deed: Deed, who: str) -> Work:
    """What is done to a form as a whole."""

    def work(before: Head, key: str, at: datetime) -> tuple[Head, Form | None, Event]:
        if deed == "publish":
            return library.publish(before, key, who, at)
        act = {"retire": library.retire, "restore": library.restore, "discard": library.discard}[deed]
        after, event = act(before, key, who, at)
        return after, None, event

    return work


def key_of(who: str, what: str, key: str) -> str:
    """The key of an event: the same whenever the same is sent again."""
    return id_of(who, what, key)


def source(forms: Forms, id: str, session: Session) -> Form:
    """What is copied of the form `id`: of one's own what is worked on, of another office's what is published.
    Raises Problem("not-found")."""
    head = forms.head(id)
    if head is None:
        raise Problem("not-found")
    if may(session, head.office):
        return _open(forms, head).form
    return forms.version(id, head.published) if head.published else _none()


def _none() -> Form:
    raise Problem("not-found")


# --- what is told ----------------------------------------------------------------------------------------------------
def head_document(head: Head) -> dict[str, Any]:
    """A form in a list, in JSON."""
    return {
        "id": head.id,
        "office": head.office,
        "state": head.state,
        "published": head.published,
        "changed": head.draft is not None,
        "version": head.version,
        "changed_at": stamp(head.changed_at),
        "changed_by": head.changed_by,
    }


def document(one: Open) -> dict[str, Any]:
    """A form on the desk, in JSON: its two documents, what is lacking, and which questions ask for facts."""
    return head_document(one.head) | {
        "schema": one.form.schema,
        "layout": one.form.layout,
        "lacking": lacking(one.form),
        "suggestions": {
            name: [{"fact": some.fact, "score": some.score} for some in found]
            for name, found in editing.known(one.form).items()
        },
    }


def history_document(events: Sequence[Event]) -> list[dict[str, Any]]:
    """What happened to a form, in JSON, the oldest first; changes that one person made one after the other are one."""
    return [
        {"what": one.what, "who": one.who, "at": stamp(one.at), "version": one.told.get("version")}
        for one in gathered(events)
    ]


def gathered(events: Sequence[Event]) -> list[Event]:
    """`events`, of drafts that the same person changed one after the other only the last."""
    found: list[Event] = []
    for one in events:
        if found and one.what == "draft" and (found[-1].what, found[-1].who) == ("draft", one.who):
            found.pop()
        found.append(one)
    return found
