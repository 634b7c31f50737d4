"""What the API tells of groups of students, of who has gone quiet, and of selections."""

from __future__ import annotations

from collections.abc import Mapping

from yinji.archive import quiet, selection
from yinji.clearance.exports import KINDS
from yinji.clearance.roster import CATEGORIES
from yinji.platform.sheets import CSV, XLSX

from infra.openapi import shapes
from infra.openapi.shapes import COUNT, MOMENT, STUDENT, TEXT, Schema, choice, many, maybe, obj, table
from infra.openapi.told import Told, file, json

API = "/api/archive"
GROUPS, SELECTIONS = "groups of students", "selections of who gets an archive"
YEAR: Schema = {"type": "string", "pattern": f"^({'|'.join(CATEGORIES)})-20[0-9][0-9]$"}
NUMBER: Schema = {"type": "integer"}
_MARKS = obj(
    {
        "p10": {**maybe(NUMBER), "description": "null in groups of fewer than 50"},
        "p25": NUMBER,
        "median": NUMBER,
        "p75": NUMBER,
        "p90": maybe(NUMBER),
        "mean": {**NUMBER, "description": "in tenths"},
    }
)
_SKETCH: Mapping[str, Schema] = {"number": COUNT, "features": table(_MARKS), "terms": table(table(_MARKS))}
_OF_SCHOOL: Mapping[str, Schema] = {
    "school": {**shapes.SCHOOL, "description": "Who belongs to a school sees its own without naming it"}
}
_LISTED = {
    "groups": "Schools of a grade compared",
    "programmes": "Programmes of a grade compared",
    "history": "Schools of a grade compared term by term",
    "quiet": "Who of a school has gone quiet, with the reason",
}
_MEDIA = {"csv": CSV, "xlsx": XLSX}

SELECTION: Mapping[str, Schema] = {
    "id": shapes.UPLOAD,
    "title": TEXT,
    "newest": COUNT,
    "kept": {**maybe(COUNT), "description": "The version in force"},
    "by": TEXT,
    "at": MOMENT,
    "archived_by": maybe(TEXT),
    "archived_at": maybe(MOMENT),
}
_LINES = many(obj({"line": COUNT, "text": TEXT}))
_LIST = many({"type": "array", "prefixItems": [COUNT, TEXT], "items": False, "minItems": 2})
_VERSION = {"version": {"type": "integer", "minimum": 1, "description": "The one that was looked at"}}
_CHOICE: Mapping[str, Schema] = {
    "title": {"type": "string", "minLength": 1, "maxLength": selection.LONGEST_TITLE},
    **{
        f"{part}_{place}": {
            "grade": {"type": "string", "pattern": "^(20[0-9][0-9])?$"},
            "category": choice("", *CATEGORIES),
            "school": choice("", *shapes.university.schools()),
            "programme": {"type": "string", "maxLength": 200},
            "class_name": {"type": "string", "maxLength": 100},
        }[part]
        for place in range(1, selection.MOST_RULES + 1)
        for part in selection.PARTS
    },
    "list": {**TEXT, "description": "Student numbers; a multipart form may send a CSV or XLSX as `file` instead"},
    "except": {**TEXT, "description": "Student numbers that are left out"},
}
_KEPT_LISTS: Mapping[str, Schema] = {
    name: {**TEXT, "description": "yes: without a new one, the list of the version that was looked at"}
    for name in ("keep_list", "keep_except")
}
_WRONG = (
    "forbidden", "selection-title", "selection-rule", "selection-empty", "list-unreadable", "list-too-long",
    "file-too-large", "too-busy",
)  # fmt: skip
_CHANGED = ("not-found", "selection-archived", "changed-meanwhile")


def _deed(summary: str) -> Told:
    return Told(SELECTIONS, summary, json(obj(SELECTION)), problems=["forbidden", "not-found", "too-busy"])


PLACES: Mapping[str, Schema] = {"year": YEAR}
ROUTES: Mapping[str, Told | Mapping[str, Told]] = {
    f"GET {API}/groups": Told(
        GROUPS,
        "The grades and categories there are groups of",
        json(obj({"years": many(YEAR)})),
        problems=["forbidden", "not-found"],
        query=_OF_SCHOOL,
    ),
    f"GET {API}/groups/{{year}}": Told(
        GROUPS,
        "How schools and programmes of a grade and category differ",
        json(
            obj(
                {
                    "year": YEAR,
                    "whole": obj(_SKETCH),
                    "schools": table(obj(_SKETCH), shapes.SCHOOL),
                    "programmes": many(obj({"school": shapes.SCHOOL, "programme": TEXT, **_SKETCH})),
                }
            ),
            "Groups of at least ten, none of which tells of fewer by what it differs from another.",
        ),
        problems=["forbidden", "not-found"],
        query=_OF_SCHOOL,
    ),
    f"GET {API}/quiet": Told(
        GROUPS,
        "Who of a school has gone quiet, and why it is said of them",
        json(
            obj(
                {
                    "term": TEXT,
                    "students": many(
                        obj(
                            {
                                "student": STUDENT,
                                "name": TEXT,
                                "rule": choice(*(rule.id for rule in quiet.rules())),
                                "before": many(COUNT),
                                "now": COUNT,
                                "median": COUNT,
                                "group": TEXT,
                                "why": TEXT,
                            }
                        )
                    ),
                }
            )
        ),
        problems=["forbidden", "not-found", "look-not-noted"],
        query=_OF_SCHOOL,
    ),
    f"GET {API}/lists/{{file}}": {
        f"{what}.{kind}": Told(
            GROUPS,
            f"{summary}, as a file for spreadsheets",
            {200: file(_MEDIA[kind], "The list, in the reader's language.")},
            problems=["forbidden", "not-found", "too-often", *(["look-not-noted"] if what == "quiet" else [])],
            query={**_OF_SCHOOL, **({} if what == "quiet" else {"year": YEAR})},
        )
        for what, summary in _LISTED.items()
        for kind in KINDS
    },
    f"GET {API}/selections": Told(
        SELECTIONS,
        "Every selection of who gets an archive",
        json(obj({"selections": many(obj(SELECTION))})),
        problems=["forbidden"],
    ),
    f"POST {API}/selections": Told(
        SELECTIONS,
        "Begin a selection: a draft, to be looked at",
        json(obj(SELECTION)),
        problems=_WRONG,
        fields=_CHOICE,
        required=["title"],
        keyed=True,
    ),
    f"GET {API}/selections/{{id}}": Told(
        SELECTIONS,
        "A selection: its versions, what the newest says, and whom that chooses",
        json(
            obj(
                {
                    **SELECTION,
                    "choice": obj({"rules": many(table(TEXT)), "included": _LIST, "excluded": _LIST}),
                    "preview": obj(
                        {
                            "students": COUNT,
                            "by_school": table(COUNT),
                            "by_rule": COUNT,
                            "by_list": COUNT,
                            "left_out": COUNT,
                            "unknown": COUNT,
                            "unknown_lines": _LINES,
                            "unknown_exceptions": _LINES,
                        }
                    ),
                    "versions": many(
                        obj(
                            {
                                "version": COUNT,
                                "title": TEXT,
                                "by": TEXT,
                                "at": MOMENT,
                                "kept_by": maybe(TEXT),
                                "kept_at": maybe(MOMENT),
                                "students": maybe(COUNT),
                            }
                        )
                    ),
                }
            )
        ),
        problems=["forbidden", "not-found"],
    ),
    f"POST {API}/selections/{{id}}/draft": Told(
        SELECTIONS,
        "Make a new draft of a selection",
        json(obj(SELECTION)),
        problems=[*_WRONG, *_CHANGED],
        fields={**_CHOICE, **_VERSION, **_KEPT_LISTS},
        required=["title", "version"],
        keyed=True,
    ),
    f"POST {API}/selections/{{id}}/keep": Told(
        SELECTIONS,
        "Put the draft that was looked at in force",
        json(obj(SELECTION)),
        problems=["forbidden", *_CHANGED, "too-busy"],
        fields=_VERSION,
        required=["version"],
    ),
    f"POST {API}/selections/{{id}}/archive": _deed("Archive a selection: nothing is made of it any more"),
    f"POST {API}/selections/{{id}}/restore": _deed("Take a selection back into use"),
}
