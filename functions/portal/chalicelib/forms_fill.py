"""Pages of one-form for whoever fills: what there is to fill, a form page by page, what was sent and where it stands.

What is known is shown to be confirmed, what is missing or stale is asked. Everything works without script, by saving.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from datetime import datetime
from functools import partial
from typing import Any, cast

from yinji.clearance import university
from yinji.clearance.definition import Text
from yinji.clearance.sealing import masked
from yinji.forms import facts
from yinji.forms.access import visible
from yinji.forms.facts import Fact
from yinji.forms.filling import Question, Sent, Standing, mark
from yinji.forms.form import FRAME, MOST_ROWS, OF_SCHOOL, Field, Form, asked
from yinji.forms.sending import TYPED, Desk, Offer, Sheet, fixed
from yinji.forms.store import Forms
from yinji.forms.submission import PREFIX, Event, Submission
from yinji.identity import seen
from yinji.platform.strokes import LONGEST_SIGNATURE, MOST_STROKES

from .visit import Visit
from .words import Words

REVIEW = "review"
BLANK_ROWS = 2
"""Of a table: how many rows stand ready below those that are filled."""
SHAPES: Mapping[str, str] = {
    "waiting": "submitted", "approved": "done", "returned": "blocked", "refused": "blocked", "withdrawn": "waived",
}  # fmt: skip
"""The shape by which each state of a submission is told, as that of a step."""


@dataclass(frozen=True)
class Shown:
    """A question as a page draws it. `value` is what it is filled with; `seen` what is known, as people read it, of
    which `mark` tells, `at` as of when, and `source` who said it. `agreed`: the answer is what is known. `typed` are
    the last signs of what was typed and is sealed. `fixed`: for its source alone to change. `met`: its condition
    holds. `wrong` is a code of filling.py, or empty."""

    field: Field
    standing: Standing = "own"
    value: Any = None
    seen: str = ""
    mark: str = ""
    at: datetime | None = None
    source: Text | None = None
    agreed: bool = False
    typed: str = ""
    fixed: bool = False
    met: bool = True
    wrong: str = ""
    cells: Mapping[str, str] = dataclass_field(default_factory=dict[str, str])
    """Of a table, or of what has parts: what is wrong within, by the name of the input."""

    @property
    def name(self) -> str:
        return self.field.name

    @property
    def known(self) -> bool:
        """Whether it is shown to be confirmed rather than asked."""
        return self.standing == "known" and self.value is None and not self.typed

    @property
    def format(self) -> str:
        return str(self.field.schema().get("format", ""))

    @property
    def longest(self) -> int:
        return int(self.field.schema().get("maxLength", 0))

    @property
    def rows(self) -> range:
        """The rows of a table that are drawn."""
        most = int(self.field.limits.get("maxItems", MOST_ROWS))
        return range(min(MOST_ROWS, most, len(_rows(self.value)) + BLANK_ROWS))

    def row(self, place: int) -> Mapping[str, Any]:
        """What the row at `place` is filled with."""
        some = _rows(self.value)
        return some[place] if place < len(some) else {}

    def part(self, name: str) -> Any:
        """What a part of it is filled with."""
        return _table(self.value).get(name, "")


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [_table(one) for one in cast(list[Any], value)] if isinstance(value, list) else []


def _table(value: Any) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], value) if isinstance(value, dict) else {}


def shown(
    field: Field,
    standing: Standing = "own",
    value: Any = None,
    *,
    words: Words | None = None,
    question: Question | None = None,
) -> Shown:
    """`field` as a page draws it, of somebody of whom nothing is known but what `question` says."""
    one = Shown(field, standing, value)
    if question is None or question.fact is None or words is None:
        return one
    fact = question.fact
    return replace(
        one,
        seen=facts.shown(fact.kind, fact.value, words.language),
        mark=mark(fact),
        at=fact.true_at,
        source=_source(fact),
        fixed=fixed(fact),
    )


def _source(fact: Fact) -> Text | None:
    """Who says `fact`: a system of record, or the department that decided against it; None for the person."""
    known = facts.sources().get(fact.source)
    if known is None:
        return None
    return university.departments()[known.department] if fact.through == facts.DECIDED else known.title


# --- what there is to fill -------------------------------------------------------------------------------------------
def library(visit: Visit, desk: Desk, forms: Forms) -> dict[str, Any]:
    """What somebody has begun, what they sent, and what they can fill."""
    session = visit.someone
    offers = {one.form.id: one for one in desk.offers(session, visit.now)}
    sought = " ".join(visit.query.get("q", "").split())[:80]
    sent = forms.of_person(session.sub)
    titles = {one.id: _title(forms, one) for one in sent}
    once = {one.form for one in sent if one.form in offers and offers[one.form].form.once}
    begun = [draft for draft in forms.drafts(session.sub) if draft.form in offers]
    return {
        "begun": [(draft, offers[draft.form].form) for draft in begun],
        "sent": [(one, titles[one.id]) for one in sent],
        "offers": [one for one in offers.values() if _found(one, sought) and one.form.id not in once],
        "sought": sought,
        "any": bool(offers),
        "shapes": SHAPES,
        "office_of": partial(office_of, visit.words),
    }


def _title(forms: Forms, one: Submission) -> Text:
    return forms.version(one.form, one.form_version).title


def _found(one: Offer, sought: str) -> bool:
    told = [*one.form.title.values(), *one.form.intro.values(), one.form.id]
    return all(word in " ".join(told).casefold() for word in sought.casefold().split())


def office_of(words: Words, office: str, school: str = "") -> str:
    """What an office of a form, or of a chain, is called; that of "school" by whose school it is."""
    id = office.partition("/")[2] or school if office.partition("/")[0] == OF_SCHOOL else ""
    known = university.schools() if id else university.departments()
    found = known.get(id or office)
    return words.say(found) if found else str(words("forms.your-school"))


# --- filling ---------------------------------------------------------------------------------------------------------
def fill(visit: Visit, id: str, desk: Desk) -> tuple[str, dict[str, Any]]:
    """A page of the form, or the review of it: template and what it shows. An empty template: it was sent, as told."""
    sheet = desk.sheet(visit.someone, id, visit.now)
    if sheet.sent:
        return "", {"sent": sheet.sent.id}
    page = _page(visit, sheet)
    wrong = visit.notice.fields if visit.notice and not visit.notice.good else frozenset[str]()
    some = _questions(visit, sheet, wrong)
    form = sheet.form
    common = {
        "sheet": sheet,
        "form": form,
        "place": f"/api/forms/f/{id}",
        "office": office_of(visit.words, form.office),
        "handed_to": _handed_to(visit, form),
        "frame": FRAME,
        "longest": LONGEST_SIGNATURE,
        "strokes": MOST_STROKES,
        "typed": TYPED,
        "titles": _titles(visit, form),
    }
    if page is None:
        return "forms-review.html", common | _review(visit, sheet, some)
    fields = [some[one.name] for one in form.pages[page].fields]
    return "forms-fill.html", common | {
        "page": page,
        "known": [one for one in fields if one.known],
        "asked": [one for one in fields if not one.known],
        "wrong": wrong,
    }


def _titles(visit: Visit, form: Form) -> list[str]:
    return [
        visit.words.say(page.title) if page.title else str(visit.words("forms.page", n=place))
        for place, page in enumerate(form.pages, 1)
    ]


def _review(visit: Visit, sheet: Sheet, some: Mapping[str, Shown]) -> dict[str, Any]:
    """All that would be sent; what is known and was not looked at yet is agreed to by sending."""
    pages = [[some[one.name] for one in page.fields if some[one.name].met] for page in sheet.form.pages]

    def of(one: Shown) -> dict[str, Any]:
        return said(one.field, one.value, visit.words)

    return {
        "sections": list(enumerate(pages)),
        "said": of,
        "uses": {one.name: one.mark for page in pages for one in page if one.known and not one.agreed},
        "at_once": not (sheet.begun or any(_missing(one) for page in pages for one in page)),
    }


def _missing(one: Shown) -> bool:
    """Whether a question has to be answered yet."""
    return one.field.required and one.value is None and not (one.typed or one.known or one.agreed)


def _page(visit: Visit, sheet: Sheet) -> int | None:
    """Which page they are at, None for the review: where the address says, where they left, or, when nothing has to be
    asked, at the end."""
    told, pages = visit.query.get("page", ""), len(sheet.form.pages)
    if told == REVIEW:
        return None
    if told.isascii() and told.isdecimal() and 1 <= int(told[:4]) <= pages:
        return int(told) - 1
    if sheet.begun:
        return min(sheet.draft.page, pages - 1)
    known = {name: one.fact.value for name, one in sheet.questions.items() if one.fact and one.standing == "known"}
    missing = [one for one in asked(tuple(sheet.form.fields), known) if one.required and one.name not in known]
    return 0 if missing else None


def _questions(visit: Visit, sheet: Sheet, wrong: frozenset[str]) -> dict[str, Shown]:
    sent = sheet.draft.sent
    seen = dict(sent.answers)
    for name, one in sheet.questions.items():
        if one.fact and name not in seen and (name in sent.uses or one.standing == "known"):
            seen[name] = one.fact.value
    put = {one.name for one in asked(tuple(sheet.form.fields), seen)}
    return {name: _one(visit, sheet, question, sent, name in put, wrong) for name, question in sheet.questions.items()}


def _one(visit: Visit, sheet: Sheet, question: Question, sent: Sent, met: bool, wrong: frozenset[str]) -> Shown:
    field, name = question.field, question.field.name
    one = replace(shown(field, question.standing, words=visit.words, question=question), met=met)
    if name in sent.answers:
        answer = sent.answers[name]
        one = replace(one, typed=masked(str(answer))) if field.sealed else replace(one, value=_drawable(field, answer))
    elif name in sent.uses:
        one = replace(one, agreed=sent.uses[name] == one.mark)
    elif question.standing == "stale" and question.fact and not field.sealed:
        one = replace(one, value=question.fact.value)
    cells = {at.replace("/", "."): "invalid" for at in wrong if at.startswith(f"{name}/")}
    if name not in wrong and not cells:
        return one
    changed = name in sent.uses and not one.agreed
    empty = one.value in (None, "", [], {}) and not one.typed
    return replace(one, wrong="changed" if changed else "required" if empty else "invalid", cells=cells)


def _drawable(field: Field, answer: Any) -> Any:
    """`answer` where an input of `field` can show it: a program may have said anything."""
    wanted: Mapping[str, type] = {"choices": list, "rows": list, "parts": dict, "tick": bool}
    fits = isinstance(cast(object, answer), wanted.get(field.way, (str, int, float)))
    return answer if fits else None


def _handed_to(visit: Visit, form: Form) -> dict[str, Any] | None:
    """Where a document is brought by who cannot upload it; nothing where that is the school of whoever fills it."""
    found = university.departments().get(form.office)
    if found is None:
        return None
    say = visit.words.say
    return {"office": say(found), "place": say(found["place"]), "contact": found["phone"]}


# --- what was sent ---------------------------------------------------------------------------------------------------
def sent(visit: Visit, id: str, forms: Forms) -> dict[str, Any]:
    """What somebody sent, and where it stands. Raises Problem("forbidden"), Problem("signed-out")."""
    one = visible(visit.someone, forms.find(id))
    seen.note(visit.someone, "submission", one.person, step=f"{PREFIX}{one.form}")
    form = forms.version(one.form, one.form_version)
    head = forms.head(one.form)
    mine = visit.someone.sub == one.person
    open_ = head is not None and head.state == "published"
    return {
        "one": one,
        "form": form,
        "mine": mine,
        "shape": SHAPES[one.state],
        "chain": list(_chain(visit.words, one)),
        "sections": [(place, _said(one, page.fields, visit.words)) for place, page in enumerate(form.pages)],
        "titles": [visit.words.say(page.title) if page.title else "" for page in form.pages],
        "history": _history(forms.history(id)),
        "may_correct": mine and open_ and (one.correctable or (form.once and one.state == "approved")),
        "may_withdraw": mine and one.state in ("waiting", "returned"),
        "reason": next((said_.reason for said_ in reversed(one.approvals) if said_.reason), ""),
        "office_of": partial(office_of, visit.words),
        "place": f"/api/forms/s/{id}",
    }


def _said(one: Submission, fields: Sequence[Field], words: Words) -> list[tuple[Field, dict[str, Any]]]:
    return [(field, said(field, one.answers[field.name], words)) for field in fields if field.name in one.answers]


def _chain(words: Words, one: Submission) -> Iterator[dict[str, Any]]:
    """The offices that have to agree, with how far it is: done, at it, not yet."""
    decided = {approval.office: approval for approval in one.approvals}
    for place, office in enumerate(one.chain):
        id = f"{OF_SCHOOL}/{one.school}" if office == OF_SCHOOL else office
        approval = decided.get(id)
        at_it = one.state == "waiting" and place == one.stage
        shape = {"approve": "done", "return": "blocked", "refuse": "blocked"}[approval.verdict] if approval else ""
        yield {
            "office": office_of(words, office, one.school),
            "approval": approval,
            "shape": shape or ("submitted" if at_it else "waiting"),
            "at_it": at_it,
        }


def _history(events: Sequence[Event]) -> list[Event]:
    return list(events)[::-1]


def said(field: Field, value: Any, words: Words) -> dict[str, Any]:
    """An answer as people read it: {text}, {rows}, {upload}, or {path} of a signature that was drawn."""
    if value is None or value == "":
        return {"text": "", "empty": True}
    if field.sealed:
        return {"text": masked(str(value))}
    if field.fact and facts.validator(field.fact).holds(value):
        return {"text": facts.shown(field.fact, value, words.language)}
    if field.way == "tick":
        return {"text": str(words("forms-fill.ticked"))}
    if field.way in ("choice", "choices"):
        titles = {option.value: words.say(option.title) for option in field.options}
        chosen = cast(list[Any], value) if isinstance(value, list) else [value]
        return {"text": str(words("list.comma")).join(titles.get(str(each), str(each)) for each in chosen)}
    if field.way == "rows":
        rows = [[said(column, row.get(column.name), words)["text"] for column in field.fields] for row in _rows(value)]
        return {"rows": rows}
    if field.way == "attachment":
        return {"upload": str(value)}
    if field.way == "signature":
        how, _, told = str(value).partition(":")
        return {"path": told} if how == "drawn" else {"text": told}
    return {"text": str(value)}
