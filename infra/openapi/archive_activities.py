"""Rows of the catalogue: activities, who comes, and the code on a screen."""

from __future__ import annotations

from collections.abc import Mapping

from yinji.archive.catalogue import MOST_MINUTES, MOST_PLACES, NUMBER, STATES, announced_kinds
from yinji.archive.kinds import dimensions
from yinji.platform.sheets import CSV, XLSX

from infra.openapi.shapes import COUNT, MOMENT, SCHOOL, STUDENT, TEXT, TRUTH, Schema, choice, many, maybe, obj
from infra.openapi.told import Told, file, json

ACTIVITIES = "activities"
PATH = "/api/archive/activities"
NUMBER_OF: Schema = {"type": "string", "pattern": f"^{NUMBER.pattern}$"}
OF_SCHOOL: Schema = {"anyOf": [SCHOOL, {"const": ""}], "description": "Empty: the whole university's"}
ACTIVITY = obj(
    {
        "id": NUMBER_OF,
        "kind": choice(*announced_kinds()),
        "title": TEXT,
        "begins_at": MOMENT,
        "ends_at": MOMENT,
        "minutes": COUNT,
        "organiser": TEXT,
        "school": OF_SCHOOL,
        "place": TEXT,
        "dimension": choice(*dimensions()),
        "capacity": COUNT | {"description": "0: no limit"},
        "about": TEXT,
        "state": choice(*STATES),
        "version": COUNT,
        "taken": COUNT,
        "waiting": COUNT,
    }
)
GUEST = obj(
    {
        "student": STUDENT,
        "name": TEXT,
        "school": TEXT,
        "class_name": TEXT,
        "standing": choice("held", "waiting", ""),
        "at": maybe(MOMENT),
        "came": TRUTH,
    }
)
_FIELDS: Mapping[str, Schema] = {
    "kind": choice(*announced_kinds()),
    "title": {"type": "string", "minLength": 1, "maxLength": 200},
    "organiser": {"type": "string", "maxLength": 100},
    "school": OF_SCHOOL,
    "place": {"type": "string", "maxLength": 100},
    "begins_at": {**TEXT, "description": "ISO 8601; on the campus' clock unless it names a zone"},
    "minutes": {"type": "integer", "minimum": 1, "maximum": MOST_MINUTES},
    "dimension": choice("", *dimensions()),
    "capacity": {"type": "integer", "minimum": 0, "maximum": MOST_PLACES},
    "about": {"type": "string", "maxLength": 2000},
}
_FOUND = ("forbidden", "not-found")
_STANDING = obj({"activity": NUMBER_OF, "standing": choice("held", "waiting", ""), "ahead": COUNT})
_SIGNING = (*_FOUND, "activity-cancelled", "sign-up-closed", "key-reused", "too-busy")

ROWS: Mapping[str, Told | Mapping[str, Told]] = {
    f"GET {PATH}": Told(
        ACTIVITIES,
        "What is coming, or all of a term",
        json(obj({"activities": many(ACTIVITY)})),
        problems=["forbidden", "malformed-request"],
        query={
            "term": {"type": "string", "pattern": "^20[0-9]{2}-20[0-9]{2}-[12]$"},
            "kind": choice(*announced_kinds()),
            "dimension": choice(*dimensions()),
        },
    ),
    f"POST {PATH}": Told(
        ACTIVITIES,
        "Announce an activity",
        json(ACTIVITY),
        problems=["forbidden", "invalid-form", "too-busy"],
        fields=_FIELDS,
        required=["kind", "title", "begins_at", "minutes"],
        keyed=True,
    ),
    f"GET {PATH}/{{activity}}": Told(ACTIVITIES, "One activity", json(ACTIVITY), problems=_FOUND),
    f"POST {PATH}/{{activity}}/change": Told(
        ACTIVITIES,
        "Change an activity; what is not sent stays as it is",
        json(ACTIVITY),
        problems=[
            *_FOUND,
            "invalid-form",
            "changed-meanwhile",
            "activity-cancelled",
            "activity-over",
            "too-busy",
        ],
        fields={**_FIELDS, "version": COUNT | {"description": "The one that was seen"}},
        required=["version"],
    ),
    f"POST {PATH}/{{activity}}/cancel": Told(
        ACTIVITIES, "Cancel an activity", json(ACTIVITY), problems=[*_FOUND, "activity-over", "too-busy"]
    ),
    f"POST {PATH}/{{activity}}/sign-up": Told(
        ACTIVITIES,
        "Sign up, or stand in line when every place is taken",
        json(_STANDING),
        problems=[*_SIGNING, "not-enrolled"],
        keyed=True,
    ),
    f"POST {PATH}/{{activity}}/give-back": Told(
        ACTIVITIES,
        "Give a place back; whoever waited longest gets it",
        json(_STANDING),
        problems=_SIGNING,
        keyed=True,
    ),
    f"GET {PATH}/{{activity}}/sign-ups": Told(
        ACTIVITIES,
        "Who signed up, and who came",
        json(obj({"activity": NUMBER_OF, "guests": many(GUEST)})),
        problems=[*_FOUND, "look-not-noted"],
    ),
    f"GET {PATH}/{{activity}}/sign-ups/{{file}}": {
        f"sign-ups.{kind}": Told(
            ACTIVITIES,
            "Who signed up, and who came, as a file for spreadsheets",
            {200: file(media_type, "The list, in the reader's language.")},
            problems=[*_FOUND, "look-not-noted", "too-often"],
        )
        for kind, media_type in (("csv", CSV), ("xlsx", XLSX))
    },
    f"GET {PATH}/{{activity}}/check-in-code": Told(
        ACTIVITIES,
        "The code that its screen shows just now",
        json(obj({"address": {"type": "string", "format": "uri"}, "image": TEXT, "came": COUNT})),
        problems=[*_FOUND, "check-in-closed"],
    ),
    "POST /api/archive/check-in/{token}": Told(
        ACTIVITIES,
        "Check in by a scanned code",
        json(obj({"activity": NUMBER_OF, "title": TEXT, "again": TRUTH})),
        problems=[
            "forbidden",
            "check-in-code-wrong",
            "check-in-code-old",
            "check-in-ticket-used",
            "check-in-closed",
            "not-enrolled",
        ],
    ),
}
