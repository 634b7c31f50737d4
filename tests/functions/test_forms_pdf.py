"""Submissions as documents: in the usual layout and in those of offices, which can do nothing but set type."""

from __future__ import annotations

import io
from base64 import b64decode
from dataclasses import replace
from typing import Any

import pytest
from pypdf import PdfReader
from typeset import RenderError
from typeset.sandbox import brief, render_foreign
from yinji.forms import library
from yinji.forms.form import Form
from yinji.forms.library import draft, publish
from yinji.forms.printing import made_up, printed
from yinji.forms.store import Forms
from yinji.forms.submission import Submission, decide
from yinji.identity.session import ROLES, Session
from yinji.messages.store import Outbox

from tests.functions.conftest import Cloud
from tests.submissions import (
    AFFAIRS,
    CARD,
    FINANCE,
    IDENTITY,
    NOW,
    OTHER_SCHOOL,
    SCHOOL,
    STRANGER,
    STUDENT,
    aid,
    keep,
)

PREVIEW = "/api/forms/desk/hardship-aid/preview.pdf"
DATA: dict[str, Any] = {"title": "标题", "language": "zh", "words": {}}


def fetch(cloud: Cloud, who: Session, one: Submission, query: str = "", language: str = "zh") -> Any:
    path = f"/api/forms/s/{one.id}/form.pdf{query}"
    return cloud.call("forms/pdf", who, "GET", path, headers={"accept-language": language})


def reader(answer: Any) -> PdfReader:
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/pdf")
    return PdfReader(io.BytesIO(b64decode(answer.body)))


def text(answer: Any) -> str:
    return "".join(page.extract_text() for page in reader(answer).pages)


def published(template: str) -> Form:
    """The form for aid with a layout of its office's own."""
    forms = Forms()
    head = forms.head("hardship-aid")
    assert head
    head, event = draft(head, replace(aid(), template=template), "draft", AFFAIRS.sub, NOW)
    assert forms.change_form(head, event)
    head, form, event = publish(head, "publish", AFFAIRS.sub, NOW)
    assert forms.change_form(head, event, form)
    return form


@pytest.mark.parametrize(("language", "said"), [("zh", "家庭经济困难"), ("en", "School")])
def test_a_document_says_what_was_answered(cloud: Cloud, language: str, said: str) -> None:
    one = keep()
    found = reader(fetch(cloud, STUDENT, one, language=language))
    told = "".join(page.extract_text() for page in found.pages)
    for part in (said, "林晓雨", "云南省大理市古城镇 12 号", "王芳", "42000", "3600.5", "父亲去年重病", CARD[-4:]):
        assert part in told
    assert "<b>兼</b>" in told and "#strong[织布]" in told, "what people wrote is text"
    assert CARD not in told and IDENTITY not in told
    catalog: Any = found.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"] and catalog["/Lang"].startswith(language)
    about = catalog["/Metadata"].get_data().decode()
    assert "pdfuaid:part" in about and "pdfaid:conformance" in about


def test_what_offices_said_stands_below_with_their_names(cloud: Cloud) -> None:
    one = keep()
    after, event = decide(one, "return", SCHOOL, "缺少证明材料", "key", NOW)
    assert Forms().change(after, event)
    told = text(fetch(cloud, STUDENT, one))
    assert "审批意见" in told and "缺少证明材料" in told and "退回" in told and SCHOOL.sub in told
    from yinji.identity.store import People

    People().name(SCHOOL.sub, SCHOOL.name)
    assert SCHOOL.name in text(fetch(cloud, STUDENT, one))


@pytest.mark.parametrize("who", [OTHER_SCHOOL, FINANCE, STRANGER], ids=lambda who: who.sub)
def test_who_has_nothing_to_do_with_it_gets_no_document(cloud: Cloud, who: Session) -> None:
    one = keep()
    for query in ("", "?whole=yes"):
        assert fetch(cloud, who, one, query).status == 403
    assert fetch(cloud, who, replace(one, id="0" * 24)).status == 403
    assert cloud.looks() == []


def test_an_office_that_looks_is_written_down_and_who_sent_it_is_not(cloud: Cloud) -> None:
    one = keep()
    text(fetch(cloud, STUDENT, one))
    text(fetch(cloud, SCHOOL, one))
    assert [(look["what"], look["who"]) for look in cloud.looks()] == [("submission", SCHOOL.sub)]


def test_numbers_stand_in_it_whole_for_who_may_read_them(cloud: Cloud) -> None:
    one = keep()
    assert fetch(cloud, SCHOOL, one, "?whole=yes").status == 403
    told = text(fetch(cloud, AFFAIRS, one, "?whole=yes"))
    assert CARD in told and IDENTITY in told and "敏感" in told
    assert {look["what"] for look in cloud.looks()} == {"account", "submission"}
    assert CARD in text(fetch(cloud, STUDENT, one, "?whole=yes"))
    stale = replace(AFFAIRS, since=1, proved=1, id="this")
    assert fetch(cloud, stale, one, "?whole=yes").json["code"] == "prove-again"


@pytest.mark.parametrize("id", sorted(library.shipped()))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_form_that_comes_with_it_can_be_printed(cloud: Cloud, id: str, language: str) -> None:
    administrator = Session("A001", "administrator", "x")
    path = f"/api/forms/desk/{id}/preview.pdf"
    told = text(cloud.call("forms/pdf", administrator, "GET", path, headers={"accept-language": language}))
    form = library.shipped()[id][-1]
    assert all(page.title[language] in told for page in form.pages)


# --- layouts of offices ----------------------------------------------------------------------------------------------
OWN = """
#show: sheet.with(data)
= #data.title
兹有 #data.person.called 申请 #value(data, "amount") 元。
#value(data, "sign")
#for one in data.sections { for each in one.answers { each.lines.join("；") } }
"""


def test_an_office_has_its_own_layout(cloud: Cloud) -> None:
    one = keep(published(OWN))
    told = text(fetch(cloud, STUDENT, one))
    assert "兹有 林晓雨 申请 3000 元。" in told and "题目" not in told and CARD not in told
    assert cloud.said == []


def test_a_layout_that_fails_gives_way_to_the_usual_one_and_its_office_is_told_once(cloud: Cloud) -> None:
    form = published("= 标题\n#nothing-of-the-kind")
    one = keep(form)
    for _ in range(2):
        assert "题目" in text(fetch(cloud, STUDENT, one))
    for kind, detail in cloud.said:
        assert "林晓雨" not in str(detail)
        cloud.invoke("messages/compose_submissions", {"detail-type": kind, "detail": detail})
    [message] = Outbox().box("office:student-affairs", AFFAIRS.sub).messages
    assert (message.kind, message.params["version"]) == ("form-layout", form.version)
    assert message.params["why"] == "2", "and not what the typesetter says: it may hold an answer"


FOREIGN = {
    "package": '#import "@preview/cetz:0.3.0"',
    "a package by another name": '#import ("@pre" + "view/cetz:0.3.0"): *',
    "a file of the machine": '#read("/etc/passwd")',
    "above": '#read("../../../../etc/passwd")',
    "our other templates": '#include "certificate.typ"',
    "fonts": '#read("/fonts/NotoSerif.ttf", encoding: none)',
    "program": '#plugin("/bin/ls")',
    "picture": '#image("/etc/hostname")',
    "data": '#json("/proc/self/environ")',
    "environment": "#sys.inputs.AWS_SECRET_ACCESS_KEY",
    "forever": "#let f(n) = f(n + 1)\n#f(0)",
    "for very long": "#let n = 0\n#while n < 1000000000000 { n += 1 }",
    "memory": '#let a = "x"\n#for i in range(60) { a = a + a }\n#a.len()',
    "pages": "#for i in range(1000000) [#pagebreak() x]",
    "unfinished": "#let x = (",
}


@pytest.mark.parametrize("source", FOREIGN.values(), ids=FOREIGN)
def test_a_layout_can_do_nothing_but_set_type(source: str) -> None:
    with pytest.raises(RenderError) as refused:
        render_foreign(source, DATA, at=NOW)
    assert "/work" not in brief(str(refused.value)) and "/tmp" not in brief(str(refused.value))  # noqa: S108


def test_a_layout_is_set_without_our_credentials_and_reads_what_is_its_own() -> None:
    pdf = render_foreign('#data.title #sys.inputs.keys().join(",")', DATA, at=NOW)
    assert PdfReader(io.BytesIO(pdf)).pages[0].extract_text() == "标题 data"


def test_the_same_is_set_the_same() -> None:
    assert render_foreign("#data.title", DATA, at=NOW) == render_foreign("#data.title", DATA, at=NOW)


def test_text_in_answers_is_no_template(cloud: Cloud) -> None:
    from tests.submissions import AID

    trick = '#read("/etc/passwd") $x^2$ \\u{41} <b>'
    one = keep(published(OWN), answers=dict(AID) | {"situation": trick})
    assert trick in text(fetch(cloud, STUDENT, one))


# --- looking at a layout before it is published ----------------------------------------------------------------------
def test_a_layout_is_looked_at_with_made_up_answers(cloud: Cloud) -> None:
    keep()
    told = text(cloud.call("forms/pdf", AFFAIRS, "GET", PREVIEW))
    assert "张示例" in told and "林晓雨" not in told


def test_what_does_not_compile_is_told_in_the_words_of_the_typesetter(cloud: Cloud) -> None:
    forms = Forms()
    head = forms.head("hardship-aid")
    assert head
    head, event = draft(head, replace(aid(), template="= A\n\n#let x = (\n"), "draft", AFFAIRS.sub, NOW)
    assert forms.change_form(head, event)
    answer = cloud.call("forms/pdf", AFFAIRS, "GET", PREVIEW)
    assert (answer.status, answer.json["code"]) == (422, "form-layout-broken")
    assert "3: unclosed delimiter" in answer.json["detail"]


@pytest.mark.parametrize("role", ROLES)
def test_who_may_look_at_a_layout(cloud: Cloud, role: str) -> None:
    who = Session("X001", role, "x", department="student-affairs" if role == "department-officer" else "")  # type: ignore[arg-type]
    may = role in ("department-officer", "administrator")
    assert cloud.call("forms/pdf", who, "GET", PREVIEW).status == (200 if may else 403)
    assert cloud.call("forms/pdf", FINANCE, "GET", PREVIEW).status == 403


def test_made_up_answers_are_answers_to_every_question() -> None:
    for forms in library.shipped().values():
        form = forms[-1]
        told = printed(made_up(form, "en", NOW), form, "en", {})
        shown = {answer.field.name for section in told.sections for answer in section.answers}
        assert shown <= set(form.by_name) and len(shown) > len(form.by_name) / 2
