"""Rows of readers: how each is, and what administrators decide about."""

from __future__ import annotations

from collections.abc import Mapping

from yinji.archive.readers import BOOT, DEVICE, DOUBTS, KINDS, SEQ
from yinji.archive.readers_store import DECISIONS

from infra.openapi.shapes import COUNT, MOMENT, TEXT, TRUTH, Schema, choice, many, obj
from infra.openapi.told import Told, json

READERS = "readers"
PATH = "/api/archive/devices"
NAME: Schema = {"type": "string", "pattern": f"^{DEVICE.pattern}$"}
PASS: Schema = {"type": "string", "pattern": f"^{DEVICE.pattern}:{BOOT.pattern}:{SEQ.pattern}$"}
READER = obj(
    {
        "id": NAME,
        "kind": choice(*KINDS),
        "place": TEXT,
        "title": TEXT,
        "registered": TRUTH,
        "retired": TRUTH,
        "offset": {"type": "number", "description": "By how many seconds its clock is behind"},
        "pending": COUNT,
        "doubtful": COUNT,
        "admitted_at": MOMENT,
        "heard_at": MOMENT,
    },
    optional=["admitted_at", "heard_at"],
)
DOUBTFUL = obj(
    {
        "id": PASS,
        "device": NAME,
        "card": {**TEXT, "description": "The last signs of its number"},
        "why": choice(*DOUBTS),
        "at": MOMENT,
    }
)
COUNTS: Schema = {
    "type": "object",
    "additionalProperties": COUNT,
    "propertyNames": choice("captured", "repeated", "pending", "dropped", "left"),
}

ROWS: Mapping[str, Told] = {
    f"GET {PATH}": Told(
        READERS,
        "The readers of the register, and the passes that are in doubt",
        json(obj({"devices": many(READER), "doubtful": many(DOUBTFUL)})),
        problems=["forbidden"],
    ),
    f"POST {PATH}/{{device}}/passes": Told(
        READERS,
        "Count a doubtful pass of a reader, or drop it; without `pass`, all that it has",
        json(obj({"device": NAME, "counts": COUNTS})),
        problems=["forbidden", "changed-meanwhile", "invalid-form"],
        fields={
            "decision": choice(*DECISIONS),
            "pass": PASS,
            "at": {**TEXT, "description": "When it was, in ISO 8601; on the campus' clock unless it names a zone"},
        },
        required=["decision"],
    ),
    f"POST {PATH}/{{device}}/readmit": Told(
        READERS,
        "Let a reader have a new certificate",
        json(obj({"device": NAME})),
        problems=["forbidden", "not-found"],
    ),
}
