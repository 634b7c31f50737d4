"""Runs: editions for all whom a selection chooses, and packed for the printing house; and their pages."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from yinji.archive.selection_store import Selections
from yinji.archive.store import Archive
from yinji.editions.model import ALONE, Edition, pack_key, sealed_key
from yinji.editions.packing import Sheet, list_name
from yinji.editions.runs import Runs
from yinji.editions.store import Editions, new_edition
from yinji.platform import clock

from tests import portal
from tests.archives import SU, student
from tests.functions.conftest import COUNSELLOR, Cloud, officer

OFFICE = officer("student-affairs")
RUNS = "/api/archive/runs"
CLASSED = [replace(student(number), class_name=f"汉语 {number % 2}班") for number in range(10, 14)]


@pytest.fixture
def selection(cloud: Cloud) -> str:
    Archive().enrol([SU, *CLASSED])
    title, numbers = "试点", "\n".join(one.student for one in (SU, *CLASSED))
    fields = [("title", title), ("list", numbers), ("idempotency_key", "k" * 12)]
    begun = cloud.call("archive/selections", OFFICE, "POST", "/api/archive/selections", fields)
    assert begun.status in (200, 303), begun.json
    [found] = Selections().all()
    kept = cloud.call("archive/selections", OFFICE, "POST", f"/api/archive/selections/{found.id}/keep", {"version": 1})
    assert kept.status == 200
    return found.id


def begin(cloud: Cloud, selection: str) -> dict[str, Any]:
    told = {"selection": selection, "language": "zh", "theme": "ink", "idempotency_key": "r" * 12}
    answer = cloud.call("archive/runs", OFFICE, "POST", RUNS, told)
    assert answer.status == 200, answer.json
    return answer.json


def released(cloud: Cloud) -> None:
    cloud.invoke("archive/release", {})


def sealed(cloud: Cloud, edition: Edition) -> Edition:
    body = f"%PDF {edition.id}".encode()
    found = Editions().seal(edition, "f1", hashlib.sha256(body).hexdigest(), len(body), 1)
    assert found
    cloud.s3.put_object(Bucket="editions", Key=sealed_key(found), Body=body)
    return found


def progress(cloud: Cloud, run: str) -> dict[str, int]:
    return cloud.call("archive/runs", OFFICE, "GET", f"{RUNS}/{run}").json["progress"]["states"]


def test_a_run_begins_once_and_makes_one_for_each(cloud: Cloud, selection: str) -> None:
    run = begin(cloud, selection)["id"]
    assert begin(cloud, selection)["id"] == run and len(Runs().all()) == 1
    for _ in range(2):
        released(cloud)
    assert progress(cloud, run) == {"requested": 5}


def test_a_paused_run_waits_and_goes_on(cloud: Cloud, selection: str) -> None:
    run = begin(cloud, selection)["id"]
    for _ in range(2):
        assert cloud.call("archive/runs", OFFICE, "POST", f"{RUNS}/{run}/pause", {}).json["paused_by"] == OFFICE.sub
    released(cloud)
    assert progress(cloud, run) == {"planned": 5}
    assert "paused by" in portal.visit(f"/archive/runs/{run}", OFFICE, "en").body
    cloud.call("archive/runs", OFFICE, "POST", f"{RUNS}/{run}/resume", {})
    released(cloud)
    assert progress(cloud, run) == {"requested": 5}


def test_what_went_wrong_is_told_and_made_again(cloud: Cloud, selection: str) -> None:
    run, editions = begin(cloud, selection)["id"], Editions()
    released(cloud)
    first, second, *others = editions.of_run(run)
    editions.hold(first, "𰻞")
    editions.fail(second, "not-typeset")
    for one in others:
        sealed(cloud, one)
    told = cloud.call("archive/runs", OFFICE, "GET", f"{RUNS}/{run}").json
    assert {one["characters"] or one["reason"] for one in told["wrong"]} == {"𰻞", "not-typeset"}
    page = portal.visit(f"/archive/runs/{run}", OFFICE, "en").body
    assert "𰻞" in page and "2 went wrong" in page and "3 of 5 done" in page
    again = cloud.call("archive/runs", OFFICE, "POST", f"{RUNS}/{run}/again", {})
    assert again.json["again"] == 2
    assert progress(cloud, run) == {"planned": 2, "sealed": 3}
    released(cloud)
    assert progress(cloud, run) == {"requested": 2, "sealed": 3}
    again_now = editions.find(first.student, first.id)
    assert again_now and again_now.at > first.at and not again_now.characters


def test_a_selection_that_is_not_in_force_makes_no_run(cloud: Cloud, selection: str) -> None:
    cloud.call("archive/selections", OFFICE, "POST", f"/api/archive/selections/{selection}/archive", {})
    told = {"selection": selection, "idempotency_key": "r" * 12}
    answer = cloud.call("archive/runs", OFFICE, "POST", RUNS, told)
    assert (answer.status, answer.json["code"]) == (409, "selection-not-in-force")


def packed(cloud: Cloud, run: str) -> zipfile.ZipFile:
    answer = cloud.call("archive/runs", OFFICE, "POST", f"{RUNS}/{run}/pack", {})
    assert answer.json["schools"] == 1
    [message] = cloud.taken_out("PACK")
    for _ in range(2):
        assert cloud.send("archive/pack", message) == {"batchItemFailures": []}
    body = cloud.s3.get_object(Bucket="editions", Key=pack_key(run, SU.school))["Body"].read()
    return zipfile.ZipFile(io.BytesIO(body))


def test_a_school_is_packed_by_class_with_a_list(cloud: Cloud, selection: str) -> None:
    run, editions = begin(cloud, selection)["id"], Editions()
    released(cloud)
    every = {one.student: sealed(cloud, one) for one in list(editions.of_run(run))}
    editions.revoke(every[SU.student], OFFICE.sub, "x")
    archive = packed(cloud, run)
    [head, *rows] = csv.reader(io.StringIO(archive.read(list_name()).decode("utf-8-sig")))
    assert [row[2] for row in rows] == sorted((one.student for one in CLASSED), key=lambda one: (int(one[-1]) % 2, one))
    for row in rows:
        told = dict(zip(head, row, strict=True))
        body = archive.read(row[4])
        assert hashlib.sha256(body).hexdigest() == row[6], told
    assert len(archive.namelist()) == 1 + len(CLASSED)
    page = portal.visit(f"/archive/runs/{run}", OFFICE, "en").body
    assert "4 editions" in page
    cloud.looks()
    answer = cloud.call("archive/runs", OFFICE, "GET", f"{RUNS}/{run}/packs/{SU.school}")
    assert answer.status == 303 and urlsplit(answer.headers["Location"]).path.endswith(pack_key(run, SU.school))
    assert {number for look in cloud.looks() for number in look["students"]} == {one.student for one in CLASSED}


def test_who_was_unchanged_is_packed_as_they_are_in_force(cloud: Cloud, selection: str) -> None:
    editions, first = Editions(), begin(cloud, selection)["id"]
    released(cloud)
    before = {one.student: sealed(cloud, one) for one in list(editions.of_run(first))}
    told = {"selection": selection, "language": "zh", "theme": "ink", "idempotency_key": "s" * 12}
    second = cloud.call("archive/runs", OFFICE, "POST", RUNS, told).json["id"]
    released(cloud)
    for one in list(editions.of_run(second)):
        editions.unchanged(one, "f1")
    archive = packed(cloud, second)
    assert len(archive.namelist()) == 1 + len(before)
    assert archive.read(Sheet(SU, before[SU.student]).file) == f"%PDF {before[SU.student].id}".encode()


def test_what_students_asked_for_and_went_wrong_is_there_to_be_made_again(cloud: Cloud, selection: str) -> None:
    editions = Editions()
    mine = editions.ask(new_edition(SU.student, ALONE, "zh", "ink", SU.student, state="requested"))
    editions.hold(mine, "𰻞")
    body = portal.visit("/archive/runs", OFFICE, "en").body
    assert "𰻞" in body and SU.student in body
    answer = cloud.call("archive/runs", OFFICE, "POST", "/api/archive/editions/again", {})
    assert answer.json == {"again": 1}
    found = editions.find(mine.student, mine.id)
    assert found and (found.state, found.characters) == ("requested", "")
    assert cloud.call("archive/runs", COUNSELLOR, "POST", "/api/archive/editions/again", {}).status == 403


def test_a_run_that_was_paused_says_what_is_known_when_it_goes_on(cloud: Cloud, selection: str) -> None:
    run, editions = begin(cloud, selection)["id"], Editions()
    cloud.call("archive/runs", OFFICE, "POST", f"{RUNS}/{run}/pause", {})
    released(cloud)
    own = sealed(cloud, editions.ask(new_edition(SU.student, ALONE, "zh", "ink", SU.student, state="requested")))
    cloud.call("archive/runs", OFFICE, "POST", f"{RUNS}/{run}/resume", {})
    released(cloud)
    theirs = next(one for one in list(editions.of_run(run)) if one.student == SU.student)
    assert theirs.at > own.at and sealed(cloud, theirs).standing == "in-force"


def test_a_pack_is_student_affairs_alone(cloud: Cloud, selection: str) -> None:
    run = begin(cloud, selection)["id"]
    assert cloud.call("archive/runs", COUNSELLOR, "POST", f"{RUNS}/{run}/pack", {}).status == 403
    assert cloud.call("archive/runs", OFFICE, "GET", f"{RUNS}/{run}/packs/S01").status == 404
    assert cloud.call("archive/runs", OFFICE, "GET", f"{RUNS}/{run}/packs/{'x' * 90}").status == 404


def test_a_class_cannot_name_a_file_elsewhere() -> None:
    edition = Edition("s", "i", "r", "zh", "ink", "c", "b", clock.now(), "sealed", clock.now())
    assert Sheet(replace(SU, class_name="../../etc"), edition).file == f"______etc/{SU.student}.pdf"
    assert Sheet(replace(SU, class_name=""), edition).file == f"_/{SU.student}.pdf"


def test_runs_are_listed_and_begun_on_a_page(cloud: Cloud, selection: str) -> None:
    empty = portal.visit("/archive/runs", OFFICE, "en").body
    assert "试点" in empty
    run = begin(cloud, selection)["id"]
    body = portal.visit("/archive/runs", OFFICE, "en").body
    assert f"/archive/runs/{run}" in body
    assert portal.visit("/archive/runs", COUNSELLOR).status == 403
    assert portal.visit(f"/archive/runs/{'0' * 24}", OFFICE).status == 404
