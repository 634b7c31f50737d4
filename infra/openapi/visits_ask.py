"""What the API tells of visits, for whoever asks for one and follows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from yinji.visits import service
from yinji.visits.asking import Standing
from yinji.visits.changing import DEEDS
from yinji.visits.visit import FACES, LONGEST_ADDRESS, LONGEST_NAME, LONGEST_WORDS, STATES, WISHES

from infra.openapi.shapes import COUNT, DAY, TEXT, Schema, choice, many, maybe, obj, table
from infra.openapi.told import Told, file, json

API, ASKING = "/api/visits", "asking for visits"
COMMUNITY, WINDOW = choice(*service.communities()), choice(*service.windows())
TICKET: Schema = {**TEXT, "description": "What the page gave out; GET .../days/{community} gives out another"}
LONGEST_PHONE, LONGEST_MAIL = 20, 254
_STANDS: Mapping[str, Schema] = {
    "state": choice(*STATES),
    "day": DAY,
    "window": maybe(WINDOW),
    "before": maybe({**COUNT, "description": "How many are before it, while it waits"}),
}
_MARK: Schema = {**TEXT, "description": "Anything says yes"}
_PERSON: Mapping[str, Schema] = {
    "name": {"type": "string", "maxLength": LONGEST_NAME},
    "phone": {"type": "string", "maxLength": LONGEST_PHONE},
    "community": COMMUNITY,
    "address": {"type": "string", "maxLength": LONGEST_ADDRESS},
    **{f"trouble.{one}": _MARK for one in service.troubles()},
    "words": {"type": "string", "maxLength": LONGEST_WORDS, "description": "Needed when no trouble is chosen"},
    "mail": {"type": "string", "maxLength": LONGEST_MAIL},
    "wish": choice(*WISHES),
    "day": {**DAY, "description": "A form of a page may leave it out: it is led on to the choice of one"},
    "again": {**TEXT, "description": "The link of a visit that this one follows up"},
    "language": choice("zh", "en"),
}
_RELATIVE: Mapping[str, Schema] = {
    "asker": choice("person", "relative"),
    "relative_name": {"type": "string", "maxLength": LONGEST_NAME},
    "relative_phone": {"type": "string", "maxLength": LONGEST_PHONE},
    "relative_mail": {"type": "string", "maxLength": LONGEST_MAIL},
    "consent": {**_MARK, "description": "That the person agrees; a relative has to say so"},
}
_NEEDED = ("name", "phone", "community", "address")
_REFUSALS = ("invalid-form", "day-not-open", "not-found", "too-often")
PLACES: Mapping[str, Schema] = {"community": COMMUNITY}
ROWS: Mapping[str, Told | Mapping[str, Told]] = {
    f"POST {API}": Told(
        ASKING,
        "Ask for a visit",
        json(obj({**_STANDS, "follow": {**TEXT, "description": "The page that tells how it stands"}})),
        problems=["page-unknown", "page-over", *_REFUSALS],
        fields={"ticket": TICKET, **_PERSON, **_RELATIVE},
        required=["ticket", *_NEEDED],
        keyed=True,
        leads=True,
    ),
    f"POST {API}/desk/ask": Told(
        ASKING,
        "Ask for a visit for somebody who calls",
        json(obj({**_STANDS, "follow": {**TEXT, "description": "The page that tells how it stands"}})),
        problems=["forbidden", *_REFUSALS],
        fields=_PERSON,
        required=_NEEDED,
        keyed=True,
        leads=True,
    ),
    f"GET {API}/days/{{community}}": Told(
        ASKING,
        "The coming days of a community, what is free on them, and a ticket to ask for one",
        json(
            obj(
                {
                    "community": COMMUNITY,
                    "ticket": TICKET,
                    "suggested": maybe(DAY),
                    "days": many(
                        obj(
                            {
                                "day": DAY,
                                "standing": choice(*get_args(Standing)),
                                "why": TEXT,
                                "waiting": COUNT,
                                "free": table(COUNT, WINDOW),
                            }
                        )
                    ),
                }
            )
        ),
        problems=["not-found", "too-often"],
    ),
    f"POST {API}/v/{{link}}/{{deed}}": {
        deed: Told(
            ASKING,
            told,
            json(obj(_STANDS)),
            problems=["not-found", "too-busy", "too-often", *problems],
            fields=fields,
            required=required,
            keyed=True,
        )
        for deed, told, problems, fields, required in zip(
            DEEDS,
            ("Cancel a visit", "Move a visit to another day", "Say how a visit was"),
            (
                ("visit-over", "visit-closed"),
                ("visit-over", "visit-closed", "day-full", "day-not-open", "invalid-form"),
                ("visit-not-done", "rated-already", "invalid-form"),
            ),
            (
                {},
                {
                    "day": DAY,
                    "wish": choice(*WISHES),
                    "wait": {**_MARK, "description": "To wait when no place is free"},
                },
                {"face": choice(*FACES)},
            ),
            ([], ["day"], ["face"]),
            strict=True,
        )
    },
    f"GET {API}/v/{{link}}/visit.ics": Told(
        ASKING,
        "A visit as a file for calendars",
        {200: file("text/calendar; charset=utf-8", "The visit (RFC 5545).")},
        problems=["not-found", "visit-waits", "too-often"],
    ),
}
