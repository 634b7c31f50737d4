"""Forms as they come into being: what an office works on, what is published, and those that come with Yinji. Pure.

A form has one draft at a time and any number of versions. Publishing makes the draft the next version; what was sent
before stays with the version it was filled by. A retired form takes no more answers, and can be brought back.

Those in shipped/ are published by being there, `<id>.<version>.json`; an office may go on with them as its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

from yinji.forms import facts
from yinji.forms.form import OF_SCHOOL, Form, Unfit, lacking, read
from yinji.forms.submission import Event
from yinji.platform.problem import Problem

State = Literal["draft", "published", "retired"]
SHIPPED = Path(__file__).with_name("shipped")
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
SERVICE = "service"
SCHOOLS, DEPARTMENTS = ("counsellor", "school-officer"), ("department-officer",)
"""In which roles somebody acts for a school, and for a department."""


@dataclass(frozen=True)
class Webhook:
    """Where approved answers are sent as they come in: an https address, and the secret they are signed with."""

    url: str
    secret: str


@dataclass(frozen=True)
class Head:
    """A form and where it stands. `published` is its newest version, 0 before the first; `draft` is what its office
    works on, None while nothing differs from that. `version` counts changes of the head."""

    id: str
    office: str
    state: State
    published: int
    draft: Form | None = None
    webhook: Webhook | None = None
    version: int = 0
    changed_at: datetime = BEGINNING
    changed_by: str = SERVICE
    told: Mapping[str, Any] = field(default_factory=dict[str, Any])


Done = tuple[Head, Event]


def begin(form: Form, key: str, who: str, at: datetime) -> Done:
    """A new form, which nobody sees but its office."""
    head = Head(form.id, form.office, "draft", 0, replace(form, version=0), None, 1, at, who)
    return head, Event(key, "begin", who, at)


def draft(before: Head, form: Form, key: str, who: str, at: datetime) -> Done:
    """Its draft is `form` from now on. Raises Unfit("id") for another form, Problem("form-retired")."""
    if (form.id, form.office) != (before.id, before.office):
        raise Unfit("id")
    if before.state == "retired":
        raise Problem("form-retired")
    return _next(before, who, at, draft=replace(form, version=0)), Event(key, "draft", who, at)


def discard(before: Head, key: str, who: str, at: datetime) -> Done:
    """Its draft is given up for what is published. Raises Problem("form-not-published") when nothing is."""
    if not before.published:
        raise Problem("form-not-published")
    return _next(before, who, at, draft=None), Event(key, "discard", who, at)


def publish(before: Head, key: str, who: str, at: datetime) -> tuple[Head, Form, Event]:
    """Its draft is the next version, which from now on is filled. Raises Problem("form-nothing-new"), and
    Problem("form-lacks-words") while words are missing in a language, Problem("form-facts-not-read") when it asks for
    facts that its offices may not read."""
    if before.draft is None:
        raise Problem("form-nothing-new")
    if missing := lacking(before.draft):
        raise Problem("form-lacks-words", fields=", ".join(missing))
    if unread := strange(before.draft):
        raise Problem("form-facts-not-read", fields=", ".join(unread))
    form = replace(before.draft, version=before.published + 1)
    after = _next(before, who, at, state="published", published=form.version, draft=None)
    return after, form, Event(key, "publish", who, at, {"version": form.version})


def strange(form: Form) -> list[str]:
    """The questions of `form` that ask for a fact which its office, or one of those that have to agree, may not read.
    What is sealed they see by its last signs."""
    offices = {form.office, *form.approvals}
    roles = {role for office in offices for role in (SCHOOLS if office == OF_SCHOOL else DEPARTMENTS)}
    kinds = facts.kinds()
    return [
        one.name
        for one in form.fields
        if one.fact and not kinds[one.fact].sealed and not roles <= kinds[one.fact].readers
    ]


def retire(before: Head, key: str, who: str, at: datetime) -> Done:
    """Nobody fills it any more; one that was never published is out of the way."""
    if before.state == "retired":
        raise Problem("form-not-published")
    return _next(before, who, at, state="retired"), Event(key, "retire", who, at)


def restore(before: Head, key: str, who: str, at: datetime) -> Done:
    """It is filled again, or worked on where it was never published."""
    if before.state != "retired":
        raise Problem("form-not-retired")
    return _next(before, who, at, state="published" if before.published else "draft"), Event(key, "restore", who, at)


def connect(before: Head, webhook: Webhook | None, key: str, who: str, at: datetime) -> Done:
    """Approved answers are sent to `webhook` from now on, or nowhere."""
    told = {"url": webhook.url if webhook else ""}
    return _next(before, who, at, webhook=webhook), Event(key, "connect", who, at, told)


def clone(form: Form, id: str, office: str) -> Form:
    """A form of its own, `id`, that asks what `form` asks."""
    copied: Mapping[str, str] = {"zh": "（副本）", "en": " (copy)"}
    title = {language: f"{text}{copied[language]}"[:120] for language, text in form.title.items()}
    return replace(form, id=id, office=office, title=title, version=0)


def _next(before: Head, who: str, at: datetime, **more: Any) -> Head:
    return replace(before, **more, version=before.version + 1, changed_at=at, changed_by=who)


# --- those that come with it -----------------------------------------------------------------------------------------
@cache
def shipped() -> Mapping[str, tuple[Form, ...]]:
    """The forms that come with Yinji, by id: every version of each, the oldest first."""
    found: dict[str, list[Form]] = {}
    for path in sorted(SHIPPED.glob("*.json")):
        id, _, number = path.stem.rpartition(".")
        told = json.loads(path.read_text("utf-8"))
        form = read(told["schema"], told["layout"], int(number))
        if form.id != id or form.version != len(found.setdefault(id, [])) + 1:
            raise ValueError(f"{path.name} does not hold the next version of {id}")
        found[id].append(form)
    return {id: tuple(forms) for id, forms in found.items()}


def shipped_head(id: str) -> Head | None:
    """The head of a form that comes with Yinji, before anybody has touched it."""
    forms = shipped().get(id)
    return Head(id, forms[-1].office, "published", len(forms)) if forms else None
