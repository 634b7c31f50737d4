"""What the API tells of triage: outages, notices, incidents that are merged and split, what monitors tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from yinji.repair.incident import STATES, Rule
from yinji.repair.monitoring import MOST_ALERTS, SOURCES
from yinji.repair.notices import KINDS, LONGEST_TITLE
from yinji.repair.place import ID
from yinji.repair.report import SYMPTOMS

from infra.openapi.shapes import COUNT, MOMENT, TEXT, Schema, choice, many, maybe, obj
from infra.openapi.told import Answer, Told, json

API = "/api/repair"
TAG, OUTAGES = "triage of faults", "known outages"
INCIDENT: Schema = {"type": "string", "pattern": "^[0-9a-f]{16}$"}
NOTICE: Schema = {"type": "string", "pattern": "^[0-9]{10}-[0-9a-f]{12}$"}
PLACE: Schema = {"type": "string", "pattern": f"^(?:{ID.pattern})$"}
LOCAL: Schema = {
    "type": "string",
    "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?$",
    "description": "On the campus' clock unless an offset is told",
}
_TITLE = obj({"zh": TEXT, "en": TEXT})
_WITHIN = obj({"zh": many(TEXT), "en": many(TEXT)})
_KNOWN = obj(
    {
        "id": TEXT,
        "kind": choice("outage", *KINDS),
        "title": {**maybe(_TITLE), "description": "Of what is planned or announced"},
        "place": {**maybe(PLACE), "description": "The place or device it is of; null: everywhere"},
        "place_title": maybe(_TITLE),
        "within": maybe(_WITHIN),
        "building": maybe(PLACE),
        "since": MOMENT,
        "until": maybe(MOMENT),
        "symptom": maybe(choice(*SYMPTOMS)),
        "state": maybe(choice(*STATES)),
        "people": COUNT,
    }
)
_NOTICE = obj(
    {
        "id": NOTICE,
        "kind": choice(*KINDS),
        "title": _TITLE,
        "place": maybe(PLACE),
        "since": MOMENT,
        "until": MOMENT,
        "ended_at": maybe(MOMENT),
        "by": TEXT,
    }
)
_SORTED = obj(
    {
        "id": INCIDENT,
        "cause": TEXT,
        "rule": choice(*get_args(Rule)),
        "state": choice(*STATES),
        "priority": {"type": "integer", "minimum": 1, "maximum": 4},
        "reports": COUNT,
        "people": COUNT,
        "version": COUNT,
    }
)
_VERSION: Mapping[str, Schema] = {"version": {**COUNT, "description": "Of the incident as it was seen"}}
_MOVED = ("forbidden", "not-found", "invalid-form", "incident-moved-on", "incident-too-large", "too-busy")
_TAKEN = obj(
    {
        "taken": many(
            obj(
                {
                    "device": TEXT,
                    "outcome": choice("opened", "joined", "recovered", "known", "maintenance"),
                }
            )
        )
    }
)

_ALERT: Schema = {
    "type": "object",
    "properties": {
        "status": choice("firing", "resolved"),
        "labels": {"type": "object", "additionalProperties": TEXT},
        "startsAt": {"type": "string", "minLength": 1},
        "fingerprint": TEXT,
    },
    "required": ["status", "labels", "startsAt"],
}
_ALERTS: Schema = {
    "type": "object",
    "description": "Alertmanager, version 4",
    "properties": {"alerts": {"type": "array", "items": _ALERT, "minItems": 1, "maxItems": MOST_ALERTS}},
    "required": ["alerts"],
}
_EVENT: Schema = {
    "type": "object",
    "description": "Zabbix: the parameters of a media type",
    "properties": {
        "event_id": {"type": "string", "minLength": 1},
        "event_source": {"const": "0"},
        "event_value": choice("0", "1"),
        "event_update_status": choice("0", "1"),
        "host": TEXT,
        "symptom": TEXT,
    },
    "required": ["event_id", "event_value", "host"],
}

PLACES: Mapping[str, Schema] = {"incident": INCIDENT, "notice": NOTICE, "source": choice(*SOURCES)}
ROUTES: Mapping[str, Told | Mapping[str, Told]] = {
    f"GET {API}/outages": Told(
        OUTAGES,
        "What everybody is told of: announcements, outages that trouble many, planned maintenance of the next week",
        {
            200: Answer(
                {"application/json": obj({"as_of": MOMENT, "outages": many(_KNOWN)})},
                {"Cache-Control": "public, max-age=10"},
            )
        },
    ),
    f"GET {API}/notices": Told(
        OUTAGES,
        "Maintenance and announcements that are not over",
        json(obj({"notices": many(_NOTICE)})),
        problems=["forbidden"],
    ),
    f"POST {API}/notices": Told(
        OUTAGES,
        "Plan maintenance, or announce something",
        json(_NOTICE),
        problems=["forbidden", "invalid-form"],
        fields={
            "kind": choice(*KINDS),
            "title_zh": {"type": "string", "minLength": 1, "maxLength": LONGEST_TITLE},
            "title_en": {"type": "string", "minLength": 1, "maxLength": LONGEST_TITLE},
            "cause": {**PLACE, "description": "The place or device; an announcement without one is for everybody"},
            "since": {**LOCAL, "description": "When it begins; now unless told"},
            "until": LOCAL,
        },
        required=["kind", "title_zh", "title_en", "until"],
        keyed=True,
    ),
    f"POST {API}/notices/{{notice}}/end": Told(
        OUTAGES, "Let a notice be over now", json(_NOTICE), problems=["forbidden", "not-found"]
    ),
    f"POST {API}/incidents/{{incident}}/merge": Told(
        TAG,
        "Let an incident be another, with all its reports; the answer is that one",
        json(_SORTED),
        problems=[*_MOVED, "incident-of-another-building"],
        fields={"into": INCIDENT, **_VERSION},
        required=["into", "version"],
        keyed=True,
    ),
    f"POST {API}/incidents/{{incident}}/split": Told(
        TAG,
        "Let some reports of an incident be one of their own; the answer is that one. Reports may be chosen by fields "
        "report.<id> instead",
        json(_SORTED),
        problems=_MOVED,
        fields={"reports": {**TEXT, "description": "Ids of reports, with commas"}, **_VERSION},
        required=["version"],
        keyed=True,
    ),
    f"POST {API}/monitor/{{source}}": Told(
        TAG,
        "What a monitor tells of devices, with its secret as a bearer: the webhook of Prometheus Alertmanager, or of "
        "Zabbix",
        json(_TAKEN),
        problems=["not-the-monitor", "not-found", "unknown-device", "too-often", "too-busy"],
        document={"anyOf": [_ALERTS, _EVENT]},
        back=False,
    ),
}
