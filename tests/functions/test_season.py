"""A small season through the functions: roster, feeds, students and officers, to the certificate."""

from dataclasses import replace

from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, officer
from tests.graduates import LIN, graduate


def settle_everything(cloud: Cloud, student: str = LIN.student, until: str = "") -> None:
    """Settle every step, or those before `until`."""
    from yinji.identity.session import Session

    me = Session(student, "student", "x")
    for step in ("graduation-audit", "library-loans", "tuition", "campus-card"):
        assert cloud.feed(step, {"student": student})["status"] == "accepted"
    acts = [
        (me, "dormitory", "book-inspection", {"slot": next_slot()}),
        (officer("housing"), "dormitory", "sign-off", {}),
        (me, "campus-card", "choose", {"balance_to": "refund", "mailbox": "alumni"}),
        (officer("network-centre"), "campus-card", "sign-off", {}),
        (me, "personal-file", "declare-destination", FILE),
        (me, "exit-survey", "answer", {"teaching": "5", "services": "4"}),
        (COUNSELLOR, "school-approval", "sign-off", {}),
    ]
    for session, step, action, fields in acts:
        if step == until:
            return
        answer = cloud.act(session, step, action, student, **fields)
        assert answer.status == 200, (step, action, answer.json)
    if until != "diploma":
        hand_over(cloud, student)


def hand_over(cloud: Cloud, student: str = LIN.student) -> None:
    """The diploma, to a graduate who comes for it."""
    from yinji.identity.session import Session

    me = Session(student, "student", "x")
    assert cloud.act(me, "diploma", "book-pick-up", student, slot=next_slot()).status == 200
    assert cloud.act(officer("academic-affairs"), "diploma", "hand-over", student).status == 200


FILE = {"agreement": "signed", "receiver": "江屿市人才服务中心", "address": "江屿市海滨路 1 号"}


def next_workday() -> str:
    """The first day worked on after tomorrow: a time of it may be booked at any hour of today."""
    from datetime import timedelta

    from yinji.clearance.appointments import working_day
    from yinji.platform.clock import today

    day = today() + timedelta(days=2)
    while not working_day(day):
        day += timedelta(days=1)
    return day.isoformat()


def next_slot(time: str = "08:30") -> str:
    return f"{next_workday()}T{time}"


def test_from_the_roster_to_a_finished_case(cloud: Cloud) -> None:
    report = cloud.open()
    assert (report["status"], report["opened"]) == ("accepted", 1)
    settle_everything(cloud)
    case = cloud.case()
    assert case.finished and case.closed
    assert set(case.states().values()) == {"done"}


def test_the_same_roster_twice_changes_nothing_and_a_corrected_one_updates(cloud: Cloud) -> None:
    cloud.open(LIN, graduate(2))
    before = cloud.case()
    assert cloud.open(LIN, graduate(2))["unchanged"] == 2
    assert cloud.case() == before
    report = cloud.open(replace(LIN, name="林小雨", flags=frozenset({"lives_in", "party_member"})), graduate(2))
    assert (report["corrected"], report["unchanged"]) == (1, 1)
    case = cloud.case()
    assert case.graduate.name == "林小雨"
    assert case.state("party-transfer") == "ready"


def test_a_malformed_row_is_reported_and_the_others_go_through(cloud: Cloud) -> None:
    report = cloud.open(LIN, replace(graduate(2), school="S99"), graduate(3), replace(graduate(4), name=""))
    assert report["opened"] == 2
    assert [(row["line"], row["code"], row["field"]) for row in report["rejected"]] == [
        (3, "school", "school"),
        (5, "value", "name"),
    ]


def test_a_step_that_knows_enough_settles_itself_when_it_becomes_ready(cloud: Cloud) -> None:
    cloud.open()
    cloud.feed("library-loans", {"student": LIN.student, "loans": 1, "titles": "乡土中国"})
    cloud.feed("campus-card", {"student": LIN.student, "balance": "-3.20"})
    assert cloud.case().state("campus-card") == "waiting"
    old = cloud.dynamodb.get_item(TableName="Cases", Key={"pk": {"S": f"CASE#{LIN.student}"}, "sk": {"S": "CASE"}})[
        "Item"
    ]
    cloud.feed("library-loans", {"student": LIN.student})
    new = cloud.dynamodb.get_item(TableName="Cases", Key={"pk": {"S": f"CASE#{LIN.student}"}, "sk": {"S": "CASE"}})[
        "Item"
    ]
    record = {
        "eventID": "1",
        "eventName": "MODIFY",
        "eventSource": "aws:dynamodb",
        "dynamodb": {"SequenceNumber": "1", "OldImage": old, "NewImage": new, "Keys": {}},
    }
    cloud.said.clear()
    assert cloud.invoke("clearance/advance", {"Records": [record]}) == {"batchItemFailures": []}
    assert [(kind, detail["step"]) for kind, detail in cloud.said] == [("step-ready", "campus-card")]
    message = {"id": "m1", "detail-type": "step-ready", "source": "yinji.clearance", "detail": cloud.said[0][1]}
    cloud.invoke("clearance/steps/campus_card", message)
    assert cloud.case().state("campus-card") == "blocked"
    version = cloud.case().version
    cloud.invoke("clearance/steps/campus_card", message)
    assert cloud.case().version == version
    assert STUDENT.sub == LIN.student
