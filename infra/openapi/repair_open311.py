"""What Open311 GeoReport v2 is answered: the same in XML and in JSON, and problems as the standard tells them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yinji.repair.open311 import LONGEST_DESCRIPTION, MEDIA_TYPES, PATH, STATUSES, Format, words
from yinji.repair.report import LONGEST_CONTACT, SYMPTOMS

from infra.openapi.shapes import COUNT, MOMENT, TEXT, TRUTH, Schema, choice, many, maybe, obj
from infra.openapi.told import Answer, Told

TAG = "open311"
ROOT = f"{PATH}/v2"
FORMATS: tuple[Format, ...] = ("xml", "json")
ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{24}$"}
PLACES: Mapping[str, Schema] = {
    name: {"type": "string", "pattern": f"^{what}\\.(xml|json)$"}
    for name, what in (("service", "[a-z-]{1,40}"), ("request", "[0-9a-f]{24}"))
}
_ERROR = many(obj({"code": COUNT, "description": TEXT}))
_SERVICE = obj(
    {
        "service_code": choice(*SYMPTOMS),
        "service_name": TEXT,
        "description": TEXT,
        "metadata": TRUTH,
        "type": choice("realtime"),
        "keywords": TEXT,
        "group": TEXT,
    }
)
_ATTRIBUTE = obj(
    {
        "variable": TRUTH,
        "code": choice(*words()["attributes"]),
        "datatype": choice("string", "singlevaluelist"),
        "required": TRUTH,
        "datatype_description": TEXT,
        "order": COUNT,
        "description": TEXT,
        "values": many(obj({"key": TEXT, "name": TEXT})),
    },
    optional=["values"],
)
_NOTHING: Schema = {"type": "null"}
_REQUEST = obj(
    {
        "service_request_id": ID,
        "status": choice(*STATUSES),
        "status_notes": TEXT,
        "service_name": TEXT,
        "service_code": choice(*SYMPTOMS),
        "description": _NOTHING,
        "agency_responsible": TEXT,
        "service_notice": _NOTHING,
        "requested_datetime": MOMENT,
        "updated_datetime": MOMENT,
        "expected_datetime": _NOTHING,
        "address": maybe(TEXT),
        "address_id": {**maybe(TEXT), "description": "The building's"},
        **dict.fromkeys(("zipcode", "lat", "long", "media_url"), _NOTHING),
    }
)
_DISCOVERY = obj(
    {
        "changeset": MOMENT,
        "contact": TEXT,
        "key_service": TEXT,
        "endpoints": many(
            obj({"specification": TEXT, "url": TEXT, "changeset": MOMENT, "type": TEXT, "formats": many(TEXT)})
        ),
    }
)
_POSTED = many(obj({"service_request_id": ID, "service_notice": TEXT, "account_id": _NOTHING}))


def _in(format: Format, schema: Schema, description: str = "Done.") -> Answer:
    return Answer(
        {MEDIA_TYPES[format]: schema if format == "json" else TEXT}, {"Cache-Control": "no-store"}, description
    )


def _either(schema: Schema) -> Mapping[int, Answer]:
    """An answer in the format that the last place of the path ends in."""
    content: dict[str, Schema] = {MEDIA_TYPES["json"]: schema, MEDIA_TYPES["xml"]: TEXT}
    return {200: Answer(content, {"Cache-Control": "no-store"})}


def _errors(*formats: Format) -> Mapping[str, Schema]:
    return {MEDIA_TYPES[one]: _ERROR if one == "json" else TEXT for one in formats}


def _told(format: Format, summary: str, schema: Schema, **more: Any) -> Told:
    return Told(TAG, summary, {200: _in(format, schema)}, errors=_errors(format), **more)


def _literal(format: Format) -> Mapping[str, Told]:
    """The routes whose paths end in `format`."""
    posted = "The request; 200 when the same client sent the same within the last ten minutes."
    return {
        f"GET {PATH}/discovery.{format}": _told(format, "Where Open311 is served, and in which formats", _DISCOVERY),
        f"GET {ROOT}/services.{format}": _told(format, "What can be reported", many(_SERVICE)),
        f"GET {ROOT}/requests.{format}": _told(
            format,
            "Requests that clients of Open311 filed, the youngest first, a thousand at most",
            many(_REQUEST),
            problems=[
                *("open311-no-such-service", "open311-no-such-value", "open311-span", "open311-too-long", "too-often")
            ],
            query={
                "service_request_id": {**TEXT, "description": "Some, with commas between them; overrides the others"},
                "service_code": {**TEXT, "description": "Some, with commas between them"},
                "status": {**TEXT, "description": "open, closed, or both with a comma"},
                "start_date": {**TEXT, "description": "ISO 8601 with an offset"},
                "end_date": {**TEXT, "description": "ISO 8601 with an offset; at most 90 days later"},
            },
        ),
        f"POST {ROOT}/requests.{format}": Told(
            TAG,
            "File a report",
            {status: _in(format, _POSTED, posted) for status in (200, 201)},
            problems=[
                *("open311-key-missing", "open311-key-wrong", "open311-service-missing", "open311-no-such-service"),
                *("open311-place-missing", "open311-no-such-place", "open311-place-too-wide"),
                *("open311-no-such-value", "open311-too-long"),
            ],
            fields={
                "api_key": TEXT,
                "service_code": choice(*SYMPTOMS),
                "address_id": {**TEXT, "description": "The number of a place, or the code on its label"},
                "attribute[place]": {**TEXT, "description": "The same, and first if both are sent"},
                "attribute[detail]": {**TEXT, "description": "One of the values of the service's definition"},
                "description": {"type": "string", "maxLength": LONGEST_DESCRIPTION},
                "email": {"type": "string", "maxLength": LONGEST_CONTACT},
                "phone": {"type": "string", "maxLength": LONGEST_CONTACT},
                "device_id": {**TEXT, "description": "Tells people apart who report by one client"},
                "account_id": TEXT,
            },
            required=["api_key", "service_code"],
            back=False,
            from_anywhere=True,
            errors=_errors(format),
        ),
    }


ROUTES: Mapping[str, Told] = {
    **_literal("xml"),
    **_literal("json"),
    f"GET {ROOT}/services/{{service}}": Told(
        TAG,
        "What is asked of whoever reports by a service",
        _either(obj({"service_code": choice(*SYMPTOMS), "attributes": many(_ATTRIBUTE)})),
        problems=["open311-no-such-service", "not-found"],
        errors=_errors(*FORMATS),
    ),
    f"GET {ROOT}/requests/{{request}}": Told(
        TAG,
        "How a request stands",
        _either(many(_REQUEST)),
        problems=["not-found", "too-often"],
        errors=_errors(*FORMATS),
    ),
    f"GET {ROOT}/tokens/{{token}}": Told(
        TAG,
        "The request of a token: they are the same, for a request is there at once",
        _either(many(obj({"service_request_id": ID, "token": ID}))),
        problems=["not-found", "too-often"],
        errors=_errors(*FORMATS),
    ),
}
