"""Pages where offices make their forms: those they have, one of them with its preview, and one that is brought in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from markupsafe import Markup, escape
from yinji.clearance.university import departments
from yinji.forms import desk, editing, facts, importing
from yinji.forms.form import MOST_APPROVALS, OF_SCHOOL, Field, Form, lacking
from yinji.forms.formats import FORMATS
from yinji.forms.matching import Suggestion, of_title
from yinji.forms.store import Forms
from yinji.forms.submission import Event

from .forms_fill import Shown
from .visit import Visit
from .words import LANGUAGES, Words, catalogue

SHAPES: Mapping[str, str] = {"draft": "ready", "published": "done", "retired": "waived"}
"""The shape and colour in which the state of a form is said, beside its word."""
TYPED = ("email", "phone", "cn-postcode", "date")
"""Formats that a text of one's own may have: the others are of facts."""
TONGUES: Mapping[str, str] = {"zh": "zh-CN", "en": "en"}


def listed(visit: Visit, forms: Forms) -> dict[str, Any]:
    """The forms that whoever comes may make, and those that they may copy."""
    heads = desk.heads(forms, visit.someone)
    mine = [(head, desk.opened(forms, head.id, visit.someone).form) for head in heads]
    known = {head.id for head in heads}
    others = [one for one in forms.every_published() if one.id not in known]
    return _common(visit) | {
        "mine": mine,
        "others": others,
        "offices": desk.offices(visit.someone, [*departments(), OF_SCHOOL]),
    }


def one(visit: Visit, forms: Forms, id: str) -> dict[str, Any]:
    """A form with what can be changed of it, as it will be asked, and what happened to it; the question that the query
    names is open."""
    found = desk.opened(forms, id, visit.someone)
    form = found.form
    pointed = {field.fact for field in form.fields if field.fact}
    return _common(visit) | {
        "found": found,
        "form": form,
        "chosen": visit.query.get("field", ""),
        "missing": lacking(form),
        "known": editing.known(form),
        "why": why(visit, form),
        "groups": [
            (title, [kind for kind in facts.kinds().values() if kind.group == group and kind.id not in pointed])
            for group, title in facts.groups().items()
        ],
        "before": partial(before, form),
        "history": desk.gathered(forms.form_history(id))[::-1],
    }


def brought_in(visit: Visit, forms: Forms) -> dict[str, Any]:
    """Where a form of paper is brought in; and, of the one that the query names, what each of its questions is to
    be, as a person confirms it."""
    offices = desk.offices(visit.someone, [*departments(), OF_SCHOOL])
    shown = _common(visit) | {"found": None, "offices": offices, "why": ""}
    if not (id := visit.query.get("form")):
        return shown
    found = desk.opened(forms, id, visit.someone)
    likely = {field.name: of_title(field.title) for field in found.form.fields}
    return shown | {
        "found": found,
        "why": why(visit, found.form),
        "likely": {name: [told.fact for told in some] for name, some in likely.items()},
        "proposed": proposed(found.form, likely),
        "groups": [
            (title, [kind for kind in facts.kinds().values() if kind.group == group])
            for group, title in facts.groups().items()
        ],
    }


def proposed(form: Form, likely: Mapping[str, list[Suggestion]]) -> dict[str, str]:
    """What is chosen of each question before a person has: the fact it surely asks for, the first that does; what an
    office writes on paper is left out, for it has its approvals."""
    taken = {field.fact: field.name for field in form.fields if field.fact}
    found: dict[str, str] = {}
    for field in form.fields:
        fact = field.fact or next((told.fact for told in likely[field.name] if told.sure), "")
        sure = bool(fact) and taken.setdefault(fact, field.name) == field.name
        by_itself = "out" if importing.of_office(editing.called(form, field.name, "zh")) else f"own:{field.way}"
        found[field.name] = f"fact:{fact}" if sure else by_itself
    return found


# --- how it is said ------------------------------------------------------------------------------------------------
def _common(visit: Visit) -> dict[str, Any]:
    return {
        "tell": partial(tell, visit.language),
        "shapes": SHAPES,
        "kinds": facts.kinds(),
        "ways": editing.WAYS,
        "formats": [format for format in TYPED if format in FORMATS],
        "limits": editing.LIMITS,
        "types": editing.TYPES,
        "as_lines": editing.as_lines,
        "most_approvals": MOST_APPROVALS,
        "school": OF_SCHOOL,
        "office": partial(office, visit.words),
        "what": partial(what, visit.words),
        "as_asked": partial(as_asked, visit.words),
        "manageable": partial(desk.may, visit.session),
        "languages": LANGUAGES,
        "tongues": TONGUES,
    }


def as_asked(words: Words, field: Field) -> Shown:
    """A question as a page draws it for somebody of whom nothing is known; words that are missing in a language are
    those of the other one."""
    blank = str(words("forms-edit.no-words"))
    return Shown(_whole(field, blank))


def _whole(field: Field, blank: str) -> Field:
    return replace(
        field,
        title=_both(field.title, blank),
        hint=_both(field.hint, "") if any(field.hint.values()) else {},
        options=tuple(replace(option, title=_both(option.title, option.value)) for option in field.options),
        fields=tuple(_whole(column, blank) for column in field.fields),
    )


def _both(title: Mapping[str, str], blank: str) -> dict[str, str]:
    other = next(filter(None, title.values()), blank)
    return {language: title.get(language) or other for language in LANGUAGES}


def tell(language: str, title: Mapping[str, str]) -> Markup | str:
    """Words that may be there in one language only: in `language` if they are, else marked as what they are in."""
    if title.get(language):
        return title[language]
    other = next((name for name in LANGUAGES if title.get(name)), "")
    return Markup('<bdi lang="{}">{}</bdi>').format(TONGUES[other], title[other]) if other else ""


def office(words: Words, id: str) -> Markup | str:
    """What an office is called; "school" is the school of whoever fills the form."""
    return words("forms-edit.school") if id == OF_SCHOOL else words.say(departments()[id])


def before(form: Form, name: str) -> list[Field]:
    """The questions before `name` that one can hang on."""
    found: list[Field] = []
    for field in form.fields:
        if field.name == name:
            break
        if field.way in ("choice", "choices", "tick"):
            found.append(field)
    return found


def why(visit: Visit, form: Form) -> str:
    """Why a form cannot be as it was wanted, as the query tells it: a field and a key of refusals.toml."""
    if visit.query.get("problem") != "form-unfit":
        return ""
    name, _, code = visit.query.get("fields", "").rpartition("/")
    return editing.reason(code, editing.called(form, name, visit.language), visit.language)


def what(words: Words, event: Event) -> Markup:
    """What happened, as a sentence; what this page has no word for is that it changed."""
    key = f"forms-edit.event-{event.what}"
    if key not in catalogue(words.language):
        return words("forms-edit.event-draft")
    return words(key, version=escape(event.told.get("version", "")))
