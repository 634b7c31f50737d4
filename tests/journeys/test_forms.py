"""A form of an office, made, published, filled and taken out by browsers alone: no code, no program."""

from __future__ import annotations

import io
import json
from base64 import b64decode
from collections.abc import Iterator

import pytest
from moto import mock_aws
from openpyxl import load_workbook
from yinji.forms.facts_store import Facts
from yinji.forms.store import Forms
from yinji.identity.session import Session, cookie_name

from tests import portal
from tests.functions.conftest import Cloud, officer
from tests.journeys.served import served, walk
from tests.sessions import cookie

pytestmark = pytest.mark.slow
OFFICE = officer("security")
STUDENTS = [Session(f"2022S0100{place}", "student", "苏明") for place in (1, 2)]


def folder_of(method: str, path: str) -> str:
    parts = path.split("/")
    if parts[3] == "desk":
        return "forms/answers" if parts[-1].startswith("answers.") else "forms/author"
    return "forms/fill" if method == "POST" else "forms/library"


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with mock_aws():
        yield Cloud()


@pytest.fixture
def url(cloud: Cloud) -> Iterator[str]:
    with served(cloud, folder_of) as found:
        yield found


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.timeout(300)
def test_an_office_makes_a_form_and_takes_its_answers_out(
    cloud: Cloud, url: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YINJI_PUBLIC_URL", url)
    assert portal.visit("/forms", STUDENTS[0]).status == 200
    cookies = [f"{cookie_name()}={cookie(who)}" for who in (OFFICE, *STUDENTS)]
    told = json.loads(walk("forms.mjs", url, language, *cookies).splitlines()[-1])

    form = Forms().published(told["id"])
    assert form.title == {"zh": "自行车登记", "en": "Bicycle registration"} and form.version == 1
    assert [one.fact for one in form.fields] == ["name", "phone", "", "", "dormitory-room"]
    sent = Forms().of_form(form.id)
    assert [one.person for one in sent] == [who.sub for who in STUDENTS]
    motor, power = [one.name for one in form.fields if not one.fact]
    assert [(one.answers[motor], one.answers.get(power)) for one in sent] == [("yes", 250), ("no", None)]
    assert Facts().of(STUDENTS[1].sub)["phone"].value == "13900139000"
    rows = list(load_workbook(io.BytesIO(b64decode(told["file"]))).active.values)
    assert len(rows) == 3 and {"250", "13800138000"} <= {str(cell) for row in rows for cell in row}
