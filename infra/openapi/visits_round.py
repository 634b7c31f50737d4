"""What the API tells of the rounds of technicians: what is written down at a door, the sheet, the calendar."""

from __future__ import annotations

from collections.abc import Mapping

from yinji.platform.strokes import HEIGHT, LONGEST_SIGNATURE, WIDTH
from yinji.visits import service
from yinji.visits.visit import (
    FACES,
    LONGEST_NAME,
    LONGEST_NOTE,
    LONGEST_PART,
    LONGEST_VISIT,
    LONGEST_WORDS,
    MOST_PARTS,
    STATES,
    WISHES,
)

from infra.openapi.shapes import COUNT, DAY, STAFF, TEXT, Schema, choice, maybe, obj
from infra.openapi.told import Told, file, json

API = "/api/visits"
ROUNDS = "rounds of visits"
VISIT: Schema = {"type": "string", "pattern": "^[0-9a-f]{24}$"}
_VISITED = obj(
    {
        "id": VISIT,
        "state": choice(*STATES),
        "version": COUNT,
        "follow_up": maybe(obj({"id": VISIT, "day": DAY, "state": choice(*STATES)})),
    }
)
_DONE = ("forbidden", "not-found", "visit-moved-on", "visit-not-yet", "visit-over", "too-busy")
_SEEN: Schema = {**COUNT, "description": "The version of the visit that was seen"}


def _deed(summary: str, *problems: str, required: tuple[str, ...] = (), **fields: Schema) -> Told:
    return Told(
        ROUNDS,
        summary,
        json(_VISITED),
        problems=[*_DONE, *problems],
        fields={"version": _SEEN, **fields},
        required=["version", *required],
        keyed=True,
    )


def _text(longest: int, description: str) -> Schema:
    return {"type": "string", "maxLength": longest, "description": description}


_RECORD: Mapping[str, Schema] = {
    "minutes": {"type": "integer", "minimum": 1, "maximum": LONGEST_VISIT},
    "solved": choice("yes", "no"),
    **{f"trouble.{id}": {**choice("yes"), "description": "It was dealt with"} for id in service.troubles()},
    "note": _text(LONGEST_NOTE, "What else there is to know"),
    "parts": _text(MOST_PARTS * (LONGEST_PART + 1), f"What was used, one a line, up to {MOST_PARTS}"),
    "signature": _text(
        LONGEST_SIGNATURE,
        f"Strokes as the path of an SVG of {WIDTH} x {HEIGHT}: only M and L, with whole points: M10 20L30 40",
    ),
    "signed": _text(LONGEST_NAME, "The name, typed in the place of a signature"),
    "face": {**choice(*FACES), "description": "How content they were"},
}

PLACES: Mapping[str, Schema] = {
    "visit": VISIT,
    "day": DAY,
    "calendar": {"type": "string", "pattern": "^[A-Z0-9]{2,16}-[0-9]{1,9}[.][A-Za-z0-9_-]{24}[.]ics$"},
}
ROUTES: Mapping[str, Told] = {
    f"POST {API}/round/{{visit}}/finish": _deed(
        "Write down what was done at a visit, or correct it until the end of the next day",
        "invalid-form",
        "record-closed",
        required=("minutes", "solved"),
        **_RECORD,
    ),
    f"POST {API}/round/{{visit}}/miss": _deed("Say that nobody was there"),
    f"POST {API}/round/{{visit}}/follow-up": _deed(
        "Ask for another visit of the same person; there is one at most",
        "invalid-form",
        "day-not-open",
        required=("day",),
        day=DAY,
        wish=choice(*WISHES),
        words=_text(LONGEST_WORDS, "What is left to do"),
    ),
    f"GET {API}/round/{{day}}/sheet.pdf": Told(
        ROUNDS,
        "The route of a technician on a day, to be printed in large type",
        {200: file("application/pdf", "The sheet.")},
        problems=["forbidden", "not-found", "too-often"],
        query={"technician": {**STAFF, "description": "Whose, for the office; a technician has their own"}},
    ),
    f"GET {API}/calendar/{{calendar}}": Told(
        ROUNDS,
        "A technician's round as a calendar, by its link with .ics behind it; it tells addresses, and of nobody",
        {200: file("text/calendar; charset=utf-8", "The calendar (RFC 5545).")},
        problems=["not-found", "too-often"],
        query={"language": choice("zh", "en")},
    ),
    f"POST {API}/calendar": Told(
        ROUNDS,
        "Replace the link of one's calendar: the one before leads nowhere from then on",
        json(obj({"address": TEXT, "turn": COUNT})),
        problems=["forbidden"],
        fields={"turn": {**COUNT, "description": "How often it had been replaced when it was seen"}},
        required=["turn"],
    ),
}
