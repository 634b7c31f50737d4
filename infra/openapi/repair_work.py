"""What the API tells of faults as technicians work on them, and of their rota."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from yinji.repair.causes import causes
from yinji.repair.clocks import KINDS as CLOCKS
from yinji.repair.clocks import Standing
from yinji.repair.incident import STATES, Rule
from yinji.repair.report import SYMPTOMS, Source
from yinji.repair.rota import SKILLS
from yinji.repair.work import LONGEST_NOTE, WHYS

from infra.openapi.repair_report import PHOTO, UPLOAD
from infra.openapi.shapes import COUNT, DAY, MOMENT, STAFF, TEXT, TRUTH, Schema, choice, many, maybe, obj
from infra.openapi.told import Told, json, leads

API = "/api/repair"
FAULTS, ROTA = "faults", "rota of technicians"
INCIDENT: Schema = {"type": "string", "pattern": "^[0-9A-Za-z_-]{1,64}$"}
_WEEKDAY: Schema = {"type": "integer", "minimum": 0, "maximum": 6, "description": "0 is Monday"}
_CLOCK = obj(
    {
        "kind": choice(*CLOCKS),
        "standing": choice(*get_args(Standing)),
        "minutes_left": {"type": "integer", "description": "Of working time; less than none when it ran out"},
        "due": {**maybe(MOMENT), "description": "null while it stands still"},
    }
)
_INCIDENT: Mapping[str, Schema] = {
    "id": INCIDENT,
    "building": TEXT,
    "area": TEXT,
    "cause": {**TEXT, "description": "The place or device it is taken to be of"},
    "symptom": choice(*SYMPTOMS),
    "rule": choice(*get_args(Rule)),
    "state": choice(*STATES),
    "priority": {"type": "integer", "minimum": 1, "maximum": 4, "description": "1 is the most urgent"},
    "reports": COUNT,
    "people": COUNT,
    "places": many(TEXT),
    "opened_at": MOMENT,
    "changed_at": MOMENT,
    "version": COUNT,
    "technician": maybe(TEXT),
    "reopened": COUNT,
    "found": maybe(choice(*causes())),
    "note": maybe(TEXT),
    "merged_into": maybe(INCIDENT),
    "escalated": many(choice(*CLOCKS)),
    "photo": {**TRUTH, "description": "Whether there is one of what was mended"},
    "clocks": many(_CLOCK),
}
_REPORT = obj(
    {
        "id": TEXT,
        "place": TEXT,
        "symptom": choice(*SYMPTOMS),
        "text": maybe(TEXT),
        "check": maybe(TEXT),
        "contact": {**maybe(TEXT), "description": "For technicians, until the incident is over"},
        "source": choice(*get_args(Source)),
        "filed_at": MOMENT,
        "photo": TRUTH,
    }
)
_TECHNICIAN = obj(
    {
        "staff": TEXT,
        "name": TEXT,
        "areas": many(TEXT),
        "skills": many(choice(*SKILLS)),
        "weekdays": many(_WEEKDAY),
        "days_on": many(DAY),
        "days_off": many(DAY),
        "on_duty": {**TRUTH, "description": "Today"},
    }
)
_MOVED = ("forbidden", "not-found", "incident-moved-on", "incident-taken")
_SEEN: Schema = {**COUNT, "description": "The version of the incident that was seen"}


def _deed(summary: str, *problems: str, required: tuple[str, ...] = (), **fields: Schema) -> Told:
    return Told(
        FAULTS,
        summary,
        json(obj(_INCIDENT)),
        problems=[*_MOVED, *problems],
        fields={"version": _SEEN, **fields},
        required=["version", *required],
        keyed=True,
    )


_DEEDS: Mapping[str, Told] = {
    "take": _deed("Take a fault on"),
    "travel": _deed("Say that one is on the way"),
    "need-access": _deed("Say that one cannot get in: its clock stands still"),
    "need-parts": _deed("Say that parts are needed: its clock stands still"),
    "go-on": _deed("Go on after it has waited"),
    "fix": _deed(
        "Say that it is mended, and what it was",
        "invalid-form",
        required=("cause",),
        cause=choice(*causes()),
        note={"type": "string", "maxLength": LONGEST_NOTE, "description": "For those who reported it"},
    ),
    "hand-over": _deed(
        "Hand it over to a colleague, or back to the queue",
        "invalid-form",
        "no-such-colleague",
        required=("why",),
        to={**TEXT, "description": "A staff id on the rota; nothing for the queue"},
        why=choice(*WHYS),
    ),
    "close": _deed("Close it without work"),
}
_DUTY: Mapping[str, Schema] = {
    "areas": {**TEXT, "description": "With commas between them"},
    **{f"skill.{skill}": {**TEXT, "description": "yes: they know it"} for skill in SKILLS},
    **{f"weekday.{day}": {**TEXT, "description": "yes: they are usually on duty; 0 is Monday"} for day in range(7)},
}
_CHANGED = ("forbidden", "invalid-form", "rota-moved-on")

PLACES: Mapping[str, Schema] = {"incident": INCIDENT}
ROUTES: Mapping[str, Told] = {
    f"POST {API}/incidents/{{incident}}/photo": Told(
        FAULTS,
        "Be let to upload a photo of what was mended",
        UPLOAD,
        problems=["forbidden", "not-found", "upload-type", "upload-too-large"],
        fields=PHOTO,
        required=list(PHOTO),
        back=False,
    ),
    f"GET {API}/incidents/{{incident}}/photo": Told(
        FAULTS,
        "The photo of what was mended",
        leads("To the picture, under an address that is good for a minute."),
        problems=["forbidden", "not-found"],
    ),
    f"GET {API}/incidents": Told(
        FAULTS,
        "The faults that are open",
        json(obj({"incidents": many(obj(_INCIDENT))})),
        problems=["forbidden"],
        query={"area": {**TEXT, "description": "Of an area only"}},
    ),
    f"GET {API}/incidents/{{incident}}": Told(
        FAULTS,
        "A fault, what was reported, and what happened",
        json(
            obj(
                {
                    **_INCIDENT,
                    "filed": many(_REPORT),
                    "history": many(obj({"what": TEXT, "who": TEXT, "at": MOMENT})),
                }
            )
        ),
        problems=["forbidden", "not-found"],
    ),
    **{f"POST {API}/incidents/{{incident}}/{deed}": told for deed, told in _DEEDS.items()},
    f"GET {API}/rota": Told(
        ROTA, "Who is on the rota", json(obj({"technicians": many(_TECHNICIAN)})), problems=["forbidden"]
    ),
    f"POST {API}/rota": Told(
        ROTA,
        "Put somebody on the rota, or say what they do",
        json(_TECHNICIAN),
        problems=[*_CHANGED, "no-such-colleague"],
        fields={"staff": STAFF, **_DUTY},
        required=["staff", "areas"],
    ),
    f"POST {API}/rota/{{staff}}": Told(
        ROTA,
        "Say what somebody does",
        json(_TECHNICIAN),
        problems=[*_CHANGED, "no-such-colleague"],
        fields=_DUTY,
        required=["areas"],
    ),
    f"POST {API}/rota/{{staff}}/day": Told(
        ROTA,
        "Say of a single day that somebody is, or is not, on duty",
        json(_TECHNICIAN),
        problems=[*_CHANGED, "not-found"],
        fields={"day": DAY, "duty": choice("on", "off", "usual")},
        required=["day", "duty"],
    ),
    f"POST {API}/rota/{{staff}}/leave": Told(
        ROTA, "Take somebody off the rota", json(obj({"staff": TEXT})), problems=["forbidden"]
    ),
}
