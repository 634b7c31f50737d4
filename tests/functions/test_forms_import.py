"""A form of Excel or Word is brought in: who may, once, and what is refused."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from yinji.forms import importing
from yinji.forms.store import Forms
from yinji.identity.session import ROLES, Session

from tests import papers, portal
from tests.functions.conftest import Cloud, officer
from tests.functions.test_forms_desk import ADMINISTRATOR, OFFICE, edit, send
from tests.unit.test_multipart import KIND, sent

API = "/api/forms/desk/import"


def bring(cloud: Cloud, data: bytes, who: Session = OFFICE, key: str = "a-key-to-import", **fields: str) -> Any:
    parts = [(f'name="{name}"', text.encode()) for name, text in ({"idempotency_key": key} | fields).items()]
    body = sent(*parts, ('name="file"; filename="form.xlsx"', data))
    return cloud.call("forms/import_form", who, "POST", API, body, headers={"content-type": KIND})


@pytest.mark.parametrize("role", ROLES)
def test_roles(cloud: Cloud, role: str) -> None:
    who = Session("X001", role, "x", school="S01", department="finance" if role == "department-officer" else "")  # type: ignore[arg-type]
    may = role in ("department-officer", "administrator")
    assert bring(cloud, papers.hardship(), who).status == (200 if may else 403)
    # whoever may not learns nothing of the file
    assert bring(cloud, b"", who).status == (422 if may else 403)
    assert bring(cloud, papers.hardship(), officer("library"), office="finance").status == 403


def test_a_file_becomes_a_draft_of_the_office_once(cloud: Cloud) -> None:
    first, again = bring(cloud, papers.hardship()), bring(cloud, papers.hardship())
    assert first.status == 200 and first.json == again.json
    assert (first.json["state"], first.json["office"], first.json["version"]) == ("draft", "finance", 1)
    assert first.json["suggestions"]["q1"][0] == {"fact": "name", "score": 1.0}
    assert [event.what for event in Forms().form_history(first.json["id"])] == ["begin"]
    assert bring(cloud, papers.merged_letter(), ADMINISTRATOR, office="library", id="leave").json["office"] == "library"


def test_two_at_once_make_one_draft(cloud: Cloud) -> None:
    with ThreadPoolExecutor(3) as hands:
        answers = list(hands.map(lambda _: bring(cloud, papers.hardship()), range(3)))
    assert {one.status for one in answers} == {200} and len({one.json["id"] for one in answers}) == 1


def test_a_page_is_led_to_where_each_question_is_confirmed_and_then_published(cloud: Cloud) -> None:
    led = bring(cloud, papers.hardship(), next="/forms/desk/import?at=forms-edit.import#notice")
    assert led.status == 303
    place = str(led.headers["Location"])
    id = place.split("form=")[1].split("&")[0]
    body = portal.visit(place.partition("#")[0], OFFICE, "en").body
    assert "14 questions were found" in body and 'class="notice good"' in body
    assert f'action="/api/forms/desk/{id}/edit/match"' in body
    taken = {"take.q1": "fact:name", "take.q3": "fact:student-number", "take.q6": "fact:phone", "take.q13": "out"}
    told = edit(cloud, id, "match", 1, taken)
    assert told.status == 200 and "q13" not in told.json["schema"]["properties"]
    assert send(cloud, id, "publish", 2).json["code"] == "form-lacks-words"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file-missing"),
        (bytes(importing.LARGEST + 1), "file-too-large"),
        (b"\xd0\xcf\x11\xe0", "form-file-old"),
        (b"%PDF-1.7", "form-file-unreadable"),
        (papers.workbook(), "form-file-empty"),
        (papers.with_part(papers.workbook(), "xl/vbaProject.bin", b"x"), "form-file-programs"),
    ],
)
def test_what_cannot_be_read_is_told_and_leaves_nothing(cloud: Cloud, data: bytes, code: str) -> None:
    before = [head.id for head in Forms().heads()]
    assert bring(cloud, data).json["code"] == code
    led = bring(cloud, data, next="/forms/desk/import?at=forms-edit.import#notice")
    assert f"problem={code}" in led.headers["Location"]
    assert 'class="notice bad"' in portal.visit(led.headers["Location"].partition("#")[0], OFFICE, "en").body
    assert [head.id for head in Forms().heads()] == before


def test_nothing_of_what_the_file_says_is_logged(cloud: Cloud, capfd: pytest.CaptureFixture[str]) -> None:
    bring(cloud, papers.workbook(("ZZQXJ", ""), ("姓名：ZZQXK", "")))
    bring(cloud, papers.with_part(papers.workbook(("ZZQXJ", "")), "xl/worksheets/sheet1.xml", b"<ZZQXJ"))
    out = "".join(capfd.readouterr())
    assert "ZZQX" not in json.dumps(out)
