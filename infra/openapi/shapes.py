"""What the API's answers look like, as JSON Schema. Objects are closed: a field more is another answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yinji.clearance import chain, definition, flow, university
from yinji.clearance.case import STATES
from yinji.clearance.evidence import MEDIA_TYPES, refusals
from yinji.identity.looks import WHATS
from yinji.identity.my_data import FORMAT
from yinji.identity.session import ROLES
from yinji.messages.model import KINDS, Topic
from yinji.platform import problem

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
TRUTH: Schema = {"type": "boolean"}
DAY: Schema = {"type": "string", "format": "date"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
STUDENT: Schema = {"type": "string", "pattern": "^([A-Z0-9]{6,16}|P-[A-Za-z0-9]{1,10}-[0-9]{2})$"}
STAFF: Schema = {"type": "string", "pattern": "^[A-Z0-9]{2,16}$"}
BATCH: Schema = {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{1,39}$"}
UPLOAD: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
HASH: Schema = {"type": "string", "pattern": "^([0-9a-f]{64})?$"}
SLOT: Schema = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$"}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def choice(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


SCHOOL, STEP, STATE = ref("School"), ref("Step"), ref("State")
FLOW = choice(*flow.TITLES)
TOPIC = choice(*Topic.__args__)


def obj(fields: Mapping[str, Schema], *, optional: Sequence[str] = ()) -> Schema:
    """An object with exactly these `fields`, of which some are `optional`."""
    return {
        "type": "object",
        "properties": dict(fields),
        "required": [name for name in fields if name not in optional],
        "additionalProperties": False,
    }


def many(items: Schema) -> Schema:
    return {"type": "array", "items": items}


LOOK = obj(
    {
        "day": DAY,
        "what": choice(*WHATS),
        "role": choice(*ROLES),
        "minutes": many({"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}$"}),
        "times": COUNT,
        **dict.fromkeys(("who", "name", "school", "department", "acts_for", "step"), TEXT),
    },
    optional=("who", "name", "school", "department", "acts_for", "step"),
)
MY_DATA = obj(
    {
        "format": {"const": FORMAT},
        "at": MOMENT,
        "person": TEXT,
        "graduate": {"type": ["object", "null"]},
        "facts": {"type": ["object", "null"]},
        "forms": {"type": ["object", "null"]},
        "account": {"type": "object"},
        "messages": {"type": "object"},
        "office_messages_read": many({"type": "object"}),
        "archive": {"type": ["object", "null"]},
        "editions": {"type": "object"},
        "lists_taken": many({"type": "object"}),
        "seen": many(LOOK),
    }
)


def table(values: Schema, keys: Schema | None = None) -> Schema:
    """An object of whichever `keys`, with such `values`."""
    return {"type": "object", "additionalProperties": values} | ({"propertyNames": keys} if keys else {})


def maybe(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


QUESTION = obj(
    {
        "name": TEXT,
        "required": TRUTH,
        "schema": {"type": "object"},
        "days_back": COUNT,
        "evidence": obj({"types": many(choice(*MEDIA_TYPES)), "largest_mb": COUNT}),
    },
    optional=["days_back", "evidence"],
)
STEP_OF_CASE = obj(
    {
        "id": STEP,
        "title": TEXT,
        "office": TEXT,
        "state": STATE,
        "turn": choice("student", "office", "feed", "nobody"),
        "version": COUNT,
        "since": MOMENT,
        "reasons": many(obj({"code": TEXT, "params": table(TEXT), "text": TEXT})),
        "waits_for": many(TEXT),
        "slot": maybe(SLOT),
        "secrets": table(TEXT),
        "actions": many(obj({"id": TEXT, "bulk": TRUTH, "fields": many(ref("Question"))})),
    }
)
CERTIFICATE = obj({"code": TEXT, "issued_at": MOMENT})
CASE = obj(
    {
        "student": STUDENT,
        "name": TEXT,
        "school": SCHOOL,
        "flow": FLOW,
        "batch": TEXT,
        "deadline": DAY,
        "version": COUNT,
        "finished": TRUTH,
        "certificate": maybe(CERTIFICATE),
        "events": COUNT,
        "steps": many(ref("StepOfCase")),
    }
)
ROW = obj(
    {
        "student": STUDENT,
        "name": TEXT,
        "flow": FLOW,
        "deadline": DAY,
        "version": COUNT,
        "left": COUNT,
        "certified": TRUTH,
        "steps": table(STATE, STEP),
    }
)
WAITING = obj(
    {
        "student": STUDENT,
        "name": TEXT,
        "school": SCHOOL,
        "step_version": COUNT,
        "since": MOMENT,
        "answers": table(TEXT),
    }
)
BATCH_TOLD = {"id": BATCH, "title": obj({"zh": TEXT, "en": TEXT}), "opens_on": DAY, "deadline": DAY}
PART = obj({"cases": COUNT, "finished": COUNT, "in_time": COUNT})
REPORT = {
    "whole": PART,
    "withdrawn": COUNT,
    "extended": COUNT,
    "flows": table(PART, FLOW),
    "schools": table(PART, SCHOOL),
    "steps": table(obj({"cases": COUNT, "left": COUNT, "blocked": COUNT, "waived": COUNT}), STEP),
}
EVENT = obj(
    {
        "key": TEXT,
        "what": TEXT,
        "who": TEXT,
        "role": choice(*ROLES, "system"),
        "at": MOMENT,
        "version": COUNT,
        "step": STEP,
        "why": TEXT,
        "fingerprint": TEXT,
        "evidence": {"type": "object"},
        "states": table(STATE, STEP),
        "hash": HASH,
    },
    optional=["step", "why", "fingerprint", "evidence", "states", "hash"],
)
ANCHOR = obj(
    {
        "date": DAY,
        "at": MOMENT,
        "cases": COUNT,
        "root": HASH,
        "previous": maybe(HASH),
        "previous_date": maybe(DAY),
    }
)
HISTORY = obj(
    {
        "format": {"const": chain.FORMAT},
        "student": STUDENT,
        "exported_at": MOMENT,
        "head": obj({"version": COUNT, "chain": HASH}),
        "events": many(ref("Event")),
        "witness": maybe(
            obj(
                {
                    "anchor": ref("Anchor"),
                    "version": COUNT,
                    "chain": HASH,
                    "way": many(
                        {
                            "type": "array",
                            "prefixItems": [choice("left", "right"), HASH],
                            "items": False,
                            "minItems": 2,
                        }
                    ),
                }
            )
        ),
    }
)
UPLOAD_BEGUN = obj({"id": UPLOAD, "url": {"type": "string", "format": "uri"}, "fields": table(TEXT)})
UPLOAD_STANDS = obj(
    {
        "id": UPLOAD,
        "step": STEP,
        "field": TEXT,
        "status": choice("expected", "accepted", "refused"),
        "type": choice(*MEDIA_TYPES.values()),
        "size": COUNT,
        "reason": obj({"code": choice(*refusals()), "text": TEXT}),
    },
    optional=["type", "size", "reason"],
)
REFUSAL = obj({"code": TEXT, "zh": TEXT, "en": TEXT, "line": COUNT, "field": TEXT}, optional=["line", "field"])
_PREVIEWED = {"step": STEP, "at": MOMENT, "by": TEXT, "framed": TRUTH, "id": TEXT, "key": TEXT}
PREVIEW = {
    "oneOf": [
        obj(_PREVIEWED | {"errors": many(REFUSAL) | {"minItems": 1}}),
        obj(
            _PREVIEWED
            | {"errors": many(REFUSAL) | {"maxItems": 0}, "as_of": MOMENT}
            | dict.fromkeys(("rows", "unchanged", "news", "absent", "known", "changing"), COUNT)
            | {"held": TRUTH, "superseded": TRUTH, "looked_at": COUNT, "unmatched": COUNT}
            | {
                "would": table(COUNT, choice(*STATES, "same")),
                "shown": many(obj({"student": STUDENT, "name": TEXT, "before": STATE, "after": STATE})),
            }
        ),
    ]
}
GRANT = {
    "key": TEXT,
    "role": choice(*ROLES[1:]),
    "school": choice(*university.schools(), ""),
    "department": choice(*university.departments(), ""),
    "acts_for": TEXT,
    "ends_on": {"type": "string", "pattern": "^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"},
}
ACCOUNT = obj(
    {
        "sub": TEXT,
        "name": TEXT,
        "role": choice(*ROLES),
        "key": TEXT,
        "roles": many(obj(GRANT)),
        "sign_ins": many(obj({"at": MOMENT, "how": TEXT, "open": TRUTH, "this": TRUTH})),
        "lent": many(obj({"to": TEXT, "key": TEXT, "ends_on": DAY, "reason": TEXT})),
    }
)
PERSON = obj({"staff": TEXT, "name": TEXT, "grants": many(obj(GRANT | {"given_by": TEXT, "given_at": MOMENT}))})
MESSAGE = obj(
    {
        "position": TEXT,
        "kind": choice(*KINDS),
        "at": MOMENT,
        "title": TEXT,
        "lines": many(TEXT),
        "reason": TEXT,
        "path": TEXT,
        "unread": TRUTH,
    }
)
CHOSEN = obj({"language": choice("", "zh", "en"), "mail": table(TRUTH, TOPIC)})
OUTCOMES = obj(
    {
        "outcomes": many(
            {
                "oneOf": [
                    obj({"student": TEXT, "ok": {"const": True}}),
                    obj({"student": TEXT, "ok": {"const": False}, "code": choice(*problem.catalogue())}),
                ]
            }
        ),
        "outcome": UPLOAD,
    }
)
PERSONAS = obj(
    {
        "students": many(
            obj({"persona": TEXT, "name": TEXT, "school": SCHOOL, "flow": FLOW, "left": COUNT, "blocked": COUNT})
        ),
        "growing": many(obj({"persona": TEXT, "name": TEXT, "school": SCHOOL, "grade": TEXT, "records": COUNT})),
        "offices": many(TEXT),
        "supervisors": many(obj({"persona": TEXT, "school": SCHOOL, "left": COUNT})),
    }
)
GATEWAY = {
    "type": "object",
    "description": "What API Gateway itself answers, before any function.",
    "properties": {"message": TEXT},
    "required": ["message"],
    "additionalProperties": False,
}
COMPONENTS: dict[str, Schema] = {
    "School": choice(*university.schools()),
    "Step": choice(*definition.steps()),
    "State": choice(*STATES),
    "Outcomes": OUTCOMES,
    "Preview": PREVIEW,
    "Case": CASE,
    "StepOfCase": STEP_OF_CASE,
    "Question": QUESTION,
    "Event": EVENT,
    "Anchor": ANCHOR,
    "History": HISTORY,
    "Account": ACCOUNT,
    "Gateway": GATEWAY,
}

# --- problems ------------------------------------------------------------------------------------------------
ERRORS = many(obj({"field": TEXT, "code": choice("required", "invalid", "unknown")}))
EXTENSIONS: Mapping[str, Mapping[str, Schema]] = {
    "already-done": {"state": STATE, "by": TEXT, "at": TEXT},
    "file-too-large": {"limit": COUNT},
    "form-unfit": {"errors": ERRORS},
    "invalid-form": {"errors": ERRORS},
    "no-such-role": {"errors": ERRORS},
    "not-possible-now": {"state": STATE},
    "too-many": {"limit": COUNT},
    "too-many-uploads": {"limit": COUNT},
    "upload-too-large": {"limit": COUNT},
}
"""What a problem tells besides its sentence, by code."""
MAY_LACK = frozenset({"state"})
"""Extensions that are not always told."""


def problem_schema(code: str) -> Schema:
    """The problem+json document (RFC 9457) of `code`."""
    extensions = EXTENSIONS.get(code, {})
    told = {
        "type": {"const": f"urn:yinji:problem:{code}"},
        "code": {"const": code},
        "status": {"const": int(problem.catalogue()[code]["status"])},
        "title": TEXT,
        "detail": TEXT,
    }
    return obj(told | dict(extensions), optional=[name for name in extensions if name in MAY_LACK])
