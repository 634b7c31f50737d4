"""Rows of what is claimed, certified and credited in the growth archive: see catalogue.py."""

from __future__ import annotations

from collections.abc import Mapping

from yinji.archive import claims
from yinji.archive.deciding import CORRECTED, LONGEST, SHORTEST, VERDICTS, reasons
from yinji.archive.kinds import dimensions, kinds, levels
from yinji.archive.record import STATES
from yinji.archive.sampling import ORIGINS
from yinji.archive.sampling import STATES as ROUNDS
from yinji.clearance.exports import KINDS
from yinji.platform.sheets import CSV, XLSX

from infra.openapi import shapes
from infra.openapi.shapes import COUNT, DAY, STUDENT, TEXT, Schema, choice, many, obj
from infra.openapi.told import ANYTHING_KEPT, Answer, Told, file, json, leads

OF_STUDENT = "/api/archive/students/{student}"
ARCHIVES = "archives"
RECORD: Schema = {"type": "string", "pattern": "^[a-z][a-z0-9-]{1,30}:([A-Za-z0-9._:@-]|~[0-9A-F]{2}){1,80}$"}
PLACES: Mapping[str, Schema] = {
    "key": RECORD,
    "claim": {"type": "string", "pattern": "^[0-9a-f]{20}$"},
}
"""What stands in the places of these paths: a record is its source and its number there (record.path_of)."""
VERSION: Schema = {"type": "integer", "minimum": 1, "maximum": 999_999, "description": "Which version one saw"}
DECIDED = obj({"record": RECORD, "state": choice(*STATES), "version": COUNT})
WORDS: Schema = {"type": "string", "maxLength": LONGEST}
SAID: Schema = {"type": "string", "minLength": SHORTEST, "maxLength": LONGEST}
HOURS: Schema = {"type": "string", "pattern": "^[0-9]{1,4}([.][0-9]{1,2})?$"}
ROUND = obj(
    {
        "round": shapes.UPLOAD,
        "state": choice(*ROUNDS),
        "members": COUNT,
        "sample": many(obj({"student": STUDENT, "record": RECORD, "version": COUNT})),
        "outcomes": many(obj({"student": STUDENT, "record": RECORD, "code": TEXT})),
    }
)
STANDS: Schema = shapes.UPLOAD_STANDS | {
    "properties": shapes.UPLOAD_STANDS["properties"] | {"step": choice(claims.STEP)}
}
_OWN = ("forbidden", "no-archive")
_CLAIM = {one.name: shapes.UPLOAD if one.evidence else dict(one.schema) for one in claims.form().fields}
_ASKED = [one.name for one in claims.form().fields if one.required]
_FACTS: dict[str, Schema] = {
    "title": {"type": "string", "maxLength": 200},
    "day": DAY,
    "hours": HOURS,
    "dimension": choice("", *dimensions()),
    "level": choice("", *levels()),
    "place": {"type": "string", "maxLength": 100},
    "organiser": {"type": "string", "maxLength": 100},
}
assert set(_FACTS) == {"hours" if name == "minutes" else name for name in CORRECTED}  # noqa: S101


def _deed(summary: str, fields: Mapping[str, Schema], *required: str) -> Told:
    return Told(
        ARCHIVES,
        summary,
        json(DECIDED),
        problems=[
            *(*_OWN, "not-found", "changed-meanwhile", "decided-already", "not-decidable", "not-disputed"),
            *("invalid-form", *ANYTHING_KEPT),
        ],
        fields={"version": VERSION, **fields},
        required=["version", *required],
        keyed=True,
    )


def _reason(deed: str) -> dict[str, Schema]:
    return {"reason": choice(*reasons()[deed]), "words": WORDS}


def _round(summary: str, fields: Mapping[str, Schema], *problems: str, keyed: bool = False) -> Told:
    required = [name for name in ("kind", "round") if name in fields]
    return Told(
        ARCHIVES, summary, json(ROUND), problems=["forbidden", *problems], fields=fields, required=required, keyed=keyed
    )


ROUTES: Mapping[str, Told | Mapping[str, Told]] = {
    f"POST {OF_STUDENT}/claims": Told(
        ARCHIVES,
        "Claim a record",
        json(DECIDED, "It waits to be certified."),
        problems=[*_OWN, "invalid-form", "key-reused"],
        fields=_CLAIM,
        required=_ASKED,
        closed=True,
        keyed=True,
    ),
    f"POST {OF_STUDENT}/claims/{{claim}}/change": Told(
        ARCHIVES,
        "Change a claim that waits",
        json(DECIDED),
        problems=[*_OWN, "not-found", "invalid-form", "changed-meanwhile", "decided-already", *ANYTHING_KEPT],
        fields={"version": VERSION, **_CLAIM},
        required=["version", *_ASKED],
        closed=True,
        keyed=True,
    ),
    f"POST {OF_STUDENT}/claims/{{claim}}/withdraw": Told(
        ARCHIVES,
        "Take back a claim that waits",
        json(DECIDED),
        problems=[*_OWN, "not-found", "changed-meanwhile", "decided-already", *ANYTHING_KEPT],
        fields={"version": VERSION},
        required=["version"],
        keyed=True,
    ),
    f"POST {OF_STUDENT}/records/{{key}}/dispute": Told(
        ARCHIVES,
        "Say what is wrong with a record",
        json(DECIDED, "It goes on counting, or not, until somebody has looked at it."),
        problems=[*_OWN, "not-found", "invalid-form", "not-decidable", *ANYTHING_KEPT],
        fields={"words": SAID},
        required=["words"],
        keyed=True,
    ),
    f"POST {OF_STUDENT}/evidence": Told(
        ARCHIVES,
        "Ask to upload the evidence of a claim",
        json(shapes.UPLOAD_BEGUN, "Where a browser posts the file, within a quarter of an hour."),
        problems=[*_OWN, "not-found", "upload-type", "upload-too-large", "too-many-uploads"],
        fields={
            "field": choice(claims.EVIDENCE),
            "type": choice(*shapes.MEDIA_TYPES.values()),
            "size": {"type": "integer", "minimum": 0},
        },
        required=["field", "type", "size"],
        back=False,
    ),
    f"GET {OF_STUDENT}/evidence/{{id}}": Told(
        ARCHIVES, "What became of an upload of a claim", json(STANDS), problems=[*_OWN, "not-found"]
    ),
    f"GET {OF_STUDENT}/evidence/{{id}}/file": Told(
        ARCHIVES,
        "The evidence of a claim",
        leads("To S3, by an address that is good for a minute."),
        problems=[*_OWN, "not-found", "look-not-noted"],
    ),
    f"GET {OF_STUDENT}/evidence/{{id}}/thumbnail": Told(
        ARCHIVES,
        "Its first page as a small picture",
        {200: Answer({"image/jpeg": {"type": "string", "contentMediaType": "image/jpeg"}}, description="A picture.")},
        problems=[*_OWN, "not-found", "look-not-noted"],
    ),
    f"POST {OF_STUDENT}/records/{{key}}/{{deed}}": {
        "certify": _deed("Certify a record", {"words": WORDS}),
        "refuse": _deed("Refuse a record", _reason("refuse"), "reason"),
        "revoke": _deed("Let a record count no more", _reason("revoke"), "reason"),
        "settle": _deed(
            "Answer what a student says is wrong",
            {"verdict": choice(*VERDICTS), "answer": SAID, **_FACTS},
            "verdict",
            "answer",
        ),
    },
    "POST /api/archive/certify/begin": _round(
        "Begin to certify many of a kind: draw the sample",
        {"kind": choice(*kinds()), "origin": choice(*ORIGINS), "class": TEXT, "counsellor": TEXT},
        *("invalid-form", "round-open", "nothing-to-certify", *ANYTHING_KEPT),
        keyed=True,
    ),
    "POST /api/archive/certify/rest": _round(
        "Certify what was not drawn, once the sample is certified",
        {"round": shapes.UPLOAD},
        *("not-found", "prove-again", "sample-undecided", "sample-refused", "sample-spoilt", "too-busy"),
    ),
    "POST /api/archive/certify/give-up": _round(
        "End a round without the rest; the next sample is twice as large",
        {"round": shapes.UPLOAD},
        *("not-found", "too-busy"),
    ),
    f"GET {OF_STUDENT}/transcript/{{file}}": {
        f"transcript.{kind}": Told(
            ARCHIVES,
            "The second-classroom transcript, as a file for spreadsheets",
            {200: file({"csv": CSV, "xlsx": XLSX}[kind], "The transcript, in the reader's language.")},
            problems=[*_OWN, "not-found", "too-often", "look-not-noted"],
        )
        for kind in KINDS
    },
}
