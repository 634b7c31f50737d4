"""What the API tells of reports of network faults, for whoever scans a label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from yinji.clearance.evidence import MEDIA_TYPES
from yinji.repair.following import FACES, PARTS, WORDS
from yinji.repair.incident import STATES
from yinji.repair.labels import State
from yinji.repair.outages import Known
from yinji.repair.photos import KINDS, LARGEST
from yinji.repair.place import KINDS as KINDS_OF_PLACES
from yinji.repair.report import LATEST, LONGEST_CHECK, LONGEST_CONTACT, LONGEST_TEXT, SYMPTOMS, VERDICTS

from infra.openapi.shapes import COUNT, DAY, MOMENT, TEXT, Schema, choice, many, maybe, obj, table
from infra.openapi.told import Told, json, leads

API, REPORTING = "/api/repair", "reporting network faults"
LINK: Schema = {"type": "string", "minLength": 1, "maxLength": 100, "description": "As POST .../reports told it"}
TICKET: Schema = {**TEXT, "description": "What a page of a label gave out; GET .../places/{code} gives out another"}
REPORT: Schema = {"type": "string", "pattern": "^[0-9a-f]{24}$"}
SYMPTOM = choice(*SYMPTOMS)
UPLOAD = json(
    obj({"url": {"type": "string", "format": "uri"}, "fields": table(TEXT)}),
    "Where to post the photo, as the field `file` behind these.",
)
PHOTO: Mapping[str, Schema] = {
    "type": choice(*(MEDIA_TYPES[kind] for kind in KINDS)),
    "size": {"type": "integer", "minimum": 0, "maximum": LARGEST},
}
"""What is told of a photo that is to be uploaded."""
KINDS_OF_KNOWN = get_args(Known.__annotations__["kind"]) or ("outage", "maintenance", "announcement")
_KNOWN = obj(
    {
        "id": TEXT,
        "kind": choice(*KINDS_OF_KNOWN),
        "cause": {**TEXT, "description": "The place or device that it is of"},
        "symptom": maybe(SYMPTOM),
        "state": maybe(choice(*STATES)),
        "people": {**COUNT, "description": "Who reported it, each once"},
        "since": MOMENT,
        "until": maybe(MOMENT),
    }
)
_TITLE = obj({"zh": TEXT, "en": TEXT})
PLACES: Mapping[str, Schema] = {
    "link": LINK,
    "report": REPORT,
}
ROWS: Mapping[str, Told | Mapping[str, Told]] = {
    f"POST {API}/reports": Told(
        REPORTING,
        "Report what is wrong at a place",
        json(obj({"id": REPORT, "follow": {**TEXT, "description": "The page that tells how it stands"}})),
        problems=["ticket-unknown", "ticket-over", "invalid-form", "too-often"],
        fields={
            "ticket": TICKET,
            "symptom": SYMPTOM,
            "text": {"type": "string", "maxLength": LONGEST_TEXT},
            "contact": {"type": "string", "maxLength": LONGEST_CONTACT},
            "check": {"type": "string", "maxLength": LONGEST_CHECK, "description": "What a self check found, as JSON"},
            "ago": {
                "type": "string",
                "pattern": "^([0-9]{1,9})?$",
                "description": f"For how many seconds a phone kept it, {int(LATEST.total_seconds())} at most",
            },
            "reporter": {"type": "string", "maxLength": LONGEST_CONTACT, "description": "Tells phones apart"},
            "language": choice("zh", "en"),
        },
        required=["ticket", "symptom"],
        keyed=True,
        leads=True,
    ),
    f"POST {API}/solved": Told(
        REPORTING,
        "Count that the self check was enough",
        json(obj({"verdict": choice(*VERDICTS)})),
        problems=["ticket-unknown", "ticket-over", "invalid-form", "too-often"],
        fields={"ticket": TICKET, "verdict": choice(*VERDICTS)},
        required=["ticket", "verdict"],
        back=False,
    ),
    f"GET {API}/places/{{code}}": Told(
        REPORTING,
        "The place of a label, what is known to be wrong there, and a ticket to report more",
        json(
            obj(
                {
                    "place": TEXT,
                    "kind": choice(*KINDS_OF_PLACES),
                    "title": _TITLE,
                    "trail": table(many(TEXT), choice("zh", "en")),
                    "label": choice(*get_args(State)),
                    "ticket": TICKET,
                    "known": many(_KNOWN),
                }
            )
        ),
        problems=["label-unknown", "label-retired", "too-often"],
    ),
    f"POST {API}/follow/{{link}}/{{word}}": {
        word: Told(
            REPORTING,
            told,
            json(obj({"report": REPORT, "state": choice(*STATES), "reopened": COUNT})),
            problems=["not-found", "not-possible-now", "incident-moved-on", "too-busy", "too-often", *problems],
            fields=fields,
            required=list(fields),
            keyed=True,
        )
        for word, told, problems, fields in zip(
            WORDS,
            (
                "Say that it works again",
                "Say that it does not work yet",
                "Say how it went",
                "Say when somebody can open the door",
            ),
            ((), (), ("rated-already", "invalid-form"), ("invalid-form",)),
            ({}, {}, {"face": choice(*FACES)}, {"day": DAY, "part": choice(*PARTS)}),
            strict=True,
        )
    },
    f"POST {API}/photos/{{link}}": Told(
        REPORTING,
        "Be let to upload a photo to a report",
        UPLOAD,
        problems=["not-found", "upload-type", "upload-too-large", "too-often"],
        fields=PHOTO,
        required=list(PHOTO),
        back=False,
    ),
    f"GET {API}/photos/{{report}}": Told(
        REPORTING,
        "See the photo of a report",
        leads("To the picture, under an address that is good for a minute."),
        problems=["forbidden", "not-found"],
    ),
}
