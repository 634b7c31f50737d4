"""Forms, and what somebody answers them: valid answers to whatever a form asks."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from yinji.clearance.definition import Evidence
from yinji.clearance.evidence import Upload
from yinji.clearance.store import Store
from yinji.forms.filling import Sent, mark
from yinji.forms.form import Field, Form, Option, Page, When, asked, check, of_fact
from yinji.forms.library import begin, draft, publish, shipped
from yinji.forms.sending import Sheet, step_of
from yinji.forms.store import Forms
from yinji.identity.session import Session
from yinji.platform import clock

WHO = Session("2022S01001", "student", "苏明")
AT = datetime(2026, 6, 10, 1, 0, tzinfo=UTC)
BOTH = {"zh": "题目", "en": "Question"}
CARD = "6222021234567894"
IDENTITY_CARD = "11010519491231002X"
CONTACT = {"name": "苏兰", "relation": "母亲", "phone": "13800138001"}
OF_FACTS: Mapping[str, Any] = {
    "name": "苏明",
    "latin-name": "Su Ming",
    "sex": "female",
    "birth-date": "2004-02-29",
    "nationality": "CN",
    "political-status": "league-member",
    "student-number": "2022S01001",
    "school": "计算机科学与技术学院",
    "programme": "软件工程",
    "class": "软工 2201",
    "enrolment-date": "2022-09-01",
    "graduation-date": "2026-07-01",
    "supervisor": "周教授",
    "dormitory-room": "梅园 3-201",
    "email": "su.ming@example.edu",
    "phone": "13800138000",
    "home-address": "江城市临江路 8 号",
    "home-postcode": "430072",
    "mailing-address": "江城市临江路 9 号",
    "mailing-postcode": "430073",
    "mailing-country": "中国",
    "emergency-contact": CONTACT,
    "identity-card": IDENTITY_CARD,
    "passport-number": "E12345678",
    "passport-expiry": "2031-05-01",
    "passport-zone": "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10",
    "household-address": "江城市临江路 10 号",
    "bank-card": CARD,
    "bank-name": "江城银行临江支行",
    "account-holder": "苏明",
    "account-abroad": "DE89370400440532013000",
    "swift": "DEUTDEFF",
    "bank-abroad": "Deutsche Bank",
    "employer": "江城软件公司",
    "job-title": "工程师",
    "file-receiver": "江城人才中心",
    "file-address": "江城市人民路 1 号",
    "party-organisation": "江城软件公司党支部",
    "party-place": "江城",
}
"""A valid value of every kind of fact."""
SHAPED = {"pattern": "X234", "format": "2026-06-16T08:30"}
"""Texts that clearance wants in a shape: the last signs of an identity card, a time to come."""
OTHER: Mapping[str, Any] = {"phone": "13800138009", "bank-card": "6222021234567886", "name": "苏明明"}


def every_form() -> dict[str, Form]:
    """Every form that comes with it, by id, as it is filled today."""
    return {id: versions[-1] for id, versions in shipped().items()}


def answer(one: Field, upload: str = "") -> Any:
    """A valid answer to `one`."""
    if one.fact:
        return OF_FACTS[one.fact]
    least, shaped = int(one.limits.get("minLength", 1)), SHAPED.keys()
    told: Mapping[str, Any] = {
        "text": lambda: SHAPED.get(next(iter(shaped & one.limits.keys()), ""), "因公出差"[:4].ljust(least, "好")),
        "paragraph": lambda: "一些说明".ljust(least, "好"),
        "number": lambda: one.limits.get("minimum", 1),
        "date": lambda: "2026-06-30",
        "choice": lambda: one.options[0].value,
        "choices": lambda: [one.options[0].value],
        "tick": lambda: True,
        "attachment": lambda: upload,
        "signature": lambda: "typed:苏明",
        "rows": lambda: [{column.name: answer(column) for column in asked(one.fields, {})}],
    }
    return told[one.way]()


def filled(sheet: Sheet, who: Session = WHO, **given: Any) -> Sent:
    """All that is asked of `who`, answered, or as it is `given`; what is known is agreed to, and papers handed in."""
    form, answers, uses = sheet.form, dict[str, Any](), dict[str, str]()
    while True:
        seen = answers | {name: sheet.known[form.by_name[name].fact].value for name in uses}
        left = [one for one in asked(tuple(form.fields), seen) if one.name not in seen]
        if not left:
            return Sent(answers, uses)
        one = left[0]
        question = sheet.questions[one.name]
        if one.name in given:
            answers[one.name] = given[one.name]
        elif question.standing == "known" and question.fact:
            uses[one.name] = mark(question.fact)
        else:
            upload = handed_in(form, one.name, who) if one.way == "attachment" else ""
            answers[one.name] = who.sub if one.fact == "student-number" else answer(one, upload)


def handed_in(form: Form, field: str, who: Session = WHO, **more: Any) -> str:
    """The id of a document that `who` handed in for a field of `form`, and that was accepted."""
    told: dict[str, Any] = {"status": "accepted", "kind": "pdf", "size": 10, "sha256": "0" * 64, "pages": 1}
    upload = Upload(uuid.uuid4().hex, who.sub, step_of(form), field, clock.now(), **(told | more))
    Store().expect(replace(upload, status="expected"), clock.today())
    Store().settle_upload(upload)
    return upload.id


def small(*fields: Field, id: str = "a-form", office: str = "finance", **more: Any) -> Form:
    """A form of one page with `fields`."""
    title = {"zh": "一张表", "en": "A form"}
    made = Form(id, office, title, {}, more.pop("pages", None) or (Page({}, fields),), **more)
    check(made)
    return made


def rich(**more: Any) -> Form:
    """A form of two pages with everything that a form can ask."""
    options = tuple(Option(value, {"zh": value, "en": value}) for value in ("yes", "no"))
    first = Page(
        {"zh": "您", "en": "You"},
        (of_fact("name", "name"), of_fact("phone", "phone"), of_fact("card", "bank-card")),
    )
    second = Page(
        {"zh": "其他", "en": "The rest"},
        (
            Field("more", BOTH, "choice", options=options),
            Field("why", BOTH, "paragraph", when=When("more", ("yes",))),
            Field("paper", BOTH, "attachment", evidence=Evidence(("pdf",), 5), when=When("more", ("yes",))),
            Field("trips", BOTH, "rows", fields=(Field("to", BOTH), Field("days", BOTH, "number")), required=False),
            Field("sign", BOTH, "signature", signs=("typed", "drawn")),
        ),
    )
    return small(pages=(first, second), **more)


def published(form: Form) -> Form:
    """`form`, as the next version of it that everybody fills from now on."""
    forms = Forms()
    before = forms.head(form.id)
    if before is None:
        head, event = begin(form, uuid.uuid4().hex, "D001", AT)
        assert forms.change_form(head, event)
    else:
        head, event = draft(before, form, uuid.uuid4().hex, "D001", AT)
        assert forms.change_form(head, event)
    after, made, event = publish(head, uuid.uuid4().hex, "D001", AT)
    assert forms.change_form(after, event, made)
    return made
