"""What the API tells of what faults teach."""

from __future__ import annotations

from collections.abc import Mapping

from infra.openapi.shapes import COUNT, MOMENT, TEXT, Schema, many, maybe, obj, table
from infra.openapi.told import Told, json

TAG = "repair"
_MINUTES: Schema = {**maybe({"type": "number", "minimum": 0}), "description": "In minutes; null of nothing"}
_SPREAD = obj({"number": COUNT, "mean": _MINUTES, "median": _MINUTES})
_PART = obj(
    {
        "mended": COUNT,
        "people": COUNT,
        "acknowledged": _SPREAD,
        "repaired": _SPREAD,
        "first_visit": COUNT,
        "reopened": COUNT,
    }
)
_CAUSES = table(COUNT)
ROUTES: Mapping[str, Told] = {
    "GET /api/repair/figures": Told(
        TAG,
        "What the faults teach that were mended in a month",
        json(
            obj(
                {
                    "month": TEXT,
                    "whole": _PART,
                    "areas": table(_PART),
                    "causes": _CAUSES,
                    "buildings": table(_CAUSES),
                    "models": table(_CAUSES),
                    "again": many(
                        obj({"cause": TEXT, "building": TEXT, "times": COUNT, "incident": TEXT, "since": MOMENT})
                    ),
                }
            )
        ),
        problems=["forbidden", "not-found"],
        query={
            "month": {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$", "description": "This one unless told"}
        },
    ),
}
