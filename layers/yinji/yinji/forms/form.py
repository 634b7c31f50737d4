"""A form: pages of fields that point at facts or ask something of their own. Pure.

Two documents say the whole of it, and nothing else does: `schema`, a JSON Schema (2020-12) of the answers, which the
browser and Lambda both check by, and `layout`, in which order and words, and under which conditions, they are asked.
`read` makes the form of the two and refuses what does not fit together, so that whatever is published can be filled.

A field that points at a fact has `x-fact` in its schema and otherwise the schema of the fact's kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, cast, get_args

from yinji.clearance.definition import Evidence, Text
from yinji.clearance.university import departments
from yinji.forms import facts
from yinji.forms.schema import NotAllowed, Schema, Validator

As = Literal[
    "text", "paragraph", "number", "date", "choice", "choices", "tick", "attachment", "signature", "rows", "parts",
]  # fmt: skip
"""How a field is asked: one line, several, a number, a day, one of some, some of some, a box that must be ticked, a
document, a signature typed or drawn, a table with a row for each; or, of a fact that has parts, a line for each."""
Audience = Literal["students", "staff", "everybody"]
Sign = Literal["typed", "drawn"]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
RESERVED = frozenset({"next", "case", "idempotency_key", "page", "draft", "go", "corrects"})
"""Names that a page sends of its own (coming.py, platform/http.py)."""
ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
LONGEST_ID, LONGEST_TITLE, LONGEST_HINT = 60, 120, 600
MOST_FIELDS, MOST_PAGES, MOST_ROWS, MOST_OPTIONS, MOST_APPROVALS = 80, 12, 20, 40, 5
LONGEST_TEMPLATE = 32_000
FRAME = (600, 200)
"""The frame in which a signature is drawn, as that of a visit."""
UPLOAD: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
SIGNATURE: Schema = {"type": "string", "minLength": 8, "maxLength": 8200, "pattern": "^(typed:|drawn:M)"}
"""`typed:` and a name, or `drawn:` and the path of an SVG of FRAME."""
OF_SCHOOL = "school"
"""In a chain of approvals, and as the office of a form: the school of whoever fills it."""


@dataclass(frozen=True)
class Option:
    value: str
    title: Text


@dataclass(frozen=True)
class When:
    """A field is asked when the answer to an earlier one, of the same table where it is in one, is among `values`; of
    a choice of several, when one of them is. A box that is ticked is "yes"."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Field:
    """One question. `limits` is what its schema says besides its type: minLength, maxLength, minimum, maximum, format,
    pattern, minItems, maxItems. A field of a `fact` takes its schema, way of asking, options and parts from the fact's
    kind."""

    name: str
    title: Text
    way: As = "text"
    fact: str = ""
    required: bool = True
    hint: Text = field(default_factory=dict[str, str])
    limits: Mapping[str, Any] = field(default_factory=dict[str, Any])
    options: tuple[Option, ...] = ()
    when: When | None = None
    evidence: Evidence | None = None
    signs: tuple[Sign, ...] = ()
    fields: tuple[Field, ...] = ()
    """Of a table: its columns; of a fact that has some: its parts."""

    @property
    def sealed(self) -> bool:
        """Whether its answer is kept encrypted."""
        return bool(self.fact) and facts.kinds()[self.fact].sealed

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of an answer."""
        if self.fact:
            return {"x-fact": self.fact, **facts.kinds()[self.fact].schema}
        if self.way == "rows":
            return {"type": "array", "maxItems": MOST_ROWS, **self.limits, "items": _object(self.fields)}
        values = [one.value for one in self.options]
        return {
            "text": lambda: {"type": "string", "minLength": 1, "maxLength": 200} | dict(self.limits),
            "paragraph": lambda: {"type": "string", "minLength": 1, "maxLength": 2000} | dict(self.limits),
            "number": lambda: {"type": "number"} | dict(self.limits),
            "date": lambda: {"type": "string", "format": "date"},
            "choice": lambda: {"type": "string", "enum": values},
            "choices": lambda: {
                "type": "array", "uniqueItems": True, "minItems": 1, "items": {"type": "string", "enum": values},
            } | dict(self.limits),
            "tick": lambda: {"const": True},
            "attachment": lambda: dict(UPLOAD),
            "signature": lambda: dict(SIGNATURE),
        }[self.way]()  # fmt: skip

    def layout(self) -> dict[str, Any]:
        """What the layout says of it."""
        told: dict[str, Any] = {"name": self.name, "title": dict(self.title), "as": self.way}
        if self.hint:
            told["hint"] = dict(self.hint)
        if self.options and not self.fact:
            told["options"] = [{"value": one.value, **one.title} for one in self.options]
        if self.when:
            told["when"] = {"field": self.when.field, "is": list(self.when.values)}
        if not self.required and self.when:
            told["optional"] = True
        if self.evidence:
            told["attachment"] = {"types": list(self.evidence.types), "largest_mb": self.evidence.largest_mb}
        if self.signs:
            told["signature"] = list(self.signs)
        if self.fields and not self.fact:
            told["fields"] = [one.layout() for one in self.fields]
        return told


@dataclass(frozen=True)
class Page:
    """What is asked at a time; who fills the form may go on with the next one later, on another device."""

    title: Text
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Form:
    """`office` is the department (or "school") that asks; `approvals` are the offices that have to agree one after the
    other. `template` is the office's own layout of the PDF, in Typst, or empty. `once`: a person answers it once, and
    changes the answer later; else as often as they like. `kept_days` is how long answers are kept."""

    id: str
    office: str
    title: Text
    intro: Text
    pages: tuple[Page, ...]
    audience: Audience = "students"
    approvals: tuple[str, ...] = ()
    template: str = ""
    once: bool = False
    kept_days: int = 1095
    version: int = 0

    @property
    def fields(self) -> Iterator[Field]:
        """Every field, in the order in which they are asked; without the columns of tables."""
        return (one for page in self.pages for one in page.fields)

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        return {one.name: one for one in self.fields}

    @cached_property
    def schema(self) -> dict[str, Any]:
        return {"$schema": DIALECT, **_object(tuple(self.fields))}

    @cached_property
    def layout(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id": self.id,
            "office": self.office,
            "title": dict(self.title),
            "intro": dict(self.intro),
            "audience": self.audience,
            "pages": [
                {"title": dict(page.title), "fields": [one.layout() for one in page.fields]} for page in self.pages
            ],
            "kept_days": self.kept_days,
        }
        if self.approvals:
            told["approvals"] = list(self.approvals)
        if self.template:
            told["template"] = self.template
        if self.once:
            told["once"] = True
        return told

    @cached_property
    def validator(self) -> Validator:
        return Validator(self.schema)


class Unfit(ValueError):
    """What a form may not be: `code` is a key of refusals.toml beside this module, `where` a field's name, or empty."""

    def __init__(self, code: str, where: str = "") -> None:
        super().__init__(f"{code} {where}".strip())
        self.code, self.where = code, where


def _object(fields: Sequence[Field]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": "object",
        "properties": {one.name: one.schema() for one in fields},
        "required": [one.name for one in fields if one.required and not one.when],
        "additionalProperties": False,
    }
    if conditions := [_condition(one, fields) for one in fields if one.when]:
        told["allOf"] = conditions
    return told


def _condition(one: Field, fields: Sequence[Field]) -> dict[str, Any]:
    """Asked when its condition holds, and not answered otherwise."""
    when = one.when
    assert when  # noqa: S101
    asked = next(other for other in fields if other.name == when.field)
    if asked.way == "tick":
        wanted: dict[str, Any] = {"const": True}
    elif asked.way == "choices":
        wanted = {"contains": {"enum": list(when.values)}}
    else:
        wanted = {"enum": list(when.values)}
    told: dict[str, Any] = {"if": {"properties": {when.field: wanted}, "required": [when.field]}}
    if one.required:
        told["then"] = {"required": [one.name]}
    return told | {"else": {"properties": {one.name: False}}}


# --- reading ---------------------------------------------------------------------------------------------------------
def read(schema: Mapping[str, Any], layout: Mapping[str, Any], version: int = 0) -> Form:
    """The form that the two documents say. Raises Unfit when they are not well told or do not fit together."""
    try:
        form = _form(schema, layout, version)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, Unfit):
            raise
        raise Unfit("documents") from error
    check(form)
    if _without_facts(form.schema) != _without_facts(schema) or form.layout != layout:
        raise Unfit("documents")
    return form


def _without_facts(schema: Mapping[str, Any]) -> dict[str, Any]:
    """`schema` without what it says of facts, which is for their registry to say, whenever it was written."""
    properties: Mapping[str, Mapping[str, Any]] = schema["properties"]
    plain = {name: {"x-fact": told["x-fact"]} if "x-fact" in told else told for name, told in properties.items()}
    return {**schema, "properties": plain}


def _form(schema: Mapping[str, Any], layout: Mapping[str, Any], version: int) -> Form:
    required = frozenset(cast(list[str], schema["required"]))
    pages = tuple(
        Page(page["title"], tuple(_field(told, schema["properties"], required) for told in page["fields"]))
        for page in layout["pages"]
    )
    audience = next((one for one in get_args(Audience) if one == layout["audience"]), None)
    if audience is None:
        raise Unfit("documents")
    return Form(
        str(layout["id"]),
        str(layout["office"]),
        layout["title"],
        layout["intro"],
        pages,
        audience,
        tuple(layout.get("approvals", ())),
        str(layout.get("template", "")),
        bool(layout.get("once", False)),
        int(layout["kept_days"]),
        version,
    )


def _field(told: Mapping[str, Any], properties: Mapping[str, Any], required: frozenset[str]) -> Field:
    name, schema = str(told["name"]), properties[told["name"]]
    way: As | None = next((one for one in get_args(As) if one == told["as"]), None)
    if way is None:
        raise Unfit("documents", name)
    when = When(told["when"]["field"], tuple(told["when"]["is"])) if "when" in told else None
    needed = not told.get("optional", False) if when else name in required
    common: dict[str, Any] = {"required": needed, "hint": told.get("hint", {}), "when": when}
    if fact := schema.get("x-fact", ""):
        return of_fact(name, str(fact), told["title"], **common)
    items = schema.get("items", {})
    columns = tuple(_field(one, items["properties"], frozenset(items["required"])) for one in told.get("fields", ()))
    plain = Field(
        name,
        told["title"],
        way,
        **common,
        options=tuple(
            Option(one["value"], {name: text for name, text in one.items() if name != "value"})
            for one in told.get("options", ())
        ),
        evidence=Evidence(tuple(told["attachment"]["types"]), told["attachment"]["largest_mb"])
        if "attachment" in told
        else None,
        signs=tuple(told.get("signature", ())),
        fields=columns,
    )
    usual = plain.schema()
    limits = {key: value for key, value in schema.items() if key not in ("items", "enum") and usual.get(key) != value}
    return replace(plain, limits=limits)


def of_fact(name: str, fact: str, title: Text | None = None, **more: Any) -> Field:
    """The field `name` that points at `fact`; in the words of the fact's kind unless `title` says otherwise. Raises
    Unfit when there is no such fact."""
    kind = facts.kinds().get(fact)
    if kind is None:
        raise Unfit("fact", name)
    way: As = "choice" if kind.options else "parts" if kind.parts else "text"
    if kind.schema.get("format") == "date":
        way = "date"
    return Field(
        name,
        title or kind.title,
        way,
        fact,
        options=tuple(Option(value, told) for value, told in (kind.options or {}).items()),
        fields=tuple(_part(part.id, part.title, kind.schema["properties"][part.id]) for part in kind.parts),
        **more,
    )


def _part(name: str, title: Text, schema: Schema) -> Field:
    return Field(name, title, limits={key: value for key, value in schema.items() if key != "type"})


# --- what a form may be ----------------------------------------------------------------------------------------------
def check(form: Form) -> None:
    """Raise Unfit unless `form` can be filled and kept. Words may still be missing: see `lacking`."""
    if not ID.fullmatch(form.id) or len(form.id) > LONGEST_ID:
        raise Unfit("id")
    if form.office != OF_SCHOOL and form.office not in departments():
        raise Unfit("office")
    if any(office != OF_SCHOOL and office not in departments() for office in form.approvals):
        raise Unfit("approvals")
    if len(form.approvals) > MOST_APPROVALS or len(set(form.approvals)) < len(form.approvals):
        raise Unfit("approvals")
    if not 1 <= len(form.pages) <= MOST_PAGES:
        raise Unfit("pages")
    if len(form.template) > LONGEST_TEMPLATE:
        raise Unfit("template")
    if not 1 <= form.kept_days <= 3650:
        raise Unfit("kept-days")
    _words(form.title, LONGEST_TITLE, "")
    _words(form.intro, LONGEST_HINT, "")
    for page in form.pages:
        _words(page.title, LONGEST_TITLE, "")
    _check_fields(tuple(form.fields))


def _check_fields(fields: Sequence[Field], *, columns: bool = False) -> None:
    if len(fields) > MOST_FIELDS:
        raise Unfit("fields")
    earlier: dict[str, Field] = {}
    pointed: set[str] = set()
    for one in fields:
        if not NAME.fullmatch(one.name) or one.name in earlier or one.name in RESERVED:
            raise Unfit("name", one.name)
        _words(one.title, LONGEST_TITLE, one.name)
        _words(one.hint, LONGEST_HINT, one.name)
        if one.fact:
            if columns or one.fact in pointed:
                raise Unfit("fact", one.name)
            pointed.add(one.fact)
        _check_way(one, columns)
        if one.when:
            _check_when(one, one.when, earlier)
        earlier[one.name] = one


def _check_way(one: Field, columns: bool) -> None:
    if one.way in ("choice", "choices"):
        values = [option.value for option in one.options]
        most = len(values) if one.fact else MOST_OPTIONS
        told = all(isinstance(value, str) and value for value in values)  # pyright: ignore[reportUnnecessaryIsInstance]
        if not told or not 1 <= len(values) <= most or len(set(values)) < len(values):
            raise Unfit("options", one.name)
        for option in one.options:
            _words(option.title, LONGEST_TITLE, one.name)
    elif one.options:
        raise Unfit("options", one.name)
    if (one.way == "attachment") != bool(one.evidence) or (one.way == "signature") != bool(one.signs):
        raise Unfit("way", one.name)
    if (one.way in ("rows", "parts")) != bool(one.fields) or (one.way == "parts") > bool(one.fact):
        raise Unfit("rows", one.name)
    if columns and one.way in ("rows", "parts", "attachment", "signature", "choices"):
        raise Unfit("rows", one.name)
    if not frozenset(one.signs) <= frozenset(get_args(Sign)):
        raise Unfit("way", one.name)
    if one.evidence and not (1 <= one.evidence.largest_mb <= 50 and set(one.evidence.types) <= {"jpeg", "png", "pdf"}):
        raise Unfit("way", one.name)
    if one.way == "rows":
        _check_fields(one.fields, columns=True)
    try:
        Validator(one.schema())
    except NotAllowed as error:
        raise Unfit("limits", one.name) from error


def _check_when(one: Field, when: When, earlier: Mapping[str, Field]) -> None:
    asked = earlier.get(when.field)
    if asked is None or asked.way not in ("choice", "choices", "tick"):
        raise Unfit("when", one.name)
    known = {"yes"} if asked.way == "tick" else {option.value for option in asked.options}
    if not when.values or not set(when.values) <= known:
        raise Unfit("when", one.name)


def _words(text: Text, longest: int, where: str) -> None:
    for language, told in text.items():
        fits = isinstance(told, str) and told.isprintable() and len(told) <= longest  # pyright: ignore[reportUnnecessaryIsInstance]
        if language not in ("zh", "en") or not fits:
            raise Unfit("words", where)


def lacking(form: Form) -> list[str]:
    """Where words are still missing in one of the languages: names of fields, "" for the form itself; nothing when it
    can be published. A form without a field lacks one."""
    wanting: list[str] = []
    # the first page, often the only one, may do without a title
    first, *more = [page.title for page in form.pages]
    untold = any(first.values()) and not _both(first)
    if not _both(form.title) or untold or not all(map(_both, more)) or not list(form.fields):
        wanting.append("")
    if form.intro and any(form.intro.values()) and not _both(form.intro):
        wanting.append("")
    for one in form.fields:
        told = [one.title, *(option.title for option in one.options)]
        told += [text for column in one.fields for text in (column.title, *(option.title for option in column.options))]
        if any(one.hint.values()):
            told.append(one.hint)
        if not all(map(_both, told)):
            wanting.append(one.name)
    return list(dict.fromkeys(wanting))


def _both(text: Text) -> bool:
    return all(text.get(language, "").strip() for language in ("zh", "en"))


def holds(when: When | None, answers: Mapping[str, Any]) -> bool:
    """Whether what `when` says is the case, as `answers` stand."""
    if when is None:
        return True
    answer = answers.get(when.field)
    if answer is True:
        return "yes" in when.values
    if isinstance(answer, list):
        return any(one in when.values for one in cast(list[Any], answer))
    return answer in when.values


def asked(fields: Sequence[Field], answers: Mapping[str, Any]) -> list[Field]:
    """Those of `fields` that are asked as `answers` stand; what hangs on one that is not asked is not either."""
    found: list[Field] = []
    counted: dict[str, Any] = {}
    for one in fields:
        if holds(one.when, counted):
            found.append(one)
            if one.name in answers:
                counted[one.name] = answers[one.name]
    return found
