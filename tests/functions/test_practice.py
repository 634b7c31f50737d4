"""Practice: an office's own, whole after any press, and nothing of it counts, waits, is told or is certified."""

from __future__ import annotations

import random
import re
import uuid
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from yinji.clearance import definition, practice, training, university
from yinji.clearance.document import case_document
from yinji.clearance.policy import TABLE, may
from yinji.clearance.store import Store
from yinji.identity.session import Session

from tests import portal
from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, officer, store
from tests.functions.test_store import together
from tests.graduates import LIN, graduate

pytestmark = pytest.mark.slow

LIBRARY, FINANCE = officer("library"), officer("finance")
ADMINISTRATOR = Session("administrator", "administrator", "网络信息中心")
AUDITOR = Session("auditor", "auditor", "网络信息中心")
SCHOOL_OFFICER = Session("T0009", "school-officer", "李老师", school="S01")
OTHER_COUNSELLOR = Session("T0002", "counsellor", "李老师", school="S02")
FIRST, STUCK, RETURNED, SETTLED = "P-library-02", "P-library-05", "P-library-06", "P-library-07"
LOANS = "library-loans"


def begin(cloud: Cloud, session: Session | None = LIBRARY, key: str = "", **more: Any) -> SimpleNamespace:
    body = {"idempotency_key": key or uuid.uuid4().hex, **more}
    return cloud.call("clearance/practice", session, "POST", "/api/clearance/practice", body)


def states(office: str = "library") -> dict[str, Any]:
    found = store().get_many(list(training.numbers(office).values()))
    return {student: case.states() for student, case in found.items()}


@pytest.fixture
def begun(cloud: Cloud) -> Cloud:
    assert begin(cloud).status == 200
    return cloud


# --- beginning ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("session", "office"), [(LIBRARY, "library"), (COUNSELLOR, "S01"), (SCHOOL_OFFICER, "S01")])
def test_an_office_begins_its_own_practice(cloud: Cloud, session: Session, office: str) -> None:
    answer = begin(cloud, session)
    assert answer.json == {"office": office, "cases": list(training.numbers(office).values())}
    assert set(states(office)) == set(training.numbers(office).values())


@pytest.mark.parametrize("session", [STUDENT, ADMINISTRATOR, AUDITOR, Session("x", "department-officer", "x")])
def test_who_acts_for_no_office_practises_for_none(cloud: Cloud, session: Session) -> None:
    assert begin(cloud, session).status == 403
    assert cloud.dynamodb.scan(TableName="Cases")["Count"] == 0


def test_who_is_signed_out_or_sent_by_another_site_begins_nothing(cloud: Cloud) -> None:
    assert begin(cloud, None).status == 401
    path, body = "/api/clearance/practice", {"idempotency_key": "12345678"}
    headers = {"sec-fetch-site": "cross-site"}
    assert cloud.call("clearance/practice", LIBRARY, "POST", path, body, headers=headers).status == 403
    assert begin(cloud, LIBRARY, key="short").status == 400
    assert states() == {}


def test_a_form_leads_back_to_the_page_that_says_so(cloud: Cloud) -> None:
    body = [("idempotency_key", "12345678"), ("next", "/practice?at=practice.begin#notice")]
    answer = cloud.call("clearance/practice", LIBRARY, "POST", "/api/clearance/practice", body)
    assert answer.status == 303
    assert answer.headers["Location"] == "/practice?at=practice.begin&done=practice.begin#notice"
    assert "begun anew" in portal.visit(answer.headers["Location"].partition("#")[0], LIBRARY, "en").body


def test_the_same_press_again_changes_nothing_and_another_begins_anew(begun: Cloud) -> None:
    fresh = states()
    begin(begun, key="the-same-press")
    assert begun.act(LIBRARY, LOANS, "sign-off", FIRST).status == 200
    worn = {student: case_document(case) for student, case in store().get_many(list(fresh)).items()}
    assert begin(begun, key="the-same-press").status == 200
    assert {student: case_document(case) for student, case in store().get_many(list(fresh)).items()} == worn
    assert begin(begun).status == 200
    assert states() == fresh
    history = [event.what for event in store().events(FIRST)]
    assert history == ["practice-begun", "practice-begun", "sign-off", "practice-begun"], "what was done is kept"


@pytest.mark.slow
@pytest.mark.parametrize("after", range(0, 8, 3))
def test_where_it_stopped_halfway_the_next_press_leaves_the_right_set(
    begun: Cloud, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh, write, written = states(), Store._write, 0
    for student in (FIRST, "P-library-03", "P-library-04"):
        begun.act(LIBRARY, LOANS, "sign-off", student)

    def dies(self: Store, *args: Any, **more: Any) -> str:
        nonlocal written
        written += 1
        if written > after:
            raise RuntimeError("the machine stopped")
        return write(self, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "_write", dies)
        assert begin(begun, key="the-one-that-died").status == 500
    assert begin(begun, key="the-one-that-died").status == 200
    assert states() == fresh


def test_a_page_from_before_cannot_act_on_what_began_anew(begun: Cloud) -> None:
    version = begun.case(FIRST).steps[LOANS].version
    begin(begun)
    answer = begun.act(LIBRARY, LOANS, "sign-off", FIRST, step_version=version)
    assert (answer.status, answer.json["type"]) == (409, "urn:yinji:problem:changed-meanwhile")


# --- whose it is ----------------------------------------------------------------------------------------------

PEOPLE = [STUDENT, COUNSELLOR, SCHOOL_OFFICER, OTHER_COUNSELLOR, LIBRARY, FINANCE, ADMINISTRATOR, AUDITOR]
OWNERS = {"library": {LIBRARY.sub}, "S01": {COUNSELLOR.sub, SCHOOL_OFFICER.sub}, "finance": {FINANCE.sub}}


@pytest.mark.parametrize(("session", "office", "permission"), list(product(PEOPLE, OWNERS, TABLE)))
def test_the_table_of_practice(session: Session, office: str, permission: Any) -> None:
    """An office does everybody's part of its own practice cases, and nobody does anything with another's."""
    allowed = session.sub in OWNERS[office] and permission in ("see-case", "act-as-student", "sign-for-office")
    for department in ("school", "library", "finance"):
        thing = {"student": practice.number(office, 1), "school": "S01", "department": department}
        assert may(session, permission, **thing) is allowed


@pytest.mark.parametrize(("session", "permission"), list(product(PEOPLE, TABLE)))
def test_real_cases_are_as_they_were(session: Session, permission: Any) -> None:
    scope = TABLE[permission].get(session.role)
    thing = {"student": LIN.student, "school": "S01", "department": "library"}
    expected = {
        None: False,
        "any": True,
        "own": session.sub == LIN.student,
        "own-school": session.school == "S01",
        "own-department": session.department == "library",
        "own-office": session.department == "library",
    }
    assert may(session, permission, **thing) is expected[scope]


def test_the_office_does_the_students_part_and_the_other_offices(begun: Cloud) -> None:
    lost = begun.act(LIBRARY, LOANS, "declare-lost", STUCK, which="乡土中国", payment="desk")
    assert (lost.status, lost.json["state"]) == (200, "submitted")
    assert begun.act(LIBRARY, "school-approval", "sign-off", SETTLED).json["state"] == "done"
    waived = begun.act(LIBRARY, "tuition", "waive", STUCK, reason="练习免办")
    assert waived.json["state"] == "waived"


@pytest.mark.parametrize("session", [STUDENT, COUNSELLOR, FINANCE, ADMINISTRATOR, AUDITOR])
def test_nobody_else_sees_or_touches_it(begun: Cloud, session: Session) -> None:
    path = f"/api/clearance/cases/{FIRST}"
    assert begun.call("clearance/cases", session, "GET", path).status == 403
    assert begun.act(session, LOANS, "sign-off", FIRST).status == 403
    assert begun.act(session, LOANS, "declare-lost", STUCK, which="x", payment="desk").status == 403
    assert portal.visit(f"/cases/{FIRST}", session).status == 403
    assert portal.visit(f"/cases/{FIRST}/history", session).status == 403
    assert begun.case(FIRST).version == 1


def test_the_library_acts_as_no_real_student(begun: Cloud) -> None:
    begun.open(LIN)
    begun.feed(LOANS, {"student": LIN.student, "loans": 1, "titles": "乡土中国"})
    assert begun.act(LIBRARY, LOANS, "declare-lost", which="x", payment="desk").status == 403
    assert begun.act(LIBRARY, "dormitory", "waive", reason="练习免办").status == 403


# --- it counts for nothing ------------------------------------------------------------------------------------


KEY = re.compile(r'name="idempotency_key" value="[^"]+"')
"""What differs every time a page with a form is drawn."""


def counted(cloud: Cloud) -> list[Any]:
    """Everything that counts, lists or tells of cases."""
    ours = store()
    queues = [step for step in definition.steps() if definition.steps()[step].department != "school"]
    queues += [f"school-approval#{school}" for school in university.schools()]
    return [
        {school: ours.school(school) for school in university.schools()},
        {queue: ours.queue(queue) for queue in queues},
        cloud.invoke("clearance/figures", {}),
        cloud.invoke("clearance/reconcile", {"patience_seconds": 0}),
        sorted(case.graduate.student for case in ours.going_on(university.schools())),
        [
            KEY.sub("", portal.visit("/schools/S01", COUNSELLOR).body),
            portal.visit("/season", AUDITOR).body.count("<tr"),
        ],
        cloud.call("clearance/cases", officer("housing"), "GET", "/api/clearance/steps/dormitory/queue").json,
    ]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_whatever_is_practised_counts_stay_as_they_are(
    cloud: Cloud, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.open(LIN, graduate(2), graduate(3, school="S02"))
    cloud.feed(LOANS, {"student": LIN.student, "loans": 1, "titles": "乡土中国"})
    before, said = counted(cloud), list(cloud.said)
    capsys.readouterr()
    chance = random.Random(seed)
    acted = 0
    for session in (LIBRARY, COUNSELLOR, officer("housing")):
        begin(cloud, session)
        office = session.school or session.department
        for _ in range(20):
            student = chance.choice(list(training.numbers(office).values()))
            case = cloud.case(student)
            step = chance.choice(list(case.steps))
            action = chance.choice(list(definition.steps()[step].actions.values()))
            fields = {field.name: "练习用的内容" for field in action.fields if not field.options}
            fields |= {field.name: field.options[0]["value"] for field in action.fields if field.options}
            acted += cloud.act(session, step, action.id, student, **fields).status == 200
    assert acted > 5
    assert "Actions" not in capsys.readouterr().out, "no metric counts it"
    assert cloud.said == said, "nobody is told"
    assert counted(cloud) == before


def test_no_practice_case_is_ever_over_and_no_step_of_it_is_counted(
    begun: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    item = begun.dynamodb.get_item(TableName="Cases", Key={"pk": {"S": f"CASE#{FIRST}"}, "sk": {"S": "CASE"}})["Item"]
    item["finished_at"] = {"S": "2026-06-15T00:00:00.000Z"}
    record = {
        "eventID": "1",
        "eventName": "MODIFY",
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "Keys": {"pk": item["pk"], "sk": item["sk"]},
            "NewImage": item,
            "SequenceNumber": "1",
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    }
    assert begun.invoke("clearance/advance", {"Records": [record]}) == {"batchItemFailures": []}
    assert begun.said == []
    assert "StepsReady" not in capsys.readouterr().out
    item["practice"] = {"NULL": True}
    item["school"] = {"S": "S01"}
    begun.invoke("clearance/advance", {"Records": [record]})
    assert [kind for kind, _ in begun.said] == ["case-finished"], "of a real one it does"


def test_a_finished_practice_case_gets_no_certificate(begun: Cloud) -> None:
    student = SETTLED
    begun.act(LIBRARY, "school-approval", "sign-off", student)
    told = {"addressee": "陈一", "mail_phone": "13800000000", "mail_address": "海滨路 1 号", "mail_country": "中国"}
    begun.act(LIBRARY, "diploma", "ask-for-mail", student, **told)
    begun.act(LIBRARY, "diploma", "post", student, carrier="EMS", tracking_number="EX123456789CN")
    assert begun.case(student).finished
    message = {"id": "1", "detail-type": "case-finished", "detail": {"student": student, "version": 9}}
    begun.invoke("clearance/certificate", message)
    assert begun.case(student).certificate is None
    assert "Contents" not in begun.s3.list_objects_v2(Bucket="documents", Prefix="certificates/")
    path = f"/api/clearance/cases/{student}/certificate"
    assert begun.call("clearance/certificate_download", LIBRARY, "GET", path).status == 404
    assert "There is none for practice" in portal.visit(f"/cases/{student}", LIBRARY, "en").body


def test_two_who_begin_at_once_leave_one_right_set(begun: Cloud) -> None:
    fresh = states()
    begun.act(LIBRARY, LOANS, "sign-off", FIRST)
    together([lambda: begin(begun, LIBRARY) for _ in range(3)])
    assert states() == fresh
    assert [event.what for event in store().events(FIRST)].count("practice-begun") == 4


# --- pages ----------------------------------------------------------------------------------------------------

SHOWN = ["/practice", "/practice/tour", f"/cases/{FIRST}", f"/cases/{STUCK}", f"/cases/{FIRST}/history"]


@pytest.mark.parametrize(("path", "language"), list(product(SHOWN, ("zh", "en"))))
def test_every_page_that_shows_a_practice_case_says_so(begun: Cloud, path: str, language: str) -> None:
    page = portal.visit(path, LIBRARY, language)
    assert page.status == 200
    assert '<aside class="practice"' in page.body
    assert {"zh": "练习 · 不是真的", "en": "PRACTICE · not real"}[language] in page.body


def test_no_page_of_a_real_case_says_so(begun: Cloud) -> None:
    begun.open(LIN)
    for path in (f"/cases/{LIN.student}", f"/cases/{LIN.student}/history", "/queues", f"/queues/{LOANS}"):
        assert '<aside class="practice"' not in portal.visit(path, LIBRARY).body


@pytest.mark.parametrize("session", [STUDENT, ADMINISTRATOR, AUDITOR])
def test_pages_of_practice_are_for_offices(cloud: Cloud, session: Session) -> None:
    assert portal.visit("/practice", session).status == portal.visit("/practice/tour", session).status == 403
    assert portal.visit("/practice").location.startswith("/sign-in")


@pytest.mark.parametrize("path", ["/practice", "/practice/tour"])
def test_before_it_has_begun_there_is_one_button(cloud: Cloud, path: str) -> None:
    body = portal.visit(path, LIBRARY, "en").body
    assert body.count('action="/api/clearance/practice"') == 1 and "Prepare the practice" in body


def test_the_tour_is_done_by_doing_it(begun: Cloud) -> None:
    """Every task, as its words tell; the page ticks it off, and beginning anew takes the ticks away."""
    from tests.functions.test_portal import Reader

    def ticked() -> int:
        body = portal.visit("/practice/tour", LIBRARY, "en").body
        found = body.count('class="state done"')
        assert ("you are ready for the real thing" in body) is (found == 8)
        assert found == 8 or f"{found} of 8 done" in body
        return found

    assert ticked() == 0
    act = begun.act
    act(LIBRARY, LOANS, "declare-lost", STUCK, which="乡土中国", payment="desk")
    assert ticked() == 1
    act(LIBRARY, LOANS, "sign-off", FIRST)
    assert ticked() == 2
    act(LIBRARY, LOANS, "declare-lost", RETURNED, which="乡土中国", payment="desk")
    assert ticked() == 3
    act(LIBRARY, LOANS, "send-back", "P-library-03", reason="书名不对")
    assert ticked() == 4
    form = Reader(portal.visit("/practice", LIBRARY).body).form(f"/steps/{LOANS}/sign-off")
    body = [("idempotency_key", form["fields"]["idempotency_key"])]
    body += [("case", chosen) for chosen in form["choices"]["case"]]
    assert len(body) == 5, "third, abroad, and the two that were answered"
    answer = begun.call(
        "clearance/steps/library_loans", LIBRARY, "POST", f"/api/clearance/steps/{LOANS}/sign-off", body
    )
    assert answer.status == 303 and answer.headers["Location"].startswith("/outcomes/")
    assert len(store().events(FIRST)) == 2, "what was signed before is not signed again"
    assert [begun.case(chosen.partition(":")[0]).state(LOANS) for chosen in form["choices"]["case"]] == ["done"] * 4
    assert ticked() == 5
    act(LIBRARY, LOANS, "waive", "P-library-01", reason="没有借过书")
    assert ticked() == 6
    act(LIBRARY, LOANS, "reopen", SETTLED, reason="办错了")
    assert ticked() == 7
    act(LIBRARY, LOANS, "sign-off", SETTLED)
    told = {"id": "1", "detail-type": "step-ready", "detail": {"student": SETTLED, "step": "campus-card", "version": 9}}
    begun.invoke("clearance/steps/campus_card", told)
    assert act(LIBRARY, "school-approval", "sign-off", SETTLED).status == 200
    assert ticked() == 8
    begin(begun)
    assert ticked() == 0


@pytest.mark.parametrize("path", SHOWN)
def test_a_page_of_practice_is_light_and_in_english_but_for_names(begun: Cloud, path: str) -> None:
    from tests.functions.test_portal import CHINESE, transferred

    body = portal.visit(path, LIBRARY, "en").body
    assert transferred(body) < 20_000
    plain = re.sub(r"<bdi>.*?</bdi>|<a class=\"language\".*?</a>|<span class=\"seal\".*?</span>", "", body)
    assert not CHINESE.search(plain.replace("乡土中国", "").replace("住宿费", "")), path


def test_a_counsellors_tour_can_be_done_too(cloud: Cloud) -> None:
    begin(cloud, COUNSELLOR)
    first, third, stuck, returned, settled, fresh = (f"P-S01-0{place}" for place in (2, 4, 5, 6, 7, 1))
    act = cloud.act
    for student in (stuck, returned):
        act(COUNSELLOR, LOANS, "declare-lost", student, which="乡土中国", payment="desk")
    act(COUNSELLOR, "school-approval", "waive", third, reason="已经核对")
    act(COUNSELLOR, "school-approval", "reopen", settled, reason="办错了")
    act(COUNSELLOR, "exit-survey", "answer", fresh, teaching="5", services="5")
    versions = [(student, cloud.case(student).steps["school-approval"].version) for student in (first, "P-S01-03")]
    body = [("idempotency_key", "12345678"), *(("case", f"{student}:{version}") for student, version in versions)]
    path = "/api/clearance/steps/school-approval/sign-off"
    cloud.call("clearance/steps/school_approval", COUNSELLOR, "POST", path, body)
    page = portal.visit("/practice/tour", COUNSELLOR, "en").body
    assert page.count('class="state done"') == page.count('<li class="card') == 7


def test_on_a_practice_case_each_form_says_whose_part_it_is(begun: Cloud) -> None:
    body = portal.visit(f"/cases/{FIRST}", LIBRARY, "en").body
    assert "As the student:" in body and "As Library:" in body
    assert 'href="/practice"' in body
