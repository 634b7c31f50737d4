"""A photo of a fault: sent by whoever reported it, freed of what the camera noted, shown to whoever works on it."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote_plus

import pytest
from PIL import Image
from yinji.identity.session import ROLES, Session
from yinji.platform import clock
from yinji.repair.incident import Incident
from yinji.repair.incidents_store import Incidents
from yinji.repair.photos import KEPT_FOR, LARGEST, arriving_key, kept_key, of_repair
from yinji.repair.report import Ticket, follow_link, wished
from yinji.repair.reports_store import Reports

from tests import portal
from tests.functions.conftest import Cloud, officer
from tests.repairs import AREA, AT, BUILDING, KEY, campus, join, keep
from tests.repairs_at_work import incident, open_incident


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


# --- of what was mended -----------------------------------------------------------------------------------------------

ID = "a" * 24
ME, OTHER = Session("N001", "technician", "x"), Session("N002", "technician", "x")
OFFICE = officer("network-centre")
PATH = f"/api/repair/incidents/{ID}/photo"
PICTURE = {"type": "image/jpeg", "size": "900"}


def mended(cloud: Cloud, data: bytes | None, by: str = "N001") -> None:
    """The photo `data` of what was mended arrives, as S3 keeps what the form of `by` put there."""
    key = arriving_key(of_repair(ID))
    if data is not None:
        cloud.s3.put_object(Bucket="repair", Key=key, Body=data, Metadata={"by": by})
    record = {"eventSource": "aws:s3", "s3": {"bucket": {"name": "repair"}, "object": {"key": quote_plus(key, "/")}}}
    cloud.invoke("repair/photo_arrived", {"Records": [record]})


@pytest.fixture
def fixed(cloud: Cloud) -> Incident:
    keep(campus())
    return open_incident(incident(ID, state="fixed", technician="N001", found="other"))


def test_whoever_mended_it_and_the_office_may_add_a_photo(cloud: Cloud, fixed: Incident) -> None:
    for who, status in ((ME, 200), (OFFICE, 200), (OTHER, 403), (officer("library"), 403)):
        assert cloud.call("repair/photo_upload", who, "POST", PATH, PICTURE).status == status
    form = cloud.call("repair/photo_upload", ME, "POST", PATH, PICTURE).json["fields"]
    assert form["key"] == arriving_key(of_repair(ID)) and form["x-amz-meta-by"] == "N001"
    assert cloud.call("repair/photo_upload", ME, "POST", PATH, PICTURE | {"type": "image/gif"}).status == 422
    gone = PATH.replace(ID, "b" * 24)
    assert cloud.call("repair/photo_upload", ME, "POST", gone, PICTURE).status == 404
    open_incident(incident("b" * 24, technician=""))
    assert cloud.call("repair/photo_upload", ME, "POST", gone, PICTURE).status == 403, "nobody has begun"
    page = portal.visit(f"/repair/incidents/{ID}", ME)
    assert f'data-to="{PATH}"' in page.body
    assert "https://repair.s3.us-east-1.amazonaws.com" in page.headers["Content-Security-Policy"]
    assert 'type="file"' not in portal.visit(f"/repair/incidents/{ID}", OTHER).body


def test_it_is_told_once_who_took_it_and_shown_to_technicians_and_the_office(cloud: Cloud, fixed: Incident) -> None:
    assert cloud.call("repair/photo_show", ME, "GET", PATH).status == 404
    mended(cloud, photo())
    mended(cloud, None)
    mended(cloud, photo())  # the same came again before the raw one was taken away
    assert keys(cloud) == [kept_key(of_repair(ID))]
    assert [(one.what, one.who) for one in Incidents().history(ID)][1:] == [("photo", "N001")]
    found = Incidents().find(ID)
    assert found and found.photo and (found.state, found.changed_at) == ("fixed", fixed.changed_at)
    for who in (ME, OTHER, OFFICE):
        answer = cloud.call("repair/photo_show", who, "GET", PATH)
        assert answer.status == 303 and kept_key(of_repair(ID)) in answer.headers["Location"]
        assert f'href="{PATH}"' in portal.visit(f"/repair/incidents/{ID}", who).body
    assert cloud.call("repair/photo_show", officer("library"), "GET", PATH).status == 403
    mended(cloud, photo("PNG"), "T0901")
    assert [one.who for one in Incidents().history(ID) if one.what == "photo"] == ["N001", "T0901"]


def test_whoever_reported_it_does_not_see_it(cloud: Cloud, fixed: Incident, report: str) -> None:
    join(report, ID)
    mended(cloud, photo())
    body = portal.visit(follow_link(report, KEY)).body
    assert PATH not in body and "mended-" not in body and "N001" not in body


def test_it_is_gone_with_the_photos_of_reporters(
    cloud: Cloud, fixed: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    mended(cloud, photo())
    later = clock.now() + KEPT_FOR
    monkeypatch.setattr(clock, "now", lambda: later)
    assert cloud.call("repair/photo_show", OFFICE, "GET", PATH).status == 404
    assert f'href="{PATH}"' not in portal.visit(f"/repair/incidents/{ID}", OFFICE).body


def test_what_comes_of_no_fault_or_is_no_photo_is_taken_away(cloud: Cloud, fixed: Incident) -> None:
    mended(cloud, b"%PDF-1.7 not a photo")
    found = Incidents().find(ID)
    assert keys(cloud) == [] and found and found.photo is None
