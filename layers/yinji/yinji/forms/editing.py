"""Making a form by small changes, each of which says the whole of one thing in flat texts, as pages without script send
them. Pure.

Whatever a change leads to is a form that can be filled and kept, or it is refused with a sentence of refusals.toml.
Words may be missing in a language until it is published.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

from yinji.clearance.definition import Evidence, Text
from yinji.forms.form import (
    MOST_APPROVALS,
    MOST_ROWS,
    As,
    Audience,
    Field,
    Form,
    Option,
    Page,
    Sign,
    Unfit,
    When,
    check,
    of_fact,
    read,
)
from yinji.forms.formats import FORMATS
from yinji.forms.matching import Suggestion, of_title
from yinji.platform.ids import id_of
from yinji.platform.problem import Problem, invalid_form, whole
from yinji.platform.text import plain

Change = Callable[[Form, Mapping[str, str]], Form]
Thing = TypeVar("Thing")
LANGUAGES = ("zh", "en")
WAYS: tuple[As, ...] = (
    "text", "paragraph", "number", "date", "choice", "choices", "tick", "attachment", "signature", "rows",
)  # fmt: skip
"""How a question of its own may be asked."""
USUAL: Mapping[str, Any] = tomllib.loads(Path(__file__).with_name("editing.toml").read_text("utf-8"))
COLUMN_WAYS = frozenset[As]({"text", "number", "date", "paragraph", "tick"})
"""How a column of a table may be asked that is told in a line; one that chooses stays as it is."""
IN_WORDS: Mapping[str, str] = {told[language]: way for way, told in USUAL["ways"].items() for language in ("zh", "en")}
OPTIONAL = frozenset(USUAL["optional"].values())
TYPES = ("jpeg", "png", "pdf")
LIMITS: Mapping[As, tuple[str, str]] = {
    "text": ("minLength", "maxLength"),
    "paragraph": ("minLength", "maxLength"),
    "number": ("minimum", "maximum"),
    "choices": ("minItems", "maxItems"),
    "rows": ("minItems", "maxItems"),
}
"""What the least and the most of a question are called in its schema."""
LARGEST = 200_000
"""Bytes of a form's two documents: one item of the table holds them."""
LONGEST_ANSWER = 5000
RESERVED = frozenset({"desk", "facts", "figures", "import", "mine", "new", "office", "sent", "submissions"})
"""What pages beside those of forms are called."""
_SEPARATOR = re.compile(r"\s*[|｜]\s*")
_NO_TOKEN = re.compile(r"[^a-z0-9]+")
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,4})?")
YES_NO = tuple(Option(value, title) for value, title in USUAL["choice"].items())
_COLUMN = (Field("c1", USUAL["column"]),)


# --- one place in which a change is made, and refused --------------------------------------------------------------
def edited(form: Form, change: str, texts: Mapping[str, str], language: str) -> Form:
    """`form` after `change` (a key of CHANGES) as `texts` say. Raises Problem("not-found") when there is no such,
    Problem("invalid-form"), and Problem("form-unfit") with the reason in `language`."""
    if change not in CHANGES:
        raise Problem("not-found")
    return _fit(lambda: CHANGES[change](form, texts), form, language)


def put(before: Form, schema: Any, layout: Any, language: str) -> Form:
    """The form that the two documents say, which is `before` changed. Raises Problem("form-unfit")."""

    def whole() -> Form:
        if not isinstance(schema, dict) or not isinstance(layout, dict):
            raise Unfit("documents")
        try:
            form = read(cast(Mapping[str, Any], schema), cast(Mapping[str, Any], layout))
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Unfit("documents") from error
        if (form.id, form.office) != (before.id, before.office):
            raise Unfit("id")
        return form

    return _fit(whole, before, language)


def begun(id: str, office: str, texts: Mapping[str, str], language: str) -> Form:
    """A form of one page that asks nothing yet. Raises Problem("form-unfit"), and Problem("invalid-form") when it has
    no title."""
    title = _text(texts, "title")
    if not any(title.values()):
        raise invalid_form({"title": "required"})
    form = Form(id, office, title, {}, (Page({}, ()),))
    return fit(form, language)


def fit(form: Form, language: str) -> Form:
    """`form`, which is new. Raises Problem("form-unfit") unless it can be filled and kept, and its pages found."""

    def new() -> Form:
        if form.id in RESERVED:
            raise Unfit("id")
        return form

    return _fit(new, form, language)


def _fit(make: Callable[[], Form], before: Form, language: str) -> Form:
    form = before
    try:
        form = make()
        check(form)
        if size(form) > LARGEST:
            raise Unfit("size")
    except Unfit as error:
        # what was asked for may have a field that the form before had not, and the other way round
        where = called(form, error.where, language) or called(before, error.where, language) or error.where
        at = f"{error.where}/{error.code}" if error.where else error.code
        raise Problem(
            "form-unfit", reason=reason(error.code, where, language), errors=[{"field": at, "code": "invalid"}]
        ) from error
    return form


def reason(code: str, where: str, language: str) -> str:
    """Why a form cannot be so, of the field that is called `where`; an unknown code says nothing."""
    told = refusals().get(code, {}).get("zh" if language == "zh" else "en", "")
    return told.format(where=f"“{where}”" if where else "").strip()


def called(form: Form, name: str, language: str) -> str:
    """What the field `name` is called in `language`, or in the other one; empty when it has no words."""
    one = form.by_name.get(name)
    return (one.title.get(language) or next(iter(one.title.values()), "")) if one else ""


@cache
def refusals() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(Path(__file__).with_name("refusals.toml").read_text("utf-8"))


def size(form: Form) -> int:
    """How many bytes the documents of `form` take."""
    return len(json.dumps({"schema": form.schema, "layout": form.layout}, ensure_ascii=False).encode())


def known(form: Form) -> dict[str, tuple[Suggestion, ...]]:
    """By name, the questions of `form` that point at no fact though their words ask for one, and for which: those that
    another field points at are left out."""
    pointed = {one.fact for one in form.fields if one.fact}
    found: dict[str, tuple[Suggestion, ...]] = {}
    for one in form.fields:
        if one.fact or one.way not in ("text", "paragraph", "number", "date", "choice"):
            continue
        if best := tuple(told for told in of_title(one.title) if told.fact not in pointed):
            found[one.name] = best
    return found


def id_from(texts: Mapping[str, str], key: str) -> str:
    """An id for a form by what it is called in English, the same whenever the same is sent again under `key`."""
    words = _NO_TOKEN.sub("-", _line(texts.get("title.en", "")).lower()).strip("-")[:40].strip("-")
    beginning = words if words[:1].isalpha() else f"form-{words}".strip("-")
    return f"{beginning}-{id_of('form', key, length=4)}"


# --- the form itself -------------------------------------------------------------------------------------------------
def _form(form: Form, texts: Mapping[str, str]) -> Form:
    """`title`, `intro`, each .zh and .en; `audience`, `once`, `kept_days`."""
    audience = next((one for one in get_args(Audience) if one == texts.get("audience")), None)
    if audience is None:
        raise invalid_form({"audience": "invalid"})
    return replace(
        form,
        title=_text(texts, "title"),
        intro=_text(texts, "intro"),
        audience=audience,
        once=bool(texts.get("once")),
        kept_days=_whole(texts, "kept_days"),
    )


def _approvals(form: Form, texts: Mapping[str, str]) -> Form:
    """`approval.0` and so on, in their order; empty ones are none."""
    told = (texts.get(f"approval.{place}", "").strip() for place in range(MOST_APPROVALS))
    return replace(form, approvals=tuple(one for one in told if one))


def _template(form: Form, texts: Mapping[str, str]) -> Form:
    """`template`, in Typst; empty for the usual one."""
    return replace(form, template=texts.get("template", "").replace("\r\n", "\n").strip())


# --- pages -----------------------------------------------------------------------------------------------------------
def _page_add(form: Form, texts: Mapping[str, str]) -> Form:
    """`title`."""
    return replace(form, pages=(*form.pages, Page(_text(texts, "title"), ())))


def _page(form: Form, texts: Mapping[str, str]) -> Form:
    """`page`, `title`."""
    place = _place(form, texts)
    return _with_page(form, place, replace(form.pages[place], title=_text(texts, "title")))


def _page_remove(form: Form, texts: Mapping[str, str]) -> Form:
    """`page`: what is asked on it goes to the page before, of the first one to the next."""
    place = _place(form, texts)
    if len(form.pages) == 1:
        raise Unfit("pages")
    pages = list(form.pages)
    gone = pages.pop(place)
    heir = max(place - 1, 0)
    fields = (*pages[heir].fields, *gone.fields) if place else (*gone.fields, *pages[heir].fields)
    pages[heir] = replace(pages[heir], fields=fields)
    return replace(form, pages=tuple(pages))


def _page_move(form: Form, texts: Mapping[str, str]) -> Form:
    """`page`, `to`: up or down."""
    place = _place(form, texts)
    return replace(form, pages=_moved(form.pages, place, _step(texts)))


def _moved(things: Sequence[Thing], place: int, step: int) -> tuple[Thing, ...]:
    """`things` with the one at `place` a step further; at the end it stays."""
    found, other = list(things), place + step
    if 0 <= other < len(found):
        found[place], found[other] = found[other], found[place]
    return tuple(found)


# --- questions -------------------------------------------------------------------------------------------------------
def _field_add(form: Form, texts: Mapping[str, str]) -> Form:
    """`page`; `fact`, or `title` and `way`, and then whatever says more of it (see _field)."""
    place = _place(form, texts)
    if fact := texts.get("fact", ""):
        made = of_fact(_free(form, _NO_TOKEN.sub("_", fact.lower())[:36]), fact)
    else:
        made = _own(Field(_free(form, "q1"), {}), {"required": "yes"} | dict(texts), form)
    page = form.pages[place]
    return _with_page(form, place, replace(page, fields=(*page.fields, made)))


def _field(form: Form, texts: Mapping[str, str]) -> Form:
    """`field` as it is to be: `title`, `hint`, `required`, `when.<field>.<value>`; of one of its own `way`, and as that
    wants `least`, `most`, `format`, `options`, `type.<type>`, `largest_mb`, `sign.<sign>`, `columns`. Options are one a
    line, "value | Chinese | English"; columns "name | Chinese | English | way"."""
    before = _found(form, texts)
    if before.fact:
        after = replace(
            before,
            title=_text(texts, "title") or before.title,
            hint=_text(texts, "hint"),
            required=bool(texts.get("required")),
            when=_when(before, texts),
        )
    else:
        after = _own(before, texts, form)
    return _with_field(form, before.name, (after,))


def _field_point(form: Form, texts: Mapping[str, str]) -> Form:
    """`field` asks for `fact` from now on, in the words it has where it has some in both languages."""
    before = _found(form, texts)
    words = before.title if all(before.title.get(one) for one in LANGUAGES) else None
    after = of_fact(
        before.name, texts.get("fact", ""), words, required=before.required, hint=before.hint, when=before.when
    )
    return _with_field(form, before.name, (after,))


def _field_move(form: Form, texts: Mapping[str, str]) -> Form:
    """`field`, `to`: up or down, over the edge of its page to the next one; or the number of a page, from 1."""
    one = _found(form, texts)
    at = next(place for place, page in enumerate(form.pages) if one in page.fields)
    page, to = form.pages[at], texts.get("to", "")
    if to.isascii() and to.isdigit():
        goal = int(to[:3]) - 1
        if not 0 <= goal < len(form.pages):
            raise invalid_form({"to": "invalid"})
        return form if goal == at else _with_field_at(_with_field(form, one.name, ()), goal, one, len)
    step, place = _step(texts), page.fields.index(one)
    if 0 <= place + step < len(page.fields):
        return _with_page(form, at, replace(page, fields=_moved(page.fields, place, step)))
    if not 0 <= at + step < len(form.pages):
        return form
    return _with_field_at(_with_field(form, one.name, ()), at + step, one, len if step < 0 else lambda _: 0)


def _field_remove(form: Form, texts: Mapping[str, str]) -> Form:
    """`field`."""
    return _with_field(form, _found(form, texts).name, ())


def _match(form: Form, texts: Mapping[str, str]) -> Form:
    """What a person says of the questions of a form that was brought in: `take.<field>` is fact:<fact>, own:<way> or
    out; `zh.<field>` and `en.<field>` are the words of one of its own. Questions that nothing is said of stay."""
    pages: list[Page] = []
    for page in form.pages:
        fields: list[Field] = []
        for one in page.fields:
            kind, _, which = texts.get(f"take.{one.name}", "").partition(":")
            words = {
                language: told for language in LANGUAGES if (told := _line(texts.get(f"{language}.{one.name}", "")))
            }
            if kind == "fact":
                fields.append(of_fact(one.name, which, None, required=one.required))
            elif kind == "own":
                said = {"way": which, "required": "yes" if one.required else ""}
                told = words or one.title
                fields.append(_own(one, said | {f"title.{name}": text for name, text in told.items()}, form))
            elif kind != "out":
                fields.append(replace(one, title=words or one.title) if not one.fact else one)
        pages.append(replace(page, fields=tuple(fields)))
    return replace(form, pages=tuple(pages))


CHANGES: Mapping[str, Change] = {
    "form": _form,
    "approvals": _approvals,
    "template": _template,
    "page-add": _page_add,
    "page": _page,
    "page-remove": _page_remove,
    "page-move": _page_move,
    "field-add": _field_add,
    "field": _field,
    "field-point": _field_point,
    "field-move": _field_move,
    "field-remove": _field_remove,
    "match": _match,
}
"""What can be changed; what texts each reads stands with it."""


def newest(before: Form, after: Form) -> str:
    """The name of the field that `after` has and `before` had not, or empty."""
    return next((one.name for one in after.fields if one.name not in before.by_name), "")


# --- what the texts say ----------------------------------------------------------------------------------------------
def _own(before: Field, texts: Mapping[str, str], form: Form) -> Field:
    """A question of its own as `texts` say; what its way wants and they do not say is as usual."""
    way: As | None = next((one for one in WAYS if one == texts.get("way", before.way)), None)
    if way is None:
        raise invalid_form({"way": "invalid"})
    same = before if before.way == way else Field(before.name, {}, way)
    made = Field(
        before.name,
        _text(texts, "title"),
        way,
        required=bool(texts.get("required")),
        hint=_text(texts, "hint"),
        when=_when(before, texts),
    )
    if way in ("choice", "choices"):
        made = replace(made, options=_options(texts["options"], before) if "options" in texts else _chosen(same))
    elif way == "attachment":
        made = replace(made, evidence=_evidence(texts, same))
    elif way == "signature":
        told = tuple(one for one in get_args(Sign) if texts.get(f"sign.{one}"))
        # a form in which nothing is ticked says so by its field `signs`
        made = replace(made, signs=told if told or "signs" in texts else same.signs or get_args(Sign))
    elif way == "rows":
        made = replace(made, fields=_columns(texts["columns"], same) if "columns" in texts else same.fields or _COLUMN)
    return replace(made, limits=_limits(made, same, texts))


def _chosen(same: Field) -> tuple[Option, ...]:
    return same.options or YES_NO


def _limits(made: Field, same: Field, texts: Mapping[str, str]) -> dict[str, Any]:
    """What `texts` say of the least and the most of `made`; what they have no word for stays as it was."""
    if made.way not in LIMITS:
        return {}
    least, most = LIMITS[made.way]
    if "least" not in texts and "most" not in texts:
        return dict(same.limits)
    found = {name: value for name, value in same.limits.items() if name not in (least, most, "format")}
    found |= {
        name: number
        for name, at in ((least, "least"), (most, "most"))
        if (number := _limit(texts, at, made)) is not None
    }
    if made.way == "text" and (format := texts.get("format", "")):
        if format not in FORMATS:
            raise Unfit("limits", made.name)
        found["format"] = format
    usual = made.schema()
    if found.get(least, usual.get(least, 0)) > found.get(most, usual.get(most, float("inf"))):
        raise Unfit("limits", made.name)
    if made.way in ("text", "paragraph") and found.get(most, 1) > LONGEST_ANSWER:
        raise Unfit("limits", made.name)
    if made.way == "rows" and found.get(most, 1) > MOST_ROWS:
        raise Unfit("limits", made.name)
    if made.way == "choices" and found.get(least, 1) > len(made.options):
        raise Unfit("limits", made.name)
    return {name: value for name, value in found.items() if usual.get(name) != value}


def _limit(texts: Mapping[str, str], name: str, made: Field) -> Any:
    told = texts.get(name, "").strip()
    if not told:
        return None
    if not _NUMBER.fullmatch(told):
        raise Unfit("limits", made.name)
    number = float(told) if "." in told else int(told)
    if made.way != "number" and (number < 1 or not isinstance(number, int)):
        raise Unfit("limits", made.name)
    return number


def _when(one: Field, texts: Mapping[str, str]) -> When | None:
    """The condition that `when.<field>.<value>` tells, of one field alone."""
    found: dict[str, list[str]] = {}
    for name, told in texts.items():
        kind, _, rest = name.partition(".")
        field, _, value = rest.partition(".")
        if kind == "when" and field and told:
            found.setdefault(field, []).append(value)
    if not found:
        return None
    if len(found) > 1:
        raise Unfit("when", one.name)
    ((field, values),) = found.items()
    return When(field, tuple(values))


def _options(text: str, before: Field) -> tuple[Option, ...]:
    """Options, one a line: "value | Chinese | English", "Chinese | English", or only one of them."""
    lines = [line for line in map(_line, text.splitlines()) if line]
    known = {tuple(sorted(one.title.items())): one.value for one in before.options}
    found: list[Option] = []
    taken = {parts[0] for line in lines if len(parts := _SEPARATOR.split(line, 2)) == 3}
    for line in lines:
        parts = _SEPARATOR.split(line, 2)
        if len(parts) == 3:
            value, title = parts[0], _both(parts[1], parts[2])
        else:
            title = _both(*parts) if len(parts) == 2 else words_in(line)
            value = known.get(tuple(sorted(title.items())), "")
            if not value or value in taken:
                value = _token(title, taken)
            taken.add(value)
        found.append(Option(value, title))
    return tuple(found)


def _columns(text: str, before: Field) -> tuple[Field, ...]:
    """Columns, one a line: "name | Chinese | English | way | optional", or fewer of these."""
    known = {one.name: one for one in before.fields}
    lines = [line for line in map(_line, text.splitlines()) if line]
    taken = {parts[0] for line in lines if len(parts := _SEPARATOR.split(line)) >= 3}
    found: list[Field] = []
    for line in lines:
        parts = _SEPARATOR.split(line, 4)
        name, title = "", words_in(line)
        if len(parts) == 2:
            title = _both(*parts)
        elif len(parts) > 2:
            name, title = parts[0], _both(parts[1], parts[2])
        name = name or next(one for place in range(1, 500) if (one := f"c{place}") not in taken)
        taken.add(name)
        said = parts[3].lower() if len(parts) > 3 else "text"
        required = not (len(parts) > 4 and parts[4].lower() in OPTIONAL)
        found.append(_column(name, title, IN_WORDS.get(said, said), required, known.get(name)))
    return tuple(found)


def _column(name: str, title: Text, way: str, required: bool, before: Field | None) -> Field:
    if before and before.way == way:
        return replace(before, title=title, required=required)
    chosen: As | None = next((one for one in COLUMN_WAYS if one == way), None)
    if chosen is None:
        raise Unfit("rows", name)
    return Field(name, title, chosen, required=required)


def _evidence(texts: Mapping[str, str], same: Field) -> Evidence:
    usual = same.evidence or Evidence(TYPES, 10)
    if "largest_mb" not in texts:
        return usual
    types = tuple(one for one in TYPES if texts.get(f"type.{one}"))
    largest = texts["largest_mb"].strip()
    if not types or not (largest.isascii() and largest.isdigit()) or len(largest) > 3:
        raise Unfit("way", same.name)
    return Evidence(types, int(largest))


def as_lines(one: Field) -> str:
    """The options of `one`, or its columns, as `options` and `columns` are told."""
    if one.way == "rows":
        return "\n".join(
            " | ".join(
                [column.name, column.title.get("zh", ""), column.title.get("en", ""), column.way]
                + ([] if column.required else [USUAL["optional"]["en"]])
            )
            for column in one.fields
        )
    return "\n".join(f"{told.value} | {told.title.get('zh', '')} | {told.title.get('en', '')}" for told in one.options)


def _both(zh: str, en: str) -> Text:
    return {language: text for language, text in (("zh", zh.strip()), ("en", en.strip())) if text}


def words_in(text: str) -> Text:
    """`text` in the language it is in: Chinese where there is a Chinese sign, both where there is no letter."""
    if any(0x3400 <= ord(sign) <= 0x9FFF for sign in text):
        return dict.fromkeys(LANGUAGES[:1], text)
    told = LANGUAGES[1:] if any(sign.isalpha() for sign in text) else LANGUAGES
    return dict.fromkeys(told, text)


def _token(title: Text, taken: set[str]) -> str:
    """A value for an option that is called so."""
    told = _NO_TOKEN.sub("-", title.get("en", "").lower()).strip("-")[:30]
    if told and told not in taken:
        return told
    return next(one for place in range(1, 500) if (one := f"o{place}") not in taken)


def _text(texts: Mapping[str, str], name: str) -> Text:
    """The words `name` in the languages they are told in."""
    return {language: told for language in LANGUAGES if (told := _line(texts.get(f"{name}.{language}", "")))}


def _line(text: str) -> str:
    return " ".join(plain(text).split())


def _whole(texts: Mapping[str, str], name: str) -> int:
    return whole(texts.get(name, "").strip(), name)


def _place(form: Form, texts: Mapping[str, str]) -> int:
    """The place of the page, which is told from 1."""
    place = _whole(texts, "page") - 1
    if not 0 <= place < len(form.pages):
        raise invalid_form({"page": "invalid"})
    return place


def _step(texts: Mapping[str, str]) -> int:
    step = {"up": -1, "down": 1}.get(texts.get("to", ""))
    if step is None:
        raise invalid_form({"to": "invalid"})
    return step


def _found(form: Form, texts: Mapping[str, str]) -> Field:
    one = form.by_name.get(texts.get("field", ""))
    if one is None:
        raise invalid_form({"field": "invalid"})
    return one


def _free(form: Form, wanted: str) -> str:
    """A name that no field has yet."""
    if wanted != "q1" and wanted not in form.by_name:
        return wanted
    beginning = "q" if wanted == "q1" else f"{wanted}_"
    return next(one for place in range(1, 500) if (one := f"{beginning}{place}") not in form.by_name)


def _with_page(form: Form, place: int, page: Page) -> Form:
    return replace(form, pages=(*form.pages[:place], page, *form.pages[place + 1 :]))


def _with_field(form: Form, name: str, fields: Sequence[Field]) -> Form:
    """`form` with `fields` in the place of the one called `name`."""
    return replace(
        form,
        pages=tuple(
            replace(
                page,
                fields=tuple(put for one in page.fields for put in (fields if one.name == name else (one,))),
            )
            for page in form.pages
        ),
    )


def _with_field_at(form: Form, at: int, one: Field, where: Callable[[Sequence[Field]], int]) -> Form:
    fields = list(form.pages[at].fields)
    fields.insert(where(fields), one)
    return _with_page(form, at, replace(form.pages[at], fields=tuple(fields)))
