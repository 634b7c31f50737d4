"""Documents of Open311 GeoReport v2 as the standard has them, and what clients may ask."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yinji.platform.problem import Problem
from yinji.repair import open311
from yinji.repair.incident import Incident
from yinji.repair.open311 import Document, asked, client_of, named, reporter, request_id, wished, written
from yinji.repair.report import SYMPTOMS, Report

from tests.repairs import BUILDING, campus

AT = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)
# names and order of the examples in the standard
OF_SERVICE = ["service_code", "service_name", "description", "metadata", "type", "keywords", "group"]
OF_ATTRIBUTE = ["variable", "code", "datatype", "required", "datatype_description", "order", "description"]
OF_REQUEST = [
    *("service_request_id", "status", "status_notes", "service_name", "service_code", "description"),
    *("agency_responsible", "service_notice", "requested_datetime", "updated_datetime", "expected_datetime"),
    *("address", "address_id", "zipcode", "lat", "long", "media_url"),
]
FORM = {"service_code": "slow", "address_id": "LIB-1-01"}
REPORT = Report(
    "0" * 24, "LIB-1-01", BUILDING, "north", ("LIB-AP11",), "slow", "张三的房间", "", "13800000000", "zh", "open311",
    "o1", AT, AT, "i1",
)  # fmt: skip
INCIDENT = Incident(
    "i1", BUILDING, "north", "LIB-AP11", "slow", "access-point", {}, "taken", 2, 3, 3, ("LIB-1-01",), AT,
    AT + timedelta(hours=1), 2,
)  # fmt: skip
BUILDINGS = {place.id: place for place in campus() if place.kind == "building"}


def root(document: Document) -> ElementTree.Element:
    return ElementTree.fromstring(written(document, "xml"))  # noqa: S314 - our own


def tags(element: ElementTree.Element) -> list[str]:
    return [one.tag for one in element]


def listed(report: Report = REPORT, incident: Incident | None = INCIDENT) -> Document:
    known = {incident.id: incident} if incident else {}
    return open311.requests([report], known, BUILDINGS, "en")


def test_an_xml_document_says_in_which_encoding_it_is() -> None:
    assert written(open311.services("zh"), "xml").startswith(
        "<?xml version='1.0' encoding='utf-8'?>\n<services><service>"
    )


@pytest.mark.parametrize("language", ["zh", "en"])
def test_services_are_the_symptoms_and_look_as_in_the_standard(language: str) -> None:
    services = root(open311.services(language))
    assert services.tag == "services" and {one.tag for one in services} == {"service"}
    assert all(tags(one) == OF_SERVICE for one in services)
    assert [one.findtext("service_code") for one in services] == list(SYMPTOMS)
    assert {one.findtext("metadata") for one in services} == {"true"}
    assert {one.findtext("type") for one in services} == {"realtime"}
    told = json.loads(written(open311.services(language), "json"))
    assert [list(one) for one in told] == [OF_SERVICE] * len(SYMPTOMS) and told[0]["metadata"] is True


@pytest.mark.parametrize("code", SYMPTOMS)
def test_a_definition_looks_as_in_the_standard(code: str) -> None:
    definition = root(open311.definition(code, "en"))
    assert (definition.tag, tags(definition)) == ("service_definition", ["service_code", "attributes"])
    place, detail = definition.findall("attributes/attribute")
    assert tags(place) == OF_ATTRIBUTE and tags(detail) == [*OF_ATTRIBUTE, "values"]
    assert (place.findtext("code"), place.findtext("required")) == ("place", "true")
    assert all(tags(value) == ["key", "name"] for value in detail.findall("values/value"))
    assert len(detail.findall("values/value")) >= 2
    assert "no coordinates" in (place.findtext("description") or "")


def test_there_is_no_definition_of_what_is_no_service() -> None:
    with pytest.raises(Problem, match="open311-no-such-service"):
        open311.definition("pothole", "en")


def test_discovery_names_the_standard_where_it_is_served_and_both_formats() -> None:
    told = root(open311.discovery("https://yinji.example.edu", "en"))
    assert tags(told) == ["changeset", "contact", "key_service", "endpoints"]
    [endpoint] = told.findall("endpoints/endpoint")
    assert tags(endpoint) == ["specification", "url", "changeset", "type", "formats"]
    assert endpoint.findtext("url") == "https://yinji.example.edu/api/open311/v2"
    assert [one.text for one in endpoint.findall("formats/format")] == ["text/xml", "application/json"]


def test_a_request_is_told_with_its_building_and_nothing_of_who_filed_it() -> None:
    [request] = root(listed())
    assert (request.tag, tags(request)) == ("request", OF_REQUEST)
    assert request.findtext("address") == "Library, Main campus" and request.findtext("address_id") == BUILDING
    assert request.findtext("requested_datetime") == "2026-11-29T16:00:00+08:00"
    assert request.findtext("updated_datetime") == "2026-11-29T17:00:00+08:00"
    assert request.findtext("status_notes") == "A technician has it"
    for format in ("xml", "json"):
        text = written(listed(), format)
        assert not [one for one in ("张三", "138", "LIB-1-01", "o1", "i1") if one in text]
    [told] = json.loads(written(listed(), "json"))
    assert list(told) == OF_REQUEST and told["description"] is None and told["lat"] is None


@pytest.mark.parametrize(
    ("state", "status"), [("open", "open"), ("fixed", "open"), ("closed", "closed"), ("merged", "closed")]
)
def test_the_status_is_that_of_the_incident(state: Any, status: str) -> None:
    [request] = root(listed(incident=replace(INCIDENT, state=state)))
    assert request.findtext("status") == status


def test_what_is_part_of_no_incident_yet_is_open() -> None:
    [request] = root(listed(replace(REPORT, incident=""), None))
    assert request.findtext("status") == "open"
    assert request.findtext("updated_datetime") == request.findtext("requested_datetime")


def test_errors_look_as_in_the_standard() -> None:
    document = open311.errors(403, "no <key>")
    [error] = root(document)
    assert (error.tag, tags(error)) == ("error", ["code", "description"])
    assert (error.findtext("code"), error.findtext("description")) == ("403", "no <key>")
    assert json.loads(written(document, "json")) == [{"code": 403, "description": "no <key>"}]


@given(st.text())
def test_whatever_a_text_holds_the_document_can_be_read(text: str) -> None:
    told = text.replace("\r", "")  # which every reader of XML takes for the end of a line
    [error] = root(Document("errors", [{"code": 400, "description": told}]))
    assert len(error.findtext("description") or "") == len(told)


def test_what_is_wished_is_taken_and_names_and_coordinates_are_not() -> None:
    more = {
        "attribute[detail]": "evenings", "description": "  every day ", "email": "a@b.c", "phone": "1", "lat": "31",
        "long": "121", "first_name": "Zhang", "media_url": "https://x.example/1.jpg", "device_id": "d1",
    }  # fmt: skip
    wish = wished(FORM | more, "en")
    assert (wish.symptom, wish.place, wish.text) == ("slow", "LIB-1-01", "In the evenings\nevery day")
    assert (wish.contact, wish.device) == ("a@b.c", "d1")


def test_the_attribute_goes_before_an_address_id_of_the_city() -> None:
    assert wished(FORM | {"attribute[place]": "LIB-2-01"}, "en").place == "LIB-2-01"


@pytest.mark.parametrize(
    ("change", "code", "status"),
    [
        ({"service_code": ""}, "open311-service-missing", 400),
        ({"service_code": "pothole"}, "open311-no-such-service", 404),
        ({"address_id": "", "lat": "31", "long": "121"}, "open311-place-missing", 400),
        ({"attribute[detail]": "wired"}, "open311-no-such-value", 400),
        ({"description": "x" * 4001}, "open311-too-long", 400),
        ({"email": "x" * 81}, "open311-too-long", 400),
    ],
)
def test_what_cannot_be_taken_is_refused_with_the_standards_status(
    change: Mapping[str, str], code: str, status: int
) -> None:
    with pytest.raises(Problem) as caught:
        wished(FORM | change, "en")
    assert (caught.value.code, caught.value.status) == (code, status)


def test_the_same_of_the_same_client_is_one_request_for_ten_minutes() -> None:
    wish = wished(FORM, "en")
    one = request_id("app", wish, "LIB-1-01", AT)
    assert one == request_id("app", wish, "LIB-1-01", AT + timedelta(minutes=9))
    others = [
        request_id("app", wish, "LIB-1-01", AT + timedelta(minutes=10)),
        request_id("other", wish, "LIB-1-01", AT),
        request_id("app", wish, "LIB-1-02", AT),
        request_id("app", replace(wish, text="x"), "LIB-1-01", AT),
        request_id("app", replace(wish, symptom="sign-in"), "LIB-1-01", AT),
        request_id("app", replace(wish, device="x"), "LIB-1-01", AT),
    ]
    assert len({one, *others}) == 7


def test_people_are_told_apart_and_not_told() -> None:
    one = reporter("app", "device-1", "k")
    assert one == reporter("app", "device-1", "k") and "device" not in one
    assert (
        len({one, reporter("app", "device-2", "k"), reporter("b", "device-1", "k"), reporter("app", "device-1", "x")})
        == 4
    )


def test_a_key_is_known_or_not() -> None:
    clients = {"app": "secret", "empty": ""}
    assert client_of("secret", clients) == "app"
    for typed, code in (("", "open311-key-missing"), ("secret2", "open311-key-wrong"), ("密", "open311-key-wrong")):
        with pytest.raises(Problem, match=code) as caught:
            client_of(typed, clients)
        assert caught.value.status == 403


def test_unless_told_the_last_ninety_days_are_asked_for() -> None:
    found = asked({}, AT)
    assert (found.end, found.end - found.start) == (AT, timedelta(days=90))
    assert not (found.ids or found.codes or found.statuses)


@pytest.mark.parametrize(
    ("query", "start", "end"),
    [
        ({"start_date": "2026-11-01T00:00:00Z"}, datetime(2026, 11, 1, tzinfo=UTC), AT),
        ({"start_date": "2026-01-01T00:00:00Z"}, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)),
        ({"end_date": "2026-04-01T00:00:00Z"}, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)),
        (
            {"start_date": "2026-11-01T08:00:00 08:00", "end_date": "2026-11-02T08:00:00+08:00"},
            datetime(2026, 11, 1, tzinfo=UTC),
            datetime(2026, 11, 2, tzinfo=UTC),
        ),
    ],
)
def test_a_span_is_asked_for(query: Mapping[str, str], start: datetime, end: datetime) -> None:
    found = asked(query, AT)
    assert (found.start, found.end) == (start, end)


def test_ids_override_everything_else() -> None:
    found = asked({"service_request_id": "a, b,,a", "status": "rotten", "service_code": "pothole"}, AT)
    assert (list(found.ids), found.codes, found.statuses) == (["a", "b"], (), ())


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"service_code": "slow,pothole"}, "open311-no-such-service"),
        ({"status": "open,rotten"}, "open311-no-such-value"),
        ({"start_date": "2026-11-01"}, "open311-no-such-value"),
        ({"end_date": "yesterday"}, "open311-no-such-value"),
        ({"end_date": "0001-01-02T00:00:00Z"}, "open311-span"),
        ({"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"}, "open311-span"),
        ({"start_date": "2026-02-01T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"}, "open311-span"),
        ({"service_request_id": ",".join(map(str, range(1001)))}, "open311-too-long"),
    ],
)
def test_what_cannot_be_asked_is_refused(query: Mapping[str, str], code: str) -> None:
    with pytest.raises(Problem, match=code):
        asked(query, AT)


def test_a_start_after_now_asks_for_nothing() -> None:
    found = asked({"start_date": "2027-01-01T00:00:00Z"}, AT)
    assert found.start == found.end


@pytest.mark.parametrize(("file", "name"), [("slow.xml", "slow"), ("a.b.json", "a.b")])
def test_the_format_is_the_ending(file: str, name: str) -> None:
    assert named(file) == name


@pytest.mark.parametrize("file", ["slow", "slow.csv", ".xml", "xml"])
def test_what_ends_in_no_format_is_not_there(file: str) -> None:
    with pytest.raises(Problem, match="not-found"):
        named(file)
