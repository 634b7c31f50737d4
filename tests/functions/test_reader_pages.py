"""The page about readers: what needs somebody first, said by word and shape, in both languages."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from yinji.platform.clock import now

from tests import handlers, portal
from tests.archives import DOOR, GATE, SU, Library, passed, readers_csv
from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, cloud, officer
from tests.functions.test_batches import ADMINISTRATOR
from tests.functions.test_portal import AUDITOR
from tests.functions.test_readers import readers, send, visits

__all__ = ["cloud"]

PAGE = "/archive/devices"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def library(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setattr(handlers.warm("archive/capture"), "readers", readers())
    found = Library(cloud)
    found.enrol(SU)
    found.put("devices/register.csv", readers_csv(GATE, DOOR), "archive/register_readers")
    return found


def test_a_page_without_readers_says_how_they_come(cloud: Cloud) -> None:
    assert "devices/*.csv" in portal.visit(PAGE, ADMINISTRATOR).body


def test_readers_that_are_well_are_told_in_a_table(library: Library) -> None:
    send(library, passed((1, SU.card, now()), received=now()))
    page = portal.visit(PAGE, ADMINISTRATOR, "en")
    assert page.status == 200 and "All readers are well." in page.body
    assert GATE.title in page.body and "Its clock is right." in page.body
    assert '<svg class="i"' in page.body and "not heard of yet" in page.body


def test_what_needs_somebody_comes_first_with_why(library: Library) -> None:
    send(library, passed((1, SU.card, now() + DAY), received=now()))
    send(library, passed((1, SU.card, now() - 3 * DAY), received=now() - 2 * DAY, device=DOOR.id))
    page = portal.visit(PAGE, ADMINISTRATOR, "en")
    assert "2 readers need somebody." in page.body and "One pass is in doubt." in page.body
    assert page.body.index("to be decided") < page.body.index("silent")
    assert SU.card not in page.body and f"card ending in {SU.card[-4:]}" in page.body
    assert SU.name not in page.body


@pytest.mark.parametrize(
    ("behind", "told"),
    [(HOUR, "one hour behind"), (-3 * HOUR, "3 hours ahead"), (timedelta(days=9000), "9000 days behind")],
)
def test_a_wrong_clock_is_told_with_by_how_much(library: Library, behind: timedelta, told: str) -> None:
    send(library, passed((1, SU.card, now()), received=now(), behind=behind))
    assert told in portal.visit(PAGE, ADMINISTRATOR, "en").body


def test_a_reader_that_is_not_in_the_register_is_named(library: Library) -> None:
    send(library, passed((1, SU.card, now()), received=now(), device="gate-new"))
    page = portal.visit(PAGE, ADMINISTRATOR, "en")
    assert "not in the register" in page.body and "gate-new" in page.body


def forms(body: str) -> list[tuple[str, dict[str, str]]]:
    found = re.findall(r'<form method="post" action="([^"]+)"(.*?)</form>', body, re.DOTALL)
    return [(action, dict(re.findall(r'name="(\w+)" value="([^"]*)"', inside))) for action, inside in found]


def test_the_forms_of_the_page_are_what_the_api_takes(library: Library) -> None:
    send(library, passed((1, SU.card, now() - 90 * DAY), (2, SU.card, now() - 91 * DAY), received=now()))
    body = portal.visit(PAGE, ADMINISTRATOR, "en").body
    one, *_, drop_all = [(path, told) for path, told in forms(body) if path.endswith("/passes")]
    fields = [("pass", one[1]["pass"]), ("at", one[1]["at"]), ("decision", "take"), ("next", PAGE)]
    answer = library.cloud.call("archive/readers", ADMINISTRATOR, "POST", one[0], fields)
    assert answer.status == 303 and len(visits()) == 1
    done = portal.visit(answer.headers["Location"].partition("#")[0], ADMINISTRATOR, "en")
    assert "The pass is counted" in done.body
    told = [("decision", drop_all[1]["decision"]), ("next", PAGE)]
    library.cloud.call("archive/readers", ADMINISTRATOR, "POST", drop_all[0], told)
    assert drop_all[1]["decision"] == "drop" and "in doubt" not in portal.visit(PAGE, ADMINISTRATOR, "en").body


def test_a_reader_that_has_its_certificate_can_be_let_in_anew_from_the_page(library: Library) -> None:
    event = {"certificateId": "c1", "parameters": {"Device": GATE.id}}
    assert library.cloud.invoke("archive/admit_device", event)["allowProvisioning"]
    [(path, told)] = [one for one in forms(portal.visit(PAGE, ADMINISTRATOR).body) if one[0].endswith("/readmit")]
    answer = library.cloud.call("archive/readers", ADMINISTRATOR, "POST", path, list(told.items()))
    assert answer.status == 303
    assert library.cloud.invoke("archive/admit_device", event | {"certificateId": "c2"})["allowProvisioning"]


def test_only_administrators_find_something_to_decide(library: Library) -> None:
    send(library, passed((1, SU.card, now() + DAY), received=now()))
    for session in (AUDITOR, officer("student-affairs")):
        page = portal.visit(PAGE, session)
        assert page.status == 200 and "存疑" in page.body and "/api/archive" not in page.body
    for session in (STUDENT, COUNSELLOR, officer("library")):
        assert portal.visit(PAGE, session).status == 403
    assert portal.visit(PAGE).status == 303


def test_two_hundred_readers_and_a_thousand_doubtful_passes_are_still_a_small_page(library: Library) -> None:
    many = [replace(GATE, id=f"gate-{number:03}") for number in range(200)]
    library.put("devices/many.csv", readers_csv(*many), "archive/register_readers")
    for one in many[:5]:
        told = [(number, f"ABCD{number:04X}", now() - 80 * DAY) for number in range(200)]
        send(library, passed(*told, device=one.id, received=now()))
    page = portal.visit(PAGE, ADMINISTRATOR)
    assert len(gzip.compress(page.body.encode())) < 60_000 and "还有 180 次" in page.body
