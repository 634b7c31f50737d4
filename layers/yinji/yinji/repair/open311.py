"""Open311 GeoReport v2: reports for clients of the standard, as documents in XML and JSON. Pure.

A document is told once, as lists, tables and texts under the name of its XML root; `written` makes either of it. The
services are the symptoms. A place is named by its number or by the code on its label, in `address_id` or the attribute
`place`: places have no coordinates. What is told of a request is told to everybody: so the building it is in and not
the room, and nothing of who filed it or of what they wrote.
"""

from __future__ import annotations

import hmac
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast
from xml.etree import ElementTree

from yinji.platform.clock import CAMPUS, instant
from yinji.platform.problem import Problem
from yinji.repair.incident import Incident
from yinji.repair.place import Place
from yinji.repair.report import LONGEST_CONTACT, SYMPTOMS, Report, Symptom, report_id

Format = Literal["xml", "json"]
MEDIA_TYPES: Mapping[Format, str] = {"xml": "text/xml; charset=utf-8", "json": "application/json; charset=utf-8"}
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
CHANGED = datetime(2026, 11, 1, tzinfo=CAMPUS)
"""When what there is last changed, as the discovery document says."""
PATH = "/api/open311"
SAME = timedelta(minutes=10)
"""For how long the same request of the same client is one request."""
LONGEST_SPAN = timedelta(days=90)
MOST = 1_000
LONGEST_DESCRIPTION = 4_000
STATUSES = ("open", "closed")
ONE_OF = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "endpoints": "endpoint",
    "formats": "format",
    "errors": "error",
}
"""What XML calls each of a list."""
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may have."""


@dataclass(frozen=True)
class Document:
    """`value` under the name of its XML `root`: text, a truth, None, tables by name, and lists."""

    root: str
    value: Any


@dataclass(frozen=True)
class Wish:
    """What a client asks for when it posts a request. `place` is as it was typed. `device` tells people apart."""

    symptom: Symptom
    place: str
    text: str
    contact: str
    device: str


@dataclass(frozen=True)
class Asked:
    """Which requests a client wants to see: these `ids`, or else those filed from `start` to `end`. Empty is any."""

    ids: Sequence[str]
    codes: Sequence[str]
    statuses: Sequence[str]
    start: datetime
    end: datetime


@cache
def words() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


# --- documents -----------------------------------------------------------------------------------------------
def written(document: Document, format: Format) -> str:
    """`document` as text."""
    if format == "json":
        return json.dumps(document.value, ensure_ascii=False)
    element = _element(document.root, document.value)
    return ElementTree.tostring(element, encoding="utf-8", xml_declaration=True).decode()


def _element(name: str, value: Any) -> ElementTree.Element:
    element = ElementTree.Element(name)
    if isinstance(value, Mapping):
        element.extend(_element(key, one) for key, one in cast(Mapping[str, Any], value).items())
    elif isinstance(value, list | tuple):
        element.extend(_element(ONE_OF[name], one) for one in cast(Sequence[Any], value))
    elif isinstance(value, bool):
        element.text = "true" if value else "false"
    elif value is not None:
        element.text = _NO_XML.sub("\ufffd", str(value))
    return element


def discovery(public_url: str, language: str) -> Document:
    """Where what is served, and how one gets a key."""
    changed = moment(CHANGED)
    contact = words()["contact"][language]
    endpoint = {
        "specification": SPECIFICATION,
        "url": f"{public_url}{PATH}/v2",
        "changeset": changed,
        "type": "production",
        "formats": [media_type.partition(";")[0] for media_type in MEDIA_TYPES.values()],
    }
    told = {"changeset": changed, "contact": contact, "key_service": contact, "endpoints": [endpoint]}
    return Document("discovery", told)


def services(language: str) -> Document:
    """What can be reported."""
    return Document(
        "services",
        [
            {
                "service_code": symptom,
                "service_name": one["name"][language],
                "description": one["description"][language],
                "metadata": True,
                "type": "realtime",
                "keywords": one["keywords"][language],
                "group": words()["group"][language],
            }
            for symptom, one in ((symptom, words()["services"][symptom]) for symptom in SYMPTOMS)
        ],
    )


def definition(code: str, language: str) -> Document:
    """What is asked of whoever reports by the service `code`. Raises Problem("open311-no-such-service")."""
    symptom = _symptom(code)
    choices = [{"key": key, "name": name[language]} for key, name in words()["details"][symptom].items()]
    attributes = [
        _attribute(1, "place", "string", True, language),
        {**_attribute(2, "detail", "singlevaluelist", False, language), "values": choices},
    ]
    return Document("service_definition", {"service_code": symptom, "attributes": attributes})


def _attribute(order: int, code: str, datatype: str, required: bool, language: str) -> dict[str, Any]:
    said = words()["attributes"][code]
    return {
        "variable": True,
        "code": code,
        "datatype": datatype,
        "required": required,
        "datatype_description": said["hint"][language],
        "order": order,
        "description": said["description"][language],
    }


def posted(id: str, language: str) -> Document:
    """What whoever posted a request is told."""
    return Document(
        "service_requests",
        [{"service_request_id": id, "service_notice": words()["notice"][language], "account_id": None}],
    )


def of_token(id: str) -> Document:
    """A request is there at once, so its token is its id, should somebody ask all the same."""
    return Document("service_requests", [{"service_request_id": id, "token": id}])


def requests(
    reports: Sequence[Report], incidents: Mapping[str, Incident], buildings: Mapping[str, Place], language: str
) -> Document:
    """What everybody is told of `reports`, whose incidents and buildings are found by their ids."""
    return Document(
        "service_requests",
        [
            _request(report, incidents.get(report.incident), buildings.get(report.building), language)
            for report in reports
        ],
    )


def _request(report: Report, incident: Incident | None, building: Place | None, language: str) -> dict[str, Any]:
    address = (building.title[language], *reversed(building.trail.get(language, ()))) if building else ()
    return {
        "service_request_id": report.id,
        "status": status(incident),
        "status_notes": words()["states"][incident.state if incident else "new"][language],
        "service_name": words()["services"][report.symptom]["name"][language],
        "service_code": report.symptom,
        "description": None,
        "agency_responsible": words()["agency"][language],
        "service_notice": None,
        "requested_datetime": moment(report.filed_at),
        "updated_datetime": moment(max(incident.changed_at, report.filed_at) if incident else report.filed_at),
        "expected_datetime": None,
        "address": ", ".join(address) or None,
        "address_id": report.building or None,
        "zipcode": None,
        "lat": None,
        "long": None,
        "media_url": None,
    }


def errors(status: int, description: str) -> Document:
    """What went wrong."""
    return Document("errors", [{"code": status, "description": description}])


def status(incident: Incident | None) -> str:
    """open or closed, as the incident that a report is part of stands; what is part of none yet is open."""
    return "open" if incident is None or incident.is_open else "closed"


def moment(at: datetime) -> str:
    """`at` as the standard wants it: with the campus's offset."""
    return at.astimezone(CAMPUS).isoformat(timespec="seconds")


# --- what clients send ---------------------------------------------------------------------------------------
def wished(fields: Mapping[str, str], language: str) -> Wish:
    """What the form of a posted request asks for. Names of people, coordinates, and addresses of pictures are not
    taken.

    Raises Problem("open311-service-missing"), Problem("open311-no-such-service"), Problem("open311-place-missing"),
    Problem("open311-no-such-value", field), Problem("open311-too-long", field, limit).
    """

    def field(name: str, longest: int) -> str:
        text = fields.get(name, "").strip()
        if len(text) > longest:
            raise Problem("open311-too-long", field=name, limit=longest)
        return text

    code = field("service_code", 100)
    if not code:
        raise Problem("open311-service-missing")
    symptom = _symptom(code)
    # a city's client may have an address_id of its own
    place = field("attribute[place]", 100) or field("address_id", 100)
    if not place:
        raise Problem("open311-place-missing")
    text, detail = field("description", LONGEST_DESCRIPTION), field("attribute[detail]", 100)
    if detail:
        known = words()["details"][symptom]
        if detail not in known:
            raise Problem("open311-no-such-value", field="attribute[detail]")
        text = "\n".join(filter(None, (known[detail][language], text)))
    contact = field("email", LONGEST_CONTACT) or field("phone", LONGEST_CONTACT)
    device = field("device_id", 200) or field("account_id", 200) or contact
    return Wish(symptom, place, text, contact, device)


def request_id(client: str, wish: Wish, place: str, at: datetime) -> str:
    """The id of what `client` wishes for the place `place` at `at`: that of all that is the same within ten minutes by
    the clock."""
    window = int(at.timestamp() // SAME.total_seconds())
    told = [client, wish.symptom, wish.text, wish.contact, wish.device, window]
    return report_id(place, f"open311 {json.dumps(told)}")


def reporter(client: str, device: str, key: str) -> str:
    """What tells those apart who report by `client`, and not who they are: nobody who lacks `key` can find out."""
    return "o" + hmac.digest(key.encode(), json.dumps(["open311", client, device]).encode(), "sha256").hex()[:24]


def client_of(typed: str, clients: Mapping[str, str]) -> str:
    """Whose key `typed` is, of `clients` by their names. Raises Problem("open311-key-missing"),
    Problem("open311-key-wrong")."""
    if not typed:
        raise Problem("open311-key-missing")
    found = [name for name, key in clients.items() if key and hmac.compare_digest(key.encode(), typed.encode())]
    if not found:
        raise Problem("open311-key-wrong")
    return found[0]


def asked(query: Mapping[str, str], now: datetime) -> Asked:
    """Which requests `query` asks for at `now`.

    Raises Problem("open311-no-such-service"), Problem("open311-no-such-value", field), Problem("open311-span").
    """
    ids = _several(query, "service_request_id")
    if len(ids) > MOST:
        raise Problem("open311-too-long", field="service_request_id", limit=MOST)
    codes = [] if ids else [_symptom(code) for code in _several(query, "service_code")]
    statuses = [] if ids else _several(query, "status")
    if not set(statuses) <= set(STATUSES):
        raise Problem("open311-no-such-value", field="status")
    if ids:
        return Asked(ids, (), (), now - LONGEST_SPAN, now)
    start, end = _moment(query, "start_date"), _moment(query, "end_date")
    try:
        if start is None:
            end = end or now
            start = end - LONGEST_SPAN
        elif end is None:
            end = min(start + LONGEST_SPAN, max(start, now))
    except OverflowError as error:  # at the ends of the calendar
        raise Problem("open311-span") from error
    if not timedelta(0) <= end - start <= LONGEST_SPAN:
        raise Problem("open311-span")
    return Asked((), codes, statuses, start, end)


def format_of(path: str) -> Format:
    """What a path asks for by its ending; XML where it does not say, for that is what every client reads."""
    return "json" if path.endswith(".json") else "xml"


def named(file: str) -> str:
    """The name in the last place of a path without the format it ends in. Raises Problem("not-found") for others."""
    name, _, ending = file.rpartition(".")
    if ending not in MEDIA_TYPES or not name:
        raise Problem("not-found")
    return name


def _several(query: Mapping[str, str], name: str) -> list[str]:
    return list(dict.fromkeys(one for one in (part.strip() for part in query.get(name, "").split(",")) if one))


def _moment(query: Mapping[str, str], name: str) -> datetime | None:
    text = query.get(name, "").strip().replace(" ", "+")  # as whoever forgets to escape it sends an offset
    if not text:
        return None
    try:
        return instant(text)
    except ValueError as error:
        raise Problem("open311-no-such-value", field=name) from error


def _symptom(code: str) -> Symptom:
    if code not in SYMPTOMS:
        raise Problem("open311-no-such-service")
    return code
