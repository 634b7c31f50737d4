"""Pages about places and labels, for who manages them and for who only looks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from yinji.identity.session import ROLES, Session
from yinji.platform import clock
from yinji.repair import labels as codes
from yinji.repair.labels_store import Labels

from tests import portal, repairs
from tests.functions.conftest import Cloud, officer
from tests.functions.test_repair_places import CAMPUS, csv_of, deliver

OFFICER = officer("network-centre")
TECHNICIAN = Session("N0001", "technician", "赵工")
PATHS = ("/repair/places", "/repair/places/LIB", "/repair/places/LIB-1-01", "/repair/places/LIB-SW1")


@pytest.fixture
def labels(cloud: Cloud) -> Labels:
    deliver(cloud, csv_of([*CAMPUS, replace(CAMPUS[-1], id="LIB-9-01", within="LIB-9")]))
    return Labels()


def body(path: str, session: Session = OFFICER, language: str = "en") -> str:
    page = portal.visit(path, session, language)
    assert page.status == 200, page.status
    return page.body


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("path", PATHS)
def test_who_may_see_places_sees_them_and_nobody_else(cloud: Cloud, labels: Labels, role: str, path: str) -> None:
    seen = role in ("technician", "administrator", "auditor")
    page = portal.visit(path, replace(TECHNICIAN, role=role, department="library"))
    assert page.status == (200 if seen else 403)
    assert portal.visit(path, OFFICER).status == 200


@pytest.mark.parametrize("path", PATHS)
def test_who_only_looks_has_no_form_that_changes_anything(cloud: Cloud, labels: Labels, path: str) -> None:
    labels.print("s1", "door", ["LIB-1-01", "LIB-SW1"], "T1", clock.now())
    assert 'action="/api/repair' not in body(path, TECHNICIAN)
    if path != PATHS[0]:
        assert 'action="/api/repair/labels"' in body(path)


def test_buildings_and_what_was_delivered_are_told(cloud: Cloud, labels: Labels) -> None:
    text = body("/repair/places")
    assert "1 building" in text and "Library" in text and "Main campus" in text
    assert "places.csv" in text and f"added {len(CAMPUS)}" in text and "not taken 1" in text
    assert f"<td>{len(CAMPUS) + 2}</td>" in text and "There is no place of the number in “within”" in text
    assert "点位与标签" in body("/repair/places", language="zh")


def test_without_any_places_the_page_says_so(cloud: Cloud) -> None:
    assert "No places have been delivered yet" in body("/repair/places")


@pytest.mark.parametrize("typed", ["lib-1-01", " LIB-1-01 ", "code"])
def test_a_place_is_found_by_its_number_or_the_code_of_its_label(cloud: Cloud, labels: Labels, typed: str) -> None:
    sheet = labels.print("s1", "door", ["LIB-1-01"], "T1", clock.now())
    told = codes.code(sheet.serials[0], repairs.KEY).lower() if typed == "code" else typed
    page = portal.visit(f"/repair/places?find={told.replace(' ', '+')}", TECHNICIAN)
    assert (page.status, page.location) == (303, "/repair/places/LIB-1-01")
    text = body("/repair/places?find=%3Cb%3EK7QF")
    assert "There is no place and no label “&lt;b&gt;K7QF”" in text


def test_who_may_not_see_places_finds_none(cloud: Cloud, labels: Labels) -> None:
    student = Session("2022S01001", "student", "x")
    assert portal.visit("/repair/places?find=LIB", student).status == 403
    assert portal.visit("/repair/places?find=LIB").location.startswith("/sign-in")


def test_a_place_tells_where_it_is_what_it_hangs_on_and_its_labels(cloud: Cloud, labels: Labels) -> None:
    sheet = labels.print("s1", "door", ["LIB-1-01"], "T1", clock.now())
    text = body("/repair/places/LIB-1-01")
    for one in ("Library", "Floor 1", "AP 11", "Switch 1", "Core switch", "Print the same label again"):
        assert one in text
    known = codes.code(sheet.serials[0], repairs.KEY)
    assert f'href="/r/{known}"' in text and f"{known[:4]}-{known[4:8]}-{known[8:]}" in text
    labels.replace(sheet.serials[0], "door", "T1", clock.now())
    text = body("/repair/places/LIB-1-01")
    assert "replaced" in text and text.count("/replace") == 1 and f'href="/r/{known}"' not in text
    assert portal.visit("/repair/places/NOWHERE", OFFICER).status == 404


def test_a_device_tells_what_hangs_on_it_and_a_floor_what_lies_in_it(cloud: Cloud, labels: Labels) -> None:
    labels.print("s1", "door", ["LIB-1-01"], "T1", clock.now())
    text = body("/repair/places/LIB-SW1")
    assert "A fault here concerns 6 places." in text and "LIB-AP11" in text and "LIB-AP21" not in text
    text = body("/repair/places/LIB-1")
    assert "LIB-1-04" in text and "LIB-2-01" not in text and text.count("<code>") > 6
    assert "2 buildings" not in text and "6 places in it" not in body("/repair/places/LIB-1")
    assert "7 places in it" in body("/repair/places/LIB")


def test_a_retired_place_says_so_and_bears_no_label(cloud: Cloud, labels: Labels) -> None:
    deliver(cloud, csv_of([replace(CAMPUS[-1], retired=True)]), "later.csv")
    text = body(f"/repair/places/{CAMPUS[-1].id}")
    assert "no longer in use" in text and 'action="/api/repair/labels"' not in text


def test_a_sheet_tells_what_is_on_it_and_what_is_good(cloud: Cloud, labels: Labels) -> None:
    rooms = ["LIB-1-01", "LIB-1-02", "LIB-1-03"]
    sheet = labels.print("s1", "a4-24", rooms, "T1", clock.now())
    labels.retire(sheet.serials[0], clock.now())
    text = body("/repair/sheets/s1?done=labels.printed")
    assert "2 labels to print" in text and "The labels are ready" in text and 'href="/api/repair/sheets/s1"' in text
    labels.retire(sheet.serials[1], clock.now())
    labels.retire(sheet.serials[2], clock.now())
    assert "/api/repair/sheets/s1" not in body("/repair/sheets/s1")
    assert portal.visit("/repair/sheets/s1", TECHNICIAN).status == 403
    assert portal.visit("/repair/sheets/nothing", OFFICER).status == 404


def test_what_went_wrong_with_a_form_is_told_on_the_page(cloud: Cloud, labels: Labels) -> None:
    form = [("within", "LIB"), ("idempotency_key", "k" * 9), ("next", "/repair/places/LIB?at=labels.printed#notice")]
    answer: Any = cloud.call("repair/labels", OFFICER, "POST", "/api/repair/labels", [*form, ("format", "door")])
    place = answer.headers["Location"].split("#")[0]
    assert "problem=invalid-form" in place
    assert 'id="notice"' in body(place)
