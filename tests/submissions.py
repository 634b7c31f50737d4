"""Forms that were filled and sent, for tests of what comes of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from yinji.clearance.keys import Keys
from yinji.forms import library
from yinji.forms.facts_items import FactKeyItem
from yinji.forms.filling import Filled
from yinji.forms.form import Form
from yinji.forms.store import Forms
from yinji.forms.submission import Submission, submit
from yinji.identity.session import Session

from tests.graduates import LIN

NOW = datetime(2026, 6, 10, 1, 0, tzinfo=UTC)
IDENTITY, CARD = "110101200001011232", "6222021234567890128"
SIGNATURE = "drawn:M40 120L90 60L140 150L200 70M240 90L420 96M260 140L400 60"
AID: Mapping[str, Any] = {
    "name": "林晓雨",
    "student_number": LIN.student,
    "school": "信息学院",
    "class": "计算机 2201",
    "identity_card": IDENTITY,
    "home_address": "云南省大理市古城镇 12 号",
    "home_postcode": "671000",
    "phone": "+86 138 0013 8000",
    "emergency_contact": {"name": "王芳", "relation": "母亲", "phone": "+86 139 0013 9000"},
    "family": [
        {"called": "母亲", "work": "小学教师", "income": 42000},
        {"called": "父亲", "income": 0},
        {"called": "祖母", "work": "务农 <b>兼</b> #strong[织布]", "income": 3600.5},
    ],
    "situation": "父亲去年重病，家里的收入只剩母亲的工资。\n希望得到一学期的补助，用于学费和生活费。",
    "support": "no",
    "amount": 3000,
    "bank_card": CARD,
    "bank_name": "中国银行大理分行",
    "sign": SIGNATURE,
}
WAYS = {name: "confirmed" if name in ("name", "student_number", "school", "phone") else "asked" for name in AID}


def aid() -> Form:
    """The form by which students ask for aid: their school agrees, then student affairs."""
    return library.shipped()["hardship-aid"][-1]


def sealed(form: Form, person: str, answers: Mapping[str, Any]) -> dict[str, Any]:
    """`answers` as they are kept."""
    keys = Keys(FactKeyItem, "PERSON#", "person")
    fields = [one for one in form.fields if one.sealed and one.name in answers]
    key = keys.of(person) if fields else None
    return dict(answers) | {one.name: key.seal(f"{form.id}/{one.name}", answers[one.name]) for one in fields if key}


def sent(
    form: Form | None = None,
    answers: Mapping[str, Any] = AID,
    person: str = LIN.student,
    key: str = "first-time",
    at: datetime = NOW,
    ways: Mapping[str, Any] = WAYS,
    repeated: tuple[str, ...] = (),
    called: str = LIN.name,
    school: str = "S01",
    clear: bool = False,
) -> Submission:
    """A submission as it is kept; with `clear` its sensitive answers are not sealed, where there is no cloud."""
    form = form or aid()
    kept = answers if clear else sealed(form, person, answers)
    filled = Filled(answers, ways, {}, (), repeated)
    return submit(form, person, called, school, filled, kept, key, at)[0]


def keep(form: Form | None = None, **more: Any) -> Submission:
    """The same, in the table."""
    form = form or aid()
    one = sent(form, **more)
    filled = Filled(one.answers, one.ways, {}, (), one.repeated)
    made, event = submit(
        form, one.person, one.called, one.school, filled, one.answers, more.get("key", "first-time"), one.at
    )
    return Forms().submit(made, event)


SCHOOL = Session("T0001", "counsellor", "王老师", school="S01")
OTHER_SCHOOL = Session("T0002", "counsellor", "李老师", school="S02")
AFFAIRS = Session("D0001", "department-officer", "赵老师", department="student-affairs")
FINANCE = Session("D0002", "department-officer", "钱老师", department="finance")
STUDENT = Session(LIN.student, "student", LIN.name)
STRANGER = Session("2022S01999", "student", "别人")
