"""Links by which a student shares their archive, and codes by which whoever holds one checks it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import boto3
import pytest
from yinji.archive.store import Archive
from yinji.clearance import codes
from yinji.editions.model import ALONE, Edition, sealed_key
from yinji.editions.share_store import Shares
from yinji.editions.sharing import MOST_OPEN, Share
from yinji.editions.store import Editions, new_edition
from yinji.identity.session import ROLES, Session
from yinji.platform import clock

from tests import portal
from tests.archives import SU, fill, record
from tests.functions.conftest import COUNSELLOR, Cloud, officer

ME = Session(SU.student, "student", SU.name)
SOMEBODY_ELSE = Session("2022S01999", "student", "别人")
OFFICE = officer("student-affairs")
PLACE = f"/api/archive/students/{SU.student}"
PDF = b"%PDF-1.7 what was sealed"


@pytest.fixture
def archive(cloud: Cloud) -> Archive:
    found = Archive()
    found.enrol([SU])
    fill(
        SU,
        [record(1, "book", title="《红楼梦》"), record(2, "sport", title="环校跑"), record(3, "service", title="支教")],
    )
    return found


def sealed(key: str = "1", says: str = "f1", pdf: bytes = PDF) -> Edition:
    """An edition of Su's, with its documents."""
    editions = Editions()
    asked = editions.ask(new_edition(SU.student, ALONE, "both", "ink", SU.student, state="requested", key=key))
    found = editions.seal(asked, says, hashlib.sha256(pdf).hexdigest(), len(pdf), editions.place())
    assert found
    s3: Any = boto3.client("s3")
    for ending, body in (("pdf", pdf), ("jwt", b"a.b.c")):
        s3.put_object(Bucket=os.environ["YINJI_EDITIONS_BUCKET"], Key=sealed_key(found, ending), Body=body)
    return found


def in_days(days: int) -> str:
    return (clock.today() + timedelta(days=days)).isoformat()


def wish(**more: Any) -> dict[str, Any]:
    told = {
        "shows": "dimensions",
        "part.physical": "yes",
        "to": "某公司",
        "until": in_days(7),
        "idempotency_key": "k" * 10,
    }
    return {name: value for name, value in (told | more).items() if value is not None}


def made(cloud: Cloud, **more: Any) -> Share:
    answer = cloud.call("archive/shares", ME, "POST", f"{PLACE}/shares", wish(**more))
    assert answer.status == 200, answer.json
    found = Shares().find(SU.student, answer.json["id"])
    assert found
    return found


def test_who_asks_twice_has_one_link(cloud: Cloud, archive: Archive) -> None:
    assert made(cloud) == made(cloud)
    answer = cloud.call("archive/shares", ME, "GET", f"{PLACE}/shares")
    [one] = answer.json["shares"]
    assert (one["to"], one["parts"], one["standing"]) == ("某公司", ["physical"], "open")


@pytest.mark.parametrize("role", ROLES)
def test_nobody_else_makes_or_sees_links(cloud: Cloud, archive: Archive, role: str) -> None:
    found = made(cloud)
    who = replace(OFFICE, role=role, school=SU.school) if role != "student" else SOMEBODY_ELSE
    for method, path, body in (
        ("GET", "/shares", None), ("POST", "/shares", wish()), ("POST", f"/shares/{found.id}/revoke", {})
    ):  # fmt: skip
        assert cloud.call("archive/shares", who, method, PLACE + path, body).status == 403
    assert Shares().of(SU.student) == [found]


@pytest.mark.parametrize(
    ("more", "fields"),
    [
        ({"shows": "everything"}, {"shows"}),
        ({"shows": None}, {"shows"}),
        ({"to": "  "}, {"to"}),
        ({"to": "x" * 61}, {"to"}),
        ({"to": "a\u202eb"}, {"to"}),
        ({"until": in_days(-1)}, {"until"}),
        ({"until": in_days(400)}, {"until"}),
        ({"until": "tomorrow"}, {"until"}),
        ({"part.physical": None}, {"parts"}),
        ({"part.physical": None, "part.nothing": "yes"}, {"parts"}),
        ({"shows": "records", "part.physical": "yes"}, {"parts"}),
    ],
)
def test_what_cannot_be_a_link_is_said(cloud: Cloud, archive: Archive, more: dict[str, Any], fields: set[str]) -> None:
    answer = cloud.call("archive/shares", ME, "POST", f"{PLACE}/shares", wish(**more))
    assert (answer.status, answer.json["code"]) == (422, "invalid-form")
    assert {one["field"] for one in answer.json["errors"]} == fields
    assert Shares().of(SU.student) == []


def test_a_link_of_the_whole_needs_an_edition_in_force(cloud: Cloud, archive: Archive) -> None:
    first = sealed("1")
    sealed("2", "f2")
    for edition in ("", "nothing", first.id):
        answer = cloud.call("archive/shares", ME, "POST", f"{PLACE}/shares", wish(shows="whole", edition=edition))
        assert (answer.status, answer.json["code"]) == (409, "edition-not-in-force")


def test_there_is_an_end_to_open_links(cloud: Cloud, archive: Archive) -> None:
    for number in range(MOST_OPEN):
        made(cloud, idempotency_key=f"key-{number:08}")
    answer = cloud.call("archive/shares", ME, "POST", f"{PLACE}/shares", wish(idempotency_key="one-more-key"))
    assert (answer.status, answer.json["code"]) == (409, "too-many-links")
    Shares().revoke(Shares().of(SU.student)[0])
    made(cloud, idempotency_key="one-more-key")


def test_a_link_shows_what_it_was_made_for_and_nothing_else(cloud: Cloud, archive: Archive) -> None:
    physical = portal.visit(f"/shared/{made(cloud).token}").body
    assert "环校跑" in physical and "红楼梦" not in physical and "支教" not in physical
    chosen = {f"part.{record(number).path}": "yes" for number in (1, 3)}
    one_by_one = made(cloud, shows="records", idempotency_key="records-key", **chosen | {"part.physical": None})
    body = portal.visit(f"/shared/{one_by_one.token}", language="en").body
    assert "红楼梦" in body and "支教" in body and "环校跑" not in body and SU.student not in body
    whole = made(cloud, shows="whole", edition=sealed().id, idempotency_key="whole-key")
    body = portal.visit(f"/shared/{whole.token}").body
    assert all(title in body for title in ("红楼梦", "支教", "环校跑"))


def test_what_is_no_longer_certified_is_no_longer_shown(cloud: Cloud, archive: Archive) -> None:
    chosen = {f"part.{record(number).path}": "yes" for number in (1, 3)} | {"part.physical": None}
    token = made(cloud, shows="records", **chosen).token
    gone = replace(
        record(1, "book", title="《红楼梦》"), state="void", as_of="2026-07-01T00:00:00.000Z", certification=None
    )
    fill(SU, [gone])
    body = portal.visit(f"/shared/{token}", language="en").body
    assert "红楼梦" not in body and "1 of the chosen records is not certified any more" in body


def test_a_link_ends_on_its_day_or_when_it_is_revoked(cloud: Cloud, archive: Archive) -> None:
    edition = sealed()
    share = made(cloud, shows="whole", edition=edition.id)
    file = f"/api/archive/shared/{share.token}/archive.pdf"
    assert cloud.call("archive/shared", None, "GET", file).status == 200
    assert share.standing(share.until) == "open"
    assert share.standing(share.until + timedelta(days=1)) == "expired"
    for _ in range(2):
        answer = cloud.call("archive/shares", ME, "POST", f"{PLACE}/shares/{share.id}/revoke", {})
        assert answer.json["standing"] == "revoked"
    page = portal.visit(f"/shared/{share.token}", language="en")
    assert page.status == 410 and "revoked" in page.body and SU.name not in page.body
    answer = cloud.call("archive/shared", None, "GET", file)
    assert (answer.status, answer.json["code"]) == (410, "link-over")


def test_an_edition_that_the_university_took_back_is_shown_no_more(cloud: Cloud, archive: Archive) -> None:
    edition = sealed()
    share = made(cloud, shows="whole", edition=edition.id)
    answer = cloud.call(
        "archive/editions", COUNSELLOR, "POST", f"{PLACE}/editions/{edition.id}/revoke", {"why": "错了"}
    )
    assert answer.status == 403
    answer = cloud.call("archive/editions", OFFICE, "POST", f"{PLACE}/editions/{edition.id}/revoke", {"why": ""})
    assert (answer.status, answer.json["code"]) == (422, "invalid-form")
    answer = cloud.call("archive/editions", OFFICE, "POST", f"{PLACE}/editions/{edition.id}/revoke", {"why": "错了"})
    assert (answer.status, answer.json["standing"]) == (200, "revoked")
    page = portal.visit(f"/shared/{share.token}", language="en")
    assert page.status == 410 and "This archive was revoked" in page.body
    assert cloud.call("archive/shared", None, "GET", f"/api/archive/shared/{share.token}/archive.pdf").status == 410
    checked = portal.visit(f"/verify/{edition.code}", language="en").body
    assert "was revoked on" in checked and "错了" not in checked


@pytest.mark.parametrize("token", ["x", "A" * 32, "../../x", "%00"])
def test_no_link_is_no_link(cloud: Cloud, archive: Archive, token: str) -> None:
    assert portal.visit(f"/shared/{token}").status == 404
    assert cloud.call("archive/shared", None, "GET", f"/api/archive/shared/{token}/archive.pdf").status == 404


def test_the_document_of_a_link_is_the_sealed_one(cloud: Cloud, archive: Archive) -> None:
    share = made(cloud, shows="whole", edition=sealed().id)
    answer = cloud.call("archive/shared", None, "GET", f"/api/archive/shared/{share.token}/archive.pdf")
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/pdf"
    part = made(cloud, idempotency_key="a-part-of-it")
    assert cloud.call("archive/shared", None, "GET", f"/api/archive/shared/{part.token}/archive.pdf").status == 404
    assert cloud.call("archive/shared", None, "GET", f"/api/archive/shared/{share.token}/keys.pem").status == 404


def test_who_has_a_link_is_written_down_and_counted(cloud: Cloud, archive: Archive) -> None:
    share = made(cloud)
    cloud.looks()
    portal.visit(f"/shared/{share.token}")
    looks = cloud.looks()
    [look] = looks
    assert (look["who"], look["role"], look["what"]) == (f"link:{share.id}", "link", "shared")
    assert "某公司" not in str(look), "for whom a link is, only its student is told"
    cloud.keep(*looks)
    cloud.keep(*looks)
    body = portal.visit("/archive/shares", ME, "en").body
    assert "Opened once" in body and "某公司" in body and share.token in body
    assert "Somebody with your link" in portal.visit("/account/seen", ME, "en").body


def test_a_code_tells_how_its_edition_stands_and_nothing_of_whose_it_is(cloud: Cloud, archive: Archive) -> None:
    first = sealed("1")
    told = cloud.call("archive/verify", None, "GET", f"/api/archive/verify/{codes.spoken(first.code).lower()}").json
    assert (told["standing"], told["digest"]) == ("in-force", hashlib.sha256(PDF).hexdigest())
    assert SU.name not in str(told) and SU.student not in str(told)
    sealed("2", "f2", b"later")
    told = cloud.call("archive/verify", None, "GET", f"/api/archive/verify/{first.code}").json
    assert told["standing"] == "superseded"
    body = portal.visit(f"/verify/{first.code}", language="en").body
    assert "there is a later one" in body and SU.name in body and SU.student not in body and first.digest in body


@pytest.mark.parametrize("code", ["0" * 16, "x", "not a code", "%2e%2e"])
def test_a_code_of_nothing_is_nothing(cloud: Cloud, archive: Archive, code: str) -> None:
    assert cloud.call("archive/verify", None, "GET", f"/api/archive/verify/{code}").status == 404


def test_an_edition_that_is_not_sealed_is_not_confirmed(cloud: Cloud, archive: Archive) -> None:
    asked = Editions().ask(new_edition(SU.student, ALONE, "both", "ink", SU.student, state="requested"))
    assert cloud.call("archive/verify", None, "GET", f"/api/archive/verify/{asked.code}").status == 404
    assert portal.visit(f"/verify/{asked.code}").status == 404


def test_a_token_is_not_a_code_and_a_code_is_not_a_token(cloud: Cloud, archive: Archive) -> None:
    edition, share = sealed(), made(cloud)
    assert Editions().by_code(share.token) is None
    assert Shares().by_token(edition.code) is None


def test_what_is_shared_of_a_day(cloud: Cloud) -> None:
    share = Share("s", "i", "t", "whole", "x", date(2026, 6, 30), clock.now())
    assert share.standing(date(2026, 6, 30)) == "open"
    assert share.standing(date(2026, 7, 1)) == "expired"


def test_who_looks_at_editions_that_are_not_theirs_is_written_down(cloud: Cloud, archive: Archive) -> None:
    edition = sealed()
    for folder, path in (("editions", ""), ("edition_download", f"/{edition.id}/archive.pdf")):
        for session, expected in ((ME, []), (COUNSELLOR, [("edition", [SU.student])])):
            answer = cloud.call(f"archive/{folder}", session, "GET", f"{PLACE}/editions{path}")
            assert answer.status == 200
            assert [(one["what"], one["students"]) for one in cloud.looks()] == expected


def test_whose_editions_they_are_stands_above_them(cloud: Cloud, archive: Archive) -> None:
    assert "<h1>My archive to keep</h1>" in portal.visit("/archive/editions", ME, "en").body
    theirs = portal.visit(f"/archive/students/{SU.student}/editions", OFFICE, "en").body
    assert "<h1>Archive to keep</h1>" in theirs and SU.name in theirs
