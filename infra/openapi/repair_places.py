"""What the API tells of the labels of places, and the sheets they are printed on."""

from __future__ import annotations

from collections.abc import Mapping

from yinji.clearance.codes import ALPHABET
from yinji.repair.labels import SERIAL
from yinji.repair.place import ID, KINDS
from yinji.repair.printing import FORMATS, MOST_NAMED, MOST_ON_A_SHEET, STICKERS

from infra.openapi.shapes import MOMENT, TEXT, Schema, choice, many, maybe, obj
from infra.openapi.told import Told, file, json

API = "/api/repair"
LABELS = "labels of places"
PLACE: Schema = {"type": "string", "pattern": f"^{ID.pattern}$"}
SERIAL_OF: Schema = {"type": "string", "pattern": f"^[{ALPHABET}]{{{SERIAL}}}$"}
SHEET: Schema = {"type": "string", "pattern": "^[0-9a-f]{24}$"}
PLACES: Mapping[str, Schema] = {"serial": SERIAL_OF, "sheet": SHEET}
_FORMAT = choice(*FORMATS)
_FIRST: Schema = {
    "type": "integer",
    "minimum": 1,
    "maximum": max(STICKERS.values()),
    "description": "The sticker of the first page that is still free, along its rows",
}
_LABEL = obj(
    {
        "serial": SERIAL_OF,
        "code": {**TEXT, "description": "As it is printed beside the picture"},
        "place": PLACE,
        "state": choice("active", "replaced", "retired"),
        "printed_at": MOMENT,
        "ended_at": maybe(MOMENT),
    }
)
_SHEET = obj({"id": SHEET, "format": _FORMAT, "first": _FIRST, "address": TEXT, "labels": many(_LABEL)})
_FORM: Mapping[str, Schema] = {
    "format": {
        **_FORMAT,
        "description": "A4 with 3 x 8 stickers of 70 x 37 mm, with 2 x 5 of 99 x 57 mm, or a sign a page (A5)",
    },
    "first": _FIRST,
}

ROUTES: Mapping[str, Told] = {
    f"POST {API}/labels": Told(
        LABELS,
        f"Print labels of up to {MOST_ON_A_SHEET} places; a place keeps the label that hangs there",
        json(_SHEET),
        problems=["forbidden", "invalid-form", "no-labels", "too-many-labels", "too-busy"],
        fields={
            **_FORM,
            "places": {**TEXT, "description": f"The numbers of up to {MOST_NAMED} places, with spaces or commas"},
            "within": {**PLACE, "description": "Otherwise: all places that are, or lie in, this one"},
            **{f"kind.{kind}": {**choice("yes"), "description": "Those of this kind"} for kind in KINDS},
            "missing": {**choice("yes"), "description": "Only places at which no label hangs"},
        },
        required=["format"],
        keyed=True,
    ),
    f"POST {API}/labels/{{serial}}/replace": Told(
        LABELS,
        "Let another label hang in the place of one that was stolen, whose code is good for nothing then",
        json(_SHEET),
        problems=["forbidden", "invalid-form", "not-found", "label-over", "too-busy"],
        fields=_FORM,
        required=["format"],
    ),
    f"POST {API}/labels/{{serial}}/retire": Told(
        LABELS,
        "Let a label be good for nothing any more",
        json(_LABEL),
        problems=["forbidden", "not-found", "label-over", "too-busy"],
    ),
    f"GET {API}/sheets/{{sheet}}": Told(
        LABELS,
        "A sheet as it is to be printed, without the labels that were ended since",
        {200: file("application/pdf", "The sheet, in its own size.")},
        problems=["forbidden", "not-found", "sheet-over", "too-often"],
    ),
}
