"""A photo of a fault: sent by whoever reported it, freed of what the camera noted, shown to whoever works on it."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote_plus

import pytest
from PIL import Image
from yinji.identity.session import ROLES, Session
from yinji.repair.photos import LARGEST, arriving_key, kept_key
from yinji.repair.report import Ticket, follow_link, wished
from yinji.repair.reports_store import Reports

from tests import portal
from tests.functions.conftest import Cloud
from tests.repairs import AREA, AT, BUILDING, KEY, campus, keep


def photo(format: str = "JPEG") -> bytes:
    picture, told = Image.new("RGB", (60, 40), "red"), Image.Exif()
    told[0x010F] = "SECRET-CAMERA"
    found = io.BytesIO()
    picture.save(found, format, exif=told)
    return found.getvalue()


@pytest.fixture
def report(cloud: Cloud) -> str:
    keep(campus())
    ticket = Ticket("LIB-1-01", BUILDING, AREA, (), "nonce")
    made = wished({"symptom": "slow"}, ticket, KEY, "zh", "a-key-of-mine", AT)
    Reports().file(made)
    return made.id


def ask(cloud: Cloud, report: str, link: str = "", **told: str) -> SimpleNamespace:
    path = link or follow_link(report, KEY).removeprefix("/r/follow/")
    body = {"type": "image/jpeg", "size": "900"} | told
    return cloud.call("repair/photo_upload", None, "POST", f"/api/repair/photos/{path}", body)


def arrive(cloud: Cloud, report: str, data: bytes | None) -> None:
    key = arriving_key(report)
    if data is not None:
        cloud.s3.put_object(Bucket="repair", Key=key, Body=data)
    record = {"eventSource": "aws:s3", "s3": {"bucket": {"name": "repair"}, "object": {"key": quote_plus(key, "/")}}}
    cloud.invoke("repair/photo_arrived", {"Records": [record]})


def keys(cloud: Cloud) -> list[str]:
    return [one["Key"] for one in cloud.s3.list_objects_v2(Bucket="repair").get("Contents", [])]


def test_whoever_has_the_link_may_put_one_photo_there(cloud: Cloud, report: str) -> None:
    answer = ask(cloud, report)
    assert answer.status == 200 and answer.json["fields"]["key"] == arriving_key(report)
    assert answer.json["url"].startswith("https://repair.s3.us-east-1.amazonaws.com")
    page = portal.visit(follow_link(report, KEY))
    assert 'type="file"' in page.body
    assert "connect-src 'self' https://repair.s3.us-east-1.amazonaws.com;" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"type": "image/svg+xml"}, 422),
        ({"type": "application/pdf"}, 422),
        ({"size": str(LARGEST + 1)}, 422),
        ({"size": "many"}, 400),
        ({"size": ""}, 400),
        ({"link": "made.up"}, 404),
    ],
)
def test_what_is_no_photo_is_not_asked_for(cloud: Cloud, report: str, told: Any, status: int) -> None:
    assert ask(cloud, report, **told).status == status


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_kept_without_what_the_camera_noted(cloud: Cloud, report: str, format: str) -> None:
    raw = photo(format)
    assert b"SECRET-CAMERA" in raw
    arrive(cloud, report, raw)
    assert keys(cloud) == [kept_key(report)]
    kept = cloud.s3.get_object(Bucket="repair", Key=kept_key(report))
    assert kept["ContentType"] == f"image/{format.lower()}"
    data = kept["Body"].read()
    assert b"SECRET-CAMERA" not in data and Image.open(io.BytesIO(data)).size == (60, 40)
    found = Reports().find(report)
    assert found and found.photo
    arrive(cloud, report, None)  # the same event once more
    assert keys(cloud) == [kept_key(report)]
    assert 'type="file"' not in portal.visit(follow_link(report, KEY)).body


def test_what_is_no_photo_or_nobodys_is_taken_away(cloud: Cloud, report: str) -> None:
    arrive(cloud, report, b"%PDF-1.7 not a photo")
    arrive(cloud, report, b"<svg onload='x'/>")
    arrive(cloud, "0" * 24, photo())
    assert keys(cloud) == []
    found = Reports().find(report)
    assert found and not found.photo and Reports().find("0" * 24) is None


@pytest.mark.parametrize("role", ROLES)
def test_it_is_shown_to_whoever_works_on_faults_and_to_nobody_else(cloud: Cloud, report: str, role: str) -> None:
    path = f"/api/repair/photos/{report}"
    centre = Session("N0001", role, "x", school="S01", department="network-centre")  # type: ignore[arg-type]
    may = role in ("technician", "department-officer", "administrator", "auditor")
    assert cloud.call("repair/photo_show", centre, "GET", path).status == (404 if may else 403)
    arrive(cloud, report, photo())
    answer = cloud.call("repair/photo_show", centre, "GET", path)
    assert answer.status == (303 if may else 403)
    if may:
        assert kept_key(report) in answer.headers["Location"] and "X-Amz-Expires=60" in answer.headers["Location"]
    library = Session("L0001", "department-officer", "x", department="library")
    assert cloud.call("repair/photo_show", library, "GET", path).status == 403
