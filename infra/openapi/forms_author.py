"""What the API tells of forms to the offices that make them: what is begun, changed, published and brought in."""

from __future__ import annotations

from collections.abc import Mapping

from yinji.clearance.university import departments
from yinji.forms import facts
from yinji.forms.editing import CHANGES, TYPES, WAYS
from yinji.forms.form import LONGEST_TEMPLATE, LONGEST_TITLE, OF_SCHOOL

from infra.openapi.shapes import COUNT, MOMENT, TEXT, TRUTH, Schema, choice, many, maybe, obj, table
from infra.openapi.told import KEY, Told, json

API = "/api/forms/desk"
ONE = f"{API}/{{form}}"
TAG = "forms: making them"
FORM: Schema = {"type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "maxLength": 60}
PLACES: Mapping[str, Schema] = {"form": FORM, "change": choice(*CHANGES)}
_OFFICE = choice(*departments(), OF_SCHOOL)
_TITLE: Schema = {"type": "string", "maxLength": LONGEST_TITLE}
_TITLES: Mapping[str, Schema] = {f"title.{language}": _TITLE for language in ("zh", "en")}
_HEAD: Mapping[str, Schema] = {
    "id": FORM,
    "office": _OFFICE,
    "state": choice("draft", "published", "retired"),
    "published": {**COUNT, "description": "Its newest version, 0 before the first"},
    "changed": {**TRUTH, "description": "Whether the draft differs from what is published"},
    "version": {**COUNT, "description": "Counts changes; 0 of a form that came with Yinji and that nobody changed"},
    "changed_at": MOMENT,
    "changed_by": TEXT,
}
_DOCUMENT: Schema = {"type": "object", "additionalProperties": True}
_WHOLE: Mapping[str, Schema] = {
    **_HEAD,
    "schema": {**_DOCUMENT, "description": "The JSON Schema of the answers, as the office works on it"},
    "layout": {**_DOCUMENT, "description": "In which order, words and conditions it is asked"},
    "lacking": {
        **many(TEXT),
        "description": "Where words are missing in a language: names of fields, an empty text for the form itself",
    },
    "suggestions": {
        **table(many(obj({"fact": choice(*facts.kinds()), "score": {"type": "number", "minimum": 0, "maximum": 1}}))),
        "description": "By field, the facts that its words ask for though it points at none",
    },
}
_HAPPENED = many(obj({"what": TEXT, "who": TEXT, "at": MOMENT, "version": maybe(COUNT)}))
_SEEN: Schema = {**COUNT, "description": "The version of the form that was seen"}
_NEW: Mapping[str, Schema] = {
    "id": {**FORM, "description": "What it is called in addresses; made of its title unless told"},
    "office": {**_OFFICE, "description": "Whose it is; one's own unless told"},
}
_BEGINS = ("forbidden", "form-id-taken", "form-unfit", "too-busy")
_CHANGES = ("forbidden", "not-found", "invalid-form", "form-moved-on", "too-busy")
_NAME: Schema = {**TEXT, "description": "The name of the field"}
_PAGE: Schema = {**TEXT, "description": "The page, from 1"}
_ANY: Schema = {**TEXT, "description": "Anything but an empty text: yes"}
_STEP: Schema = {**TEXT, "description": "up or down; of a field also the number of a page"}
_QUESTION: Mapping[str, Schema] = {
    **_TITLES,
    "hint.zh": TEXT,
    "hint.en": TEXT,
    "required": _ANY,
    "way": {**TEXT, "description": f"Of one of its own: {', '.join(WAYS)}"},
    "least": {**TEXT, "description": "The least number, length or count"},
    "most": {**TEXT, "description": "The most"},
    "format": TEXT,
    "options": {**TEXT, "description": "One a line: value | Chinese | English"},
    "columns": {**TEXT, "description": "One a line: name | Chinese | English | way"},
    "largest_mb": TEXT,
    **{f"type.{type}": _ANY for type in TYPES},
    **{f"sign.{sign}": _ANY for sign in ("typed", "drawn")},
    "when.q1.yes": {**_ANY, "description": "`when.<field>.<value>`: asked only when that was answered so"},
}


def _change(summary: str, *required: str, **fields: Schema) -> Told:
    return Told(
        TAG,
        summary,
        json(obj(_WHOLE)),
        problems=[*_CHANGES, "form-unfit", "form-retired"],
        fields={"version": _SEEN, **fields},
        required=["version", *required],
        keyed=True,
    )


def _deed(summary: str, *problems: str) -> Told:
    return Told(
        TAG,
        summary,
        json(obj(_WHOLE)),
        problems=[*_CHANGES, *problems],
        fields={"version": _SEEN},
        required=["version"],
        keyed=True,
    )


_CHANGE: Mapping[str, Told] = {
    "form": _change(
        "Say what a form is called, who fills it, how often, and how long answers are kept",
        "audience",
        "kept_days",
        **_TITLES,
        **{"intro.zh": TEXT, "intro.en": TEXT},
        audience=choice("students", "staff", "everybody"),
        once=_ANY,
        kept_days={**TEXT, "description": "Days, 1 to 3650"},
    ),
    "approvals": _change(
        "Say which offices agree to what is sent, in their order",
        **{f"approval.{place}": {**TEXT, "description": "A department, school, or empty"} for place in range(5)},
    ),
    "template": _change("Lay out the PDF of what is sent", template={"type": "string", "maxLength": LONGEST_TEMPLATE}),
    "page-add": _change("Add a page", **_TITLES),
    "page": _change("Rename a page", "page", page=_PAGE, **_TITLES),
    "page-remove": _change("Remove a page; its questions go to the one beside it", "page", page=_PAGE),
    "page-move": _change("Move a page", "page", "to", page=_PAGE, to=_STEP),
    "field-add": _change(
        "Ask for a fact, or a question of its own",
        "page",
        page=_PAGE,
        fact={**TEXT, "description": "The fact; a question of its own without"},
        **_QUESTION,
    ),
    "field": _change("Change a question, of which everything is said", "field", field=_NAME, **_QUESTION),
    "field-point": _change("Let a question ask for a fact", "field", "fact", field=_NAME, fact=TEXT),
    "field-move": _change("Move a question", "field", "to", field=_NAME, to=_STEP),
    "field-remove": _change("Remove a question", "field", field=_NAME),
    "match": _change(
        "Say of each question that was brought in what it is to be",
        **{
            "take.q1": {**TEXT, "description": "`take.<field>`: fact:<fact>, own:<way>, or out"},
            "zh.q1": {**TEXT, "description": "`zh.<field>`: its words in Chinese"},
            "en.q1": {**TEXT, "description": "`en.<field>`: in English"},
        },
    ),
}
_DEEDS: Mapping[str, Told] = {
    "publish": _deed(
        "Publish the draft: from now on it is filled", "form-nothing-new", "form-lacks-words", "form-facts-not-read"
    ),
    "retire": _deed("Let nobody fill a form any more", "form-not-published"),
    "restore": _deed("Let a retired form be filled again", "form-not-retired"),
    "discard": _deed("Give up the draft for what is published", "form-not-published"),
}

ROUTES: Mapping[str, Told | Mapping[str, Told]] = {
    f"GET {API}": Told(
        TAG, "The forms that one may make", json(obj({"forms": many(obj(_HEAD))})), problems=["forbidden"]
    ),
    f"POST {API}": Told(
        TAG,
        "Begin a form, or a copy of another",
        json(obj(_WHOLE)),
        problems=[*_BEGINS, "not-found"],
        fields={**_NEW, **_TITLES, "copy": {**TEXT, "description": "The form that is copied"}},
        keyed=True,
    ),
    f"GET {ONE}": Told(
        TAG,
        "A form as its office works on it, and what happened to it",
        json(obj({**_WHOLE, "history": _HAPPENED})),
        problems=["forbidden", "not-found"],
    ),
    f"POST {ONE}/edit/{{change}}": _CHANGE,
    f"POST {ONE}/documents": Told(
        TAG,
        "Say the draft whole, by its two documents",
        json(obj(_WHOLE)),
        problems=[*_CHANGES, "form-unfit", "form-retired"],
        document={
            "type": "object",
            "properties": {"version": _SEEN, "idempotency_key": KEY, "schema": _DOCUMENT, "layout": _DOCUMENT},
            "required": ["version", "idempotency_key", "schema", "layout"],
        },
    ),
    **{f"POST {ONE}/{deed}": told for deed, told in _DEEDS.items()},
    f"POST {API}/import": Told(
        TAG,
        "Begin a form with what an empty one of Excel (.xlsx) or Word (.docx) asks",
        json(obj(_WHOLE)),
        problems=[
            *_BEGINS,
            "file-missing",
            "file-too-large",
            *(f"form-file-{why}" for why in ("old", "programs", "large", "unreadable", "empty")),
        ],
        fields={**_NEW, **_TITLES, "file": TEXT},
        required=["file"],
        files=["file"],
        keyed=True,
    ),
}
