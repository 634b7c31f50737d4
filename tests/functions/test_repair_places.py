"""Tables of places, and labels: taken once however often they come, one good label a place whoever prints."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from yinji.identity.session import ROLES, Session
from yinji.platform import clock
from yinji.repair import labels as codes
from yinji.repair import labels_store, register_store
from yinji.repair.importing import read
from yinji.repair.labels_store import Labels
from yinji.repair.place import Place
from yinji.repair.printing import FORMATS
from yinji.repair.register import KNOWN
from yinji.repair.register_store import Register

from tests import handlers, portal, repairs
from tests.functions.conftest import Cloud, officer
from tests.repairs import campus

CENTRE = officer("network-centre")
CAMPUS = campus()
LABELS, INTAKE = "repair/labels", "repair/places_intake"
FLOOR = {"format": "a4-24", "within": "LIB-1", "kind.room": "yes"}


def csv_of(places: Iterable[Place]) -> bytes:
    out = io.StringIO()
    writer: Any = csv.DictWriter(out, KNOWN)
    writer.writeheader()
    for one in places:
        told = {"title_zh": one.title["zh"], "title_en": one.title["en"], "state": "retired" if one.retired else ""}
        writer.writerow(told | {name: getattr(one, name) for name in KNOWN if name not in told})
    return out.getvalue().encode()


def deliver(cloud: Cloud, data: bytes, name: str = "places.csv") -> dict[str, Any]:
    cloud.s3.put_object(Bucket="repair", Key=f"imports/{name}", Body=data)
    return taken(cloud, name)


def taken(cloud: Cloud, name: str = "places.csv") -> dict[str, Any]:
    """Tell the function of a delivery that lies there; its report."""
    cloud.invoke(INTAKE, {"Records": [{"s3": {"bucket": {"name": "repair"}, "object": {"key": f"imports/{name}"}}}]})
    body = cloud.s3.get_object(Bucket="repair", Key=f"reports/places/{name}.json")["Body"].read()
    return json.loads(body)


@pytest.fixture
def labels(cloud: Cloud) -> Labels:
    """The store, with the campus of the tests."""
    repairs.keep(CAMPUS)
    return Labels()


# --- tables -----------------------------------------------------------------------------------------------------


def test_a_table_becomes_places_with_all_that_follows(cloud: Cloud) -> None:
    report = deliver(cloud, csv_of(reversed(CAMPUS)))
    assert (report["state"], report["lines"], report["counts"]) == ("loaded", len(CAMPUS), {"added": len(CAMPUS)})
    places = Labels()
    assert {one.id: one for one in places.all()} == {one.id: one for one in CAMPUS}
    assert places.buildings() == ["LIB"]
    assert places.find("LIB-1-01") == next(one for one in CAMPUS if one.id == "LIB-1-01")


def test_a_table_that_comes_again_changes_nothing(cloud: Cloud) -> None:
    deliver(cloud, csv_of(CAMPUS))
    before = Register().every()
    assert taken(cloud)["counts"] == {"unchanged": len(CAMPUS)}
    assert Register().every() == before


def test_lines_that_are_not_taken_are_told_with_their_number_and_why(cloud: Cloud) -> None:
    wrong = replace(CAMPUS[-1], within="NOWHERE")
    report = deliver(cloud, csv_of([*CAMPUS[:-1], wrong]))
    [one] = report["rejected"]
    assert (one["line"], one["field"], one["code"]) == (len(CAMPUS) + 1, "within", "place-unknown")
    assert one["zh"] and "within" in one["en"] and report["counts"]["rejected"] == 1
    assert deliver(cloud, b"a,b\n1,2\n", "bad.csv")["reason"]["code"] == "columns"
    assert deliver(cloud, b"%PDF", "bad.pdf")["state"] == "refused"


def test_what_is_in_use_within_what_is_retired_is_remarked_on_and_its_label_works(cloud: Cloud, labels: Labels) -> None:
    code = repairs.label("LIB-1-01")
    report = deliver(cloud, csv_of([replace(one, retired=one.id == "LIB-1") for one in CAMPUS]), "retired.csv")
    assert report["rejected"] == [] and {one["code"] for one in report["remarks"]} == {
        "place-still-used",
        "place-in-retired",
    }
    page = portal.visit("/repair/places", CENTRE, "en").body
    assert "Taken, and to be looked at" in page and "places in it are not" in page
    scanned = portal.visit(f"/r/{code}", language="en")
    assert scanned.status == 200 and 'name="symptom"' in scanned.body


def test_a_table_that_was_taken_away_is_nothing(cloud: Cloud) -> None:
    record = {"s3": {"bucket": {"name": "repair"}, "object": {"key": "imports/gone.csv"}}}
    cloud.invoke(INTAKE, {"Records": [record]})
    assert cloud.s3.list_objects_v2(Bucket="repair").get("Contents") is None


def test_a_writer_that_dies_anywhere_is_made_good_by_the_next(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    table, at = read("places.csv", csv_of(CAMPUS)), clock.now()
    monkeypatch.setattr(register_store, "AT_ONCE", 6)
    transacted, left = register_store.transacted, [0]

    def dying(through: Any, work: Any) -> bool:
        if not left[0]:
            raise ConnectionError
        left[0] -= 1
        return transacted(through, work)

    monkeypatch.setattr(register_store, "transacted", dying)
    for calls in range(1, 4):
        left[0] = calls
        with pytest.raises(ConnectionError):
            Register().take(table, at)
    left[0] = 100
    Register().take(table, at)
    assert {one.id: one for one in Labels().all()} == {one.id: one for one in CAMPUS}


def test_two_tables_at_once_leave_the_later_one(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The earlier is written between the look and the write of the later, and the other way round."""
    old = [replace(one, title={"zh": "旧" + one.title["zh"], "en": one.title["en"]}) for one in CAMPUS]
    tables = [(read("a.csv", csv_of(old)), clock.now()), (read("b.csv", csv_of(CAMPUS)), clock.now())]
    tables[1] = (tables[1][0], tables[0][1] + timedelta(minutes=1))
    for first, second in ((0, 1), (1, 0)):
        with monkeypatch.context() as patch:
            patch.setattr(Register, "every", _meddled_with(tables[first]))
            Register().take(*tables[second])
        assert {one.id: one for one in Labels().all()} == {one.id: one for one in CAMPUS}


def _meddled_with(table: Any) -> Any:
    """Looking at the register, after which somebody else is quick to take `table`."""
    every, left = Register.every, [table]

    def look(self: Register, ids: Iterable[str] = ()) -> Any:
        known = every(self, ids)
        if left:
            Register().take(*left.pop())
        return known

    return look


# --- labels -----------------------------------------------------------------------------------------------------


def printed(cloud: Cloud, key: str = "first-key", session: Session | None = CENTRE, **more: str) -> Any:
    return cloud.call(LABELS, session, "POST", "/api/repair/labels", FLOOR | {"idempotency_key": key} | more)


def serials(answer: Any) -> list[str]:
    assert answer.status == 200, answer.json
    return [one["serial"] for one in answer.json["labels"]]


def test_a_label_stays_the_same_however_often_it_is_printed(cloud: Cloud, labels: Labels) -> None:
    answer = printed(cloud)
    assert [one["place"] for one in answer.json["labels"]] == [f"LIB-1-0{n}" for n in (1, 2, 3, 4)]
    one = answer.json["labels"][0]
    assert codes.serial_of(one["code"], repairs.KEY) == one["serial"]
    assert printed(cloud).json == answer.json
    again = printed(cloud, "another-key", within="LIB")
    assert set(serials(answer)) < set(serials(again)) and again.json["id"] != answer.json["id"]
    found = labels.label(one["serial"])
    assert found and labels.labels_of("LIB-1-01") == [found]


def test_those_without_a_label_are_printed_alone_if_wanted(cloud: Cloud, labels: Labels) -> None:
    before = serials(printed(cloud))
    missing = printed(cloud, "another-key", within="LIB", missing="yes")
    assert len(serials(missing)) == 4 and not set(serials(missing)) & set(before)
    answer = printed(cloud, "third-key-", missing="yes")
    assert (answer.status, answer.json["code"]) == (422, "no-labels")


@pytest.mark.parametrize("within", ["NOWHERE", "LIB-SW1"])
def test_nothing_to_print_is_said(cloud: Cloud, labels: Labels, within: str) -> None:
    answer = printed(cloud, within=within)
    assert (answer.status, answer.json["code"]) == (422, "no-labels")


def test_too_many_are_said(cloud: Cloud, labels: Labels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers.warm(LABELS), "MOST_ON_A_SHEET", 3)
    answer = printed(cloud)
    assert (answer.status, answer.json["code"]) == (422, "too-many-labels") and "3" in answer.json["detail"]
    assert labels.hanging([one.id for one in CAMPUS]) == {}


def test_two_who_print_at_once_print_the_same(cloud: Cloud, labels: Labels) -> None:
    rooms = [one.id for one in CAMPUS if one.kind == "room"]

    def work(number: int) -> tuple[str, ...]:
        return tuple(Labels().print(f"sheet{number}", "a4-24", rooms, f"T{number}", clock.now()).serials)

    with ThreadPoolExecutor(4) as threads:
        found = set(threads.map(work, range(4)))
    [one] = found
    assert len(set(one)) == len(rooms)
    assert all(len(labels.labels_of(room)) == 1 for room in rooms)


def test_a_stolen_label_is_replaced_once_and_is_good_for_nothing(cloud: Cloud, labels: Labels) -> None:
    old, *_ = serials(printed(cloud))
    path = f"/api/repair/labels/{old}/replace"
    answers = [cloud.call(LABELS, CENTRE, "POST", path, {"format": form}) for form in ("a4-10", "door")]
    [new] = serials(answers[0])
    assert answers[0].json == answers[1].json and answers[0].json["format"] == "a4-10"
    before, after = labels.label(old), labels.label(new)
    assert before and after and (before.state, before.replaced_by, after.state) == ("replaced", new, "active")
    assert labels.hanging(["LIB-1-01"]) == {"LIB-1-01": new}
    assert labels.labels_of("LIB-1-01")[0] == after and before in labels.labels_of("LIB-1-01")
    assert cloud.call(LABELS, CENTRE, "POST", f"/api/repair/labels/{old}/retire", {}).json["code"] == "label-over"
    assert serials(printed(cloud, "another-key"))[0] == new


def test_a_retired_label_leaves_its_place_without_one(cloud: Cloud, labels: Labels) -> None:
    old, *_ = serials(printed(cloud))
    path = f"/api/repair/labels/{old}"
    answers = [cloud.call(LABELS, CENTRE, "POST", f"{path}/retire", {}) for _ in range(2)]
    assert answers[0].json == answers[1].json and answers[0].json["state"] == "retired"
    answer = cloud.call(LABELS, CENTRE, "POST", f"{path}/replace", {"format": "door"})
    assert (answer.status, answer.json["code"]) == (409, "label-over")
    assert "LIB-1-01" not in labels.hanging(["LIB-1-01"])
    assert serials(printed(cloud, "another-key"))[0] != old


@pytest.mark.parametrize("deed", ["replace", "retire"])
def test_a_label_that_is_none_is_none(cloud: Cloud, labels: Labels, deed: str) -> None:
    answer = cloud.call(LABELS, CENTRE, "POST", f"/api/repair/labels/{'A' * 3000}/{deed}", {"format": "door"})
    assert answer.status == 404


def test_replaced_by_two_at_once_there_is_one_other_label(cloud: Cloud, labels: Labels) -> None:
    old, *_ = serials(printed(cloud))
    with ThreadPoolExecutor(4) as threads:
        found = set(threads.map(lambda n: Labels().replace(old, "door", f"T{n}", clock.now()).serials, range(4)))
    assert len(found) == 1 and len(labels.labels_of("LIB-1-01")) == 2


@pytest.mark.parametrize("role", ROLES)
def test_who_may_not_manage_places_prints_nothing(cloud: Cloud, labels: Labels, role: str) -> None:
    who = replace(CENTRE, role=role, department="library" if role == "department-officer" else "")
    sheet = printed(cloud).json["id"]
    expected = 200 if role == "administrator" else 403
    for method, path in (("POST", "labels"), ("GET", f"sheets/{sheet}")):
        body = FLOOR | {"idempotency_key": "k" * 8} if method == "POST" else None
        assert cloud.call(LABELS, who, method, f"/api/repair/{path}", body).status == expected
    if expected == 403:
        serial = labels.hanging(["LIB-1-01"])["LIB-1-01"]
        for deed in ("replace", "retire"):
            answer = cloud.call(LABELS, who, "POST", f"/api/repair/labels/{serial}/{deed}", {"format": "door"})
            assert answer.status == 403


def test_a_page_is_led_to_its_sheet(cloud: Cloud, labels: Labels) -> None:
    form = [*(FLOOR | {"idempotency_key": "k" * 8, "next": "/repair/places/LIB"}).items()]
    answer = cloud.call(LABELS, CENTRE, "POST", "/api/repair/labels", form)
    assert answer.status == 303 and answer.headers["Location"].startswith("/repair/sheets/")


# --- sheets -----------------------------------------------------------------------------------------------------


def sheet(cloud: Cloud, id: str) -> Any:
    return cloud.call(LABELS, CENTRE, "GET", f"/api/repair/sheets/{id}")


@pytest.mark.parametrize("format", FORMATS)
def test_the_pictures_of_a_sheet_hold_the_addresses_of_its_labels(cloud: Cloud, labels: Labels, format: str) -> None:
    answer = printed(cloud, format=format)
    paper = sheet(cloud, answer.json["id"])
    assert (paper.status, paper.headers["Content-Type"]) == (200, "application/pdf")
    document = pypdfium2.PdfDocument(base64.b64decode(paper.body))
    seen: list[str] = []
    text = ""
    for page in document:
        text += page.get_textpage().get_text_range()
        found = zxingcpp.read_barcodes(page.render(scale=3).to_pil())
        assert all(one.ec_level == "H" for one in found)
        seen += [one.text for one in found]
    known = [codes.code(one, repairs.KEY) for one in serials(answer)]
    assert sorted(seen) == sorted(codes.address(os.environ["YINJI_PUBLIC_URL"], one) for one in known)
    for one in answer.json["labels"]:
        assert one["code"] in text
    text = re.sub(r"\s", "", text)
    assert "101室" in text and "Room101" in text and "扫一扫" in text and "Scan" in text


def test_a_sheet_is_the_same_to_the_byte_and_leaves_out_what_was_ended(cloud: Cloud, labels: Labels) -> None:
    answer = printed(cloud)
    assert sheet(cloud, answer.json["id"]).body == sheet(cloud, answer.json["id"]).body
    first, *rest = serials(answer)
    labels.retire(first, clock.now())
    body = base64.b64decode(sheet(cloud, answer.json["id"]).body)
    seen = zxingcpp.read_barcodes(pypdfium2.PdfDocument(body)[0].render(scale=3).to_pil())
    assert len(seen) == len(rest) and all(codes.code(first, repairs.KEY) not in one.text for one in seen)
    for one in rest:
        labels.retire(one, clock.now())
    over = sheet(cloud, answer.json["id"])
    assert (over.status, over.json["code"]) == (409, "sheet-over")
    assert sheet(cloud, "0" * 24).status == 404


def spots(body: str) -> list[list[tuple[int, int]]]:
    """Where pictures lie on each page, as column and row of 24 stickers a page."""
    found = []
    for page in pypdfium2.PdfDocument(base64.b64decode(body)):
        image = page.render(scale=3).to_pil()
        corners = [one.position.top_left for one in zxingcpp.read_barcodes(image)]
        found.append(sorted((int(at.y * 8 / image.height), int(at.x * 3 / image.width)) for at in corners))
    return found


def test_a_sheet_that_was_begun_is_gone_on_with(cloud: Cloud, labels: Labels) -> None:
    answer = printed(cloud, first="23")
    assert answer.json["first"] == 23 and len(serials(answer)) == 4
    body = sheet(cloud, answer.json["id"]).body
    assert spots(body) == [[(7, 1), (7, 2)], [(0, 0), (0, 1)]]
    assert sheet(cloud, answer.json["id"]).body == body
    again = cloud.call(
        LABELS, CENTRE, "POST", f"/api/repair/labels/{serials(answer)[0]}/replace", {"format": "a4-24", "first": "5"}
    )
    assert spots(sheet(cloud, again.json["id"]).body) == [[(1, 1)]]
    assert "from sticker 23 on" in portal.visit(f"/repair/sheets/{answer.json['id']}", CENTRE, "en").body
    assert printed(cloud, "another-key", first="25").status == 422


def test_whoever_prints_dies_between_labels_and_sheet_and_prints_the_same_again(
    cloud: Cloud, labels: Labels, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, pytest.raises(ConnectionError):
        patch.setattr(labels_store, "kept", lambda *_: (_ for _ in ()).throw(ConnectionError()))
        labels.print("s1", "door", ["LIB-1-01"], "T1", clock.now())
    hanging = labels.hanging(["LIB-1-01"])
    made = labels.print("s1", "door", ["LIB-1-01", "LIB-1-02"], "T1", clock.now())
    assert hanging and made.serials[0] == hanging["LIB-1-01"] and len(made.serials) == 2
    assert labels.print("s1", "a4-24", ["LIB-2-01"], "T2", clock.now()) == made
