"""Documents on the pages: asked for, sent past us to S3, shown as a picture and a link to who may see them."""

from __future__ import annotations

import re

import pytest
from yinji.clearance import definition
from yinji.identity.session import Session

from tests import portal
from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, officer
from tests.functions.test_evidence import GUEST, GUEST_SESSION, LIBRARY, LIN, MASTER, hand_in, uploaded
from tests.graduates import graduate

QUEUE = "/queues/thesis-deposit"


@pytest.fixture
def opened(cloud: Cloud) -> Cloud:
    cloud.open(MASTER, GUEST)
    return cloud


def control(page: str, step: str) -> str:
    """The part of `page` that asks for a document of `step`."""
    [found] = re.findall(rf'id="{step}".*?<div class="upload".*?</div>', page, re.DOTALL)
    return found[found.index('<div class="upload"') :]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_question_for_a_document_says_what_it_takes_and_what_to_do_without_script(
    opened: Cloud, language: str
) -> None:
    asked = control(portal.visit("/me", STUDENT, language).body, "thesis-deposit")
    assert 'accept="application/pdf"' in asked and "50 MB" in asked
    assert re.search(r'<input type="file" id="([\w-]+)".* required>', asked), (
        "the file itself is not sent with the form"
    )
    assert not re.search(r'<input type="file"[^>]* name=', asked), "the file itself is not sent with the form"
    assert '<input type="hidden" name="thesis" value="">' in asked
    [without] = re.findall(r"<noscript>(.*?)</noscript>", asked, re.DOTALL)
    library = definition.steps()["thesis-deposit"].department
    assert library == "library" and {"zh": "图书馆", "en": "Library"}[language] in without and "6200-2101" in without
    several = control(portal.visit("/me", GUEST_SESSION, language).body, "residence-permit")
    assert 'accept="image/jpeg,image/png,application/pdf"' in several


TECHNICIAN = Session("N001", "technician", "王工")


@pytest.mark.parametrize(("path", "who", "bucket"), [("/me", STUDENT, "intake"), ("/repair", TECHNICIAN, "repair")])
def test_pages_may_send_to_their_bucket_and_nowhere_else(opened: Cloud, path: str, who: Session, bucket: str) -> None:
    policy = portal.visit(path, who).headers["Content-Security-Policy"]
    assert f"connect-src 'self' https://{bucket}.s3.us-east-1.amazonaws.com;" in policy
    assert policy.count("https:") == 1 and "img-src 'self' data:;" in policy


def test_a_date_that_is_over_is_offered_up_to_today(cloud: Cloud) -> None:
    abroad = graduate(4, category="international", flags=frozenset({"abroad"}))
    cloud.open(abroad)
    page = portal.visit("/me", Session(abroad.student, "student", "x")).body
    [field] = re.findall(r'<input type="date"[^>]*name="entered_on"[^>]*>', page)
    [first], [last] = re.findall(r'min="([\d-]+)"', field), re.findall(r'max="([\d-]+)"', field)
    assert first < last
    assert 'name="permit"' not in page, "who is abroad is not asked for what is for others"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_who_sees_the_answers_sees_the_document(opened: Cloud, language: str) -> None:
    id = uploaded(opened)
    assert hand_in(opened, id).status == 200
    place = f"/api/clearance/cases/{LIN.student}/evidence/{id}"
    for path, session in (("/me", STUDENT), (f"/cases/{LIN.student}", COUNSELLOR), (QUEUE, LIBRARY)):
        page = portal.visit(path, session, language).body
        assert f'href="{place}/file"' in page and f'src="{place}/thumbnail"' in page, path
        assert f">{id}<" not in page
    for path, session in (
        (f"/cases/{LIN.student}", officer("finance")),
        (f"/cases/{LIN.student}", Session("a", "auditor", "a")),
        (QUEUE, Session("a", "administrator", "a")),
    ):
        page = portal.visit(path, session, language)
        assert page.status == 200 and id not in page.body, path


def test_the_script_that_uploads_is_small_and_asks_nobody_else(opened: Cloud) -> None:
    page = portal.visit("/me", STUDENT).body
    [address] = re.findall(r'src="(/static/[^"]+/evidence\.js)"', page)
    script = portal.visit(address)
    assert script.status == 200 and len(script.body) < 8_000 and "http" not in script.body.replace("XMLHttp", "")
