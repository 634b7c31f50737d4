"""What the API tells of visits to the communities' offices and the network centre: days, what is done to them and to
visits, plans, figures."""

from __future__ import annotations

from collections.abc import Mapping

from yinji.clearance.exports import KINDS
from yinji.platform.sheets import CSV, XLSX
from yinji.visits import service
from yinji.visits.desk import LONGEST_REASON
from yinji.visits.visit import ASKERS, FACES, STATES, WISHES

from infra.openapi.shapes import COUNT, DAY, MOMENT, STAFF, TEXT, TRUTH, Schema, choice, many, maybe, obj, table
from infra.openapi.told import Told, file, json

API = "/api/visits/desk"
VISITS, DAYS, YEAR = "visits", "days of visits", "year of visits"
COMMUNITY, WINDOW = choice(*service.communities()), choice(*service.windows())
VISIT: Schema = {"type": "string", "pattern": "^[0-9a-f]{24}$"}
PLACES: Mapping[str, Schema] = {
    "visit": VISIT,
    "community": COMMUNITY,
    "day": DAY,
    "calendar_year": {"type": "string", "pattern": "^20[0-9]{2}$"},
}
_TROUBLE = choice(*service.troubles())
_VISIT: Mapping[str, Schema] = {
    "id": VISIT,
    "state": choice(*STATES),
    "community": COMMUNITY,
    "day": DAY,
    "wish": choice(*WISHES),
    "window": maybe(WINDOW),
    "technician": maybe(TEXT),
    "name": TEXT,
    "phone": TEXT,
    "address": TEXT,
    "relative": maybe(obj({"name": TEXT, "phone": TEXT})),
    "troubles": many(_TROUBLE),
    "words": maybe(TEXT),
    "asker": choice(*ASKERS),
    "asked_at": {**MOMENT, "description": "Its turn among those who wait for the same day"},
    "reminded": {**TRUTH, "description": "Whether they were told of the day before"},
    "version": COUNT,
}
_HISTORY = many(obj({"what": TEXT, "who": TEXT, "at": MOMENT, "told": table(TEXT)}))
_DAY: Mapping[str, Schema] = {
    "community": COMMUNITY,
    "day": DAY,
    "origin": choice("usual", "extra"),
    "closed": {**maybe(TEXT), "description": "Why nobody comes"},
    "by_hand": {**TRUTH, "description": "Whether its places follow the plans no more"},
    "places": many(obj({"technician": TEXT, "window": WINDOW, "most": COUNT})),
    "booked": COUNT,
    "free": COUNT,
    "version": COUNT,
}
_PLAN = obj(
    {
        "staff": TEXT,
        "name": TEXT,
        "places": many(obj({"community": COMMUNITY, "window": WINDOW, "most": COUNT})),
        "version": COUNT,
    }
)
_SEEN: Schema = {**COUNT, "description": "The version of the visit that was seen"}
_PLACES_OF_A_DAY: Schema = {**TEXT, "description": "By `place.<technician>.<window>`: how many visits"}


def _deed(summary: str, *problems: str, required: tuple[str, ...] = (), **fields: Schema) -> Told:
    return Told(
        VISITS,
        summary,
        json(obj(_VISIT)),
        problems=["forbidden", "not-found", "invalid-form", "visit-over", "visit-moved-on", "too-busy", *problems],
        fields={"version": _SEEN, **fields},
        required=["version", *required],
        keyed=True,
    )


def _turn(summary: str, *required: str, **fields: Schema) -> Told:
    problems = ["forbidden", "not-found", "day-not-open", "too-busy", *(["invalid-form"] if fields else [])]
    return Told(DAYS, summary, json(obj(_DAY)), problems=problems, fields=fields, required=required)


_TURNS: Mapping[str, Told] = {
    "close": _turn(
        "Close a day: everybody on it goes to the next one",
        "reason",
        reason={"type": "string", "maxLength": LONGEST_REASON, "description": "Told to those who had a place"},
    ),
    "open": _turn("Open a day that was closed"),
    "places": _turn("Set the places of a day by hand", **{"place.N001.morning": _PLACES_OF_A_DAY}),
    "usual": _turn("Let the places of a day follow the plans again"),
}
_DEEDS: Mapping[str, Told] = {
    "move": _deed(
        "Move a visit to another day or window",
        "day-full",
        "day-not-open",
        required=("day",),
        day=DAY,
        wish=choice(*WISHES),
        wait={**TEXT, "description": "yes: wait there when it is full"},
    ),
    "cancel": _deed("Cancel a visit"),
    "remind": _deed("Say that they were told of tomorrow"),
}
_IN_A_PLAN: Mapping[str, Schema] = {
    f"place.{community}.{window}": {**TEXT, "description": "How many visits"}
    for community in service.communities()
    for window in service.windows()
}
_PART = obj(
    {
        **dict.fromkeys(("asked", "done", "missed", "cancelled", "open", "people", "again", "solved"), COUNT),
        "hours": {"type": "number", "minimum": 0},
        "days_waited": maybe({"type": "number", "minimum": 0}),
        "troubles": table(COUNT, _TROUBLE),
        "faces": table(COUNT, choice(*FACES)),
    }
)

ROUTES: Mapping[str, Told | Mapping[str, Told]] = {
    f"GET {API}": Told(
        DAYS,
        "The days to come, and what needs somebody",
        json(
            obj(
                {
                    "days": many(obj({**_DAY, "waiting": COUNT, "over": COUNT})),
                    **dict.fromkeys(("without", "down", "to_call"), many(obj(_VISIT))),
                }
            )
        ),
        problems=["forbidden"],
    ),
    f"GET {API}/days/{{community}}/{{day}}": Told(
        DAYS,
        "A day with its visits",
        json(obj({**_DAY, "visits": many(obj(_VISIT)), "to_call": many(VISIT)})),
        problems=["forbidden", "not-found"],
    ),
    f"POST {API}/days": Told(
        DAYS,
        "Add a day",
        json(obj(_DAY)),
        problems=["forbidden", "invalid-form", "too-busy"],
        fields={"community": COMMUNITY, "day": DAY},
        required=["community", "day"],
    ),
    **{f"POST {API}/days/{{community}}/{{day}}/{turn}": told for turn, told in _TURNS.items()},
    f"GET {API}/visits/{{visit}}": Told(
        VISITS,
        "A visit, and what happened to it",
        json(obj({**_VISIT, "history": _HISTORY})),
        problems=["forbidden", "not-found"],
    ),
    **{f"POST {API}/visits/{{visit}}/{deed}": told for deed, told in _DEEDS.items()},
    f"GET {API}/plans": Told(
        DAYS, "Where technicians usually go", json(obj({"plans": many(_PLAN)})), problems=["forbidden"]
    ),
    f"POST {API}/plans": Told(
        DAYS,
        "Say where somebody usually goes",
        json(_PLAN),
        problems=["forbidden", "invalid-form", "no-such-colleague", "too-busy"],
        fields={"staff": STAFF, **_IN_A_PLAN},
        required=["staff"],
    ),
    f"POST {API}/plans/{{staff}}": Told(
        DAYS,
        "Say where somebody usually goes from now on",
        json(_PLAN),
        problems=["forbidden", "invalid-form", "no-such-colleague", "too-busy"],
        fields=_IN_A_PLAN,
    ),
    f"POST {API}/plans/{{staff}}/leave": Told(
        DAYS, "Forget where somebody usually goes", json(obj({"staff": TEXT})), problems=["forbidden"]
    ),
    "GET /api/visits/figures/{calendar_year}": Told(
        YEAR,
        "What a year was like; nobody is named",
        json(
            obj(
                {
                    "year": TEXT,
                    "whole": _PART,
                    "months": table(_PART),
                    "communities": table(_PART),
                    "cells": many(obj({"month": TEXT, "community": TEXT, **_PART["properties"]})),
                }
            )
        ),
        problems=["forbidden", "not-found"],
    ),
    "GET /api/visits/figures/{calendar_year}/{file}": {
        f"visits.{kind}": Told(
            YEAR,
            "What a year was like, as a file for spreadsheets",
            {200: file({"csv": CSV, "xlsx": XLSX}[kind], "By month and community, in the reader's language.")},
            problems=["forbidden", "not-found", "too-often"],
        )
        for kind in KINDS
    },
}
