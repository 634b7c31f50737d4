"""Bank accounts from the form to the bank's list: sealed wherever they lie, read whole by whom they concern."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from yinji.clearance.chain import verify
from yinji.clearance.keys import Keys
from yinji.identity.session import Session
from yinji.platform.clock import now
from yinji.platform.problem import Problem

from tests import portal
from tests.functions.conftest import COUNSELLOR, Cloud, officer, store
from tests.functions.test_exports import lines, sheet
from tests.graduates import graduate
from tests.sessions import begun

WHO = graduate(11, category="international", flags=frozenset({"scholarship"}))
ME, OFFICE = Session(WHO.student, "student", "x"), officer("international-education")
OTHER = Session("2022S01012", "student", "y")
STEP, CARD = "scholarship-settlement", "6222 0000 1234 5678"
WHOLE = "6222000012345678"
LIST = "/api/clearance/exports/queue"
PLACE = f"/api/clearance/cases/{WHO.student}/sealed/{STEP}/card"


@pytest.fixture
def declared(cloud: Cloud) -> Cloud:
    cloud.open(WHO)
    answer = declare(cloud)
    assert answer.status == 200, answer.json
    return cloud


def declare(cloud: Cloud, card: str = CARD, **more: Any) -> SimpleNamespace:
    return cloud.act(ME, STEP, "confirm-account", WHO.student, holder="Aigerim", card=card, bank="Bank of X", **more)


def shown(cloud: Cloud, session: Session, place: str = PLACE, body: Any = None) -> SimpleNamespace:
    return cloud.call("clearance/sealed_answer", session, "POST", place, {} if body is None else body)


def everything(cloud: Cloud) -> str:
    """All items of all tables, as they lie."""
    tables = cloud.dynamodb.list_tables()["TableNames"]
    kept = [cloud.dynamodb.scan(TableName=table)["Items"] for table in tables]
    return json.dumps(kept, default=repr, ensure_ascii=False)


def test_nowhere_does_the_number_lie_in_clear_nor_what_it_could_be_guessed_from(declared: Cloud) -> None:
    kept = everything(declared)
    assert "Aigerim" in kept, "there is something to look through"
    assert WHOLE not in kept and CARD not in kept
    [event] = [one for one in store().events(WHO.student) if one.what == "confirm-account"]
    assert event.evidence["card"].startswith("sealed:1:5678:")
    assert Keys().opened(WHO.student, f"{STEP}/card", event.evidence["card"]) == CARD, "as it was typed"


def test_the_graduate_and_the_office_that_pays_read_it_whole(declared: Cloud) -> None:
    for session in (ME, OFFICE):
        answer = shown(declared, session)
        assert (answer.status, answer.json["value"]) == (200, WHOLE)
        form = shown(declared, session, body=[])
        assert form.body == WHOLE and form.headers["Cache-Control"] == "no-store"
        assert form.headers["Content-Type"].startswith("text/plain")


def test_that_the_office_looked_is_written_down_for_the_graduate(declared: Cloud) -> None:
    assert shown(declared, ME).status == shown(declared, OFFICE).status == 200
    [look] = declared.looks()
    assert (look["what"], look["students"], look["step"]) == ("account", [WHO.student], STEP)
    assert look["who"] == OFFICE.sub and "value" not in look


def test_in_what_the_graduate_takes_along_it_is_in_clear_until_its_key_is_gone(declared: Cloud) -> None:
    def numbers() -> list[str]:
        told = declared.call("identity/my_data", ME, "GET", "/api/account/export.json").json["graduate"]
        [event] = [one for one in told["history"] if one["what"] == "confirm-account"]
        [waiting] = [one for one in told["waiting_at_offices"] if one["step"] == STEP]
        return [told["case"]["steps"][STEP]["answers"]["card"], event["evidence"]["card"], waiting["answers"]["card"]]

    assert numbers() == [WHOLE, CARD, WHOLE]
    store().destroy_key(WHO.student)
    assert numbers() == ["•••• 5678"] * 3


def test_nobody_else_does_and_none_of_them_learns_what_there_is(declared: Cloud) -> None:
    auditor, administrator = Session("a", "auditor", "x"), Session("b", "administrator", "x")
    for session in (OTHER, COUNSELLOR, auditor, administrator, officer("housing")):
        assert shown(declared, session).status == 403
    for place in (PLACE.replace("card", "iban"), PLACE.replace(STEP, "nothing"), PLACE.replace("card", "holder")):
        assert shown(declared, ME, place).status == 404
    assert shown(declared, OTHER, PLACE.replace(STEP, "nothing")).status == 403


def test_what_looks_like_sealed_already_is_refused(declared: Cloud) -> None:
    answer = declare(declared, "sealed:1:5678:AAAAAAAAAAAAAAAAAAAAAAAA")
    assert answer.json["errors"] == [{"field": "card", "code": "invalid"}]


def test_a_request_sent_twice_is_one_and_another_number_under_its_key_is_refused(cloud: Cloud) -> None:
    cloud.open(WHO)
    assert declare(cloud, key="the-same-key").json["repeated"] is False
    assert declare(cloud, key="the-same-key").json["repeated"] is True
    assert declare(cloud, "6222000012345679", key="the-same-key").json["code"] == "key-reused"


def test_who_has_no_case_has_no_key(cloud: Cloud) -> None:
    cloud.declare()
    assert declare(cloud, step_version=0).json["code"] == "not-in-season"
    assert "wrapped" not in everything(cloud)


def test_two_who_make_the_key_at_once_get_the_same(declared: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Keys().of(WHO.student)
    first = Keys()
    answers = iter([None])
    monkeypatch.setattr(
        first, "existing", lambda student: next(answers, Keys().existing(student))
    )  # it was not there when this one looked
    assert first.of(WHO.student) == kept


def test_without_its_key_it_is_gone_and_the_history_still_holds(declared: Cloud) -> None:
    declared.dynamodb.delete_item(TableName="Cases", Key={"pk": {"S": f"CASE#{WHO.student}"}, "sk": {"S": "KEY"}})
    answer = shown(declared, OFFICE)
    assert (answer.status, answer.json["code"]) == (410, "sealed-for-good")
    auditor = Session("auditor", "auditor", "x")
    path = f"/api/clearance/cases/{WHO.student}/audit.json"
    told = declared.call("clearance/audit_export", auditor, "GET", path).json
    assert not [finding for finding in verify(told) if finding.bad]


def test_who_declares_again_after_the_key_was_destroyed_gets_a_new_one_and_nothing_breaks(declared: Cloud) -> None:
    """A batch was over, its keys are gone, and the graduate was carried into the next one."""
    [before] = [one for one in store().events(WHO.student) if one.what == "confirm-account"]
    store().destroy_key(WHO.student)
    assert declare(declared, "6222000099990000").status == 200
    assert shown(declared, OFFICE).json["value"] == "6222000099990000"
    with pytest.raises(Problem, match="sealed-for-good"):
        Keys().opened(WHO.student, f"{STEP}/card", before.evidence["card"])
    told = declared.call("identity/my_data", ME, "GET", "/api/account/export.json").json["graduate"]["history"]
    cards = [one["evidence"]["card"] for one in told if one["what"] == "confirm-account"]
    assert cards == ["•••• 5678", "6222000099990000"]


def test_a_list_with_an_account_whose_key_is_gone_is_a_list_all_the_same(declared: Cloud) -> None:
    store().destroy_key(WHO.student)
    Keys().of(WHO.student)
    assert "•••• 5678" in row(taken(declared, OFFICE, "&whole=1"))


def test_on_the_page_a_refusal_stands_where_the_number_would(declared: Cloud) -> None:
    store().destroy_key(WHO.student)
    plain = shown(declared, ME, body=[])
    assert (plain.status, plain.headers["Content-Type"]) == (410, "text/plain; charset=utf-8")
    scripted = declared.call("clearance/sealed_answer", ME, "POST", PLACE, [], headers={"hx-request": "true"})
    assert scripted.status == 200 and scripted.body == plain.body and "保存期限" in plain.body


def test_programs_and_lists_see_the_last_signs(declared: Cloud) -> None:
    queue = declared.call("clearance/cases", OFFICE, "GET", f"/api/clearance/steps/{STEP}/queue").json
    assert queue["items"][0]["answers"]["card"] == "•••• 5678"
    head, found = lines(declared.call("clearance/exports", OFFICE, "GET", f"{LIST}.csv?step={STEP}"))
    assert "•••• 5678" in found and WHOLE not in found and len(head) == len(found)


def test_the_office_takes_the_whole_list_to_the_bank_once_it_proved_who_it_is(declared: Cloud) -> None:
    assert WHOLE in row(taken(declared, OFFICE, "&whole=1"))
    looks = {(look["what"], look.get("step")) for look in declared.looks()}
    assert looks == {("list", None), ("account", STEP)}, "they are told that it was the number"
    csv = declared.call("clearance/exports", OFFICE, "GET", f"{LIST}.csv?step={STEP}&whole=1")
    assert csv.status == 404, "a spreadsheet that reads it keeps fifteen digits"
    stale = replace(begun(OFFICE), proved=1)
    assert "whole=1" in portal.visit(f"/queues/{STEP}", OFFICE).body
    assert "whole=1" not in portal.visit(f"/queues/{STEP}", stale).body
    assert "whole=1" not in portal.visit(f"/queues/{STEP}", Session("auditor", "auditor", "x")).body
    assert taken(declared, stale, "&whole=1").json["code"] == "prove-again"
    assert taken(declared, Session("auditor", "auditor", "x"), "&whole=1").status == 403
    [record] = declared.dynamodb.query(
        TableName="Cases",
        KeyConditionExpression="pk = :day",
        ExpressionAttributeValues={":day": {"S": today()}},
    )["Items"]
    assert record["filters"]["M"]["whole"] == {"S": "1"}, "who took it is written down"


def taken(cloud: Cloud, session: Session, more: str = "") -> SimpleNamespace:
    return cloud.call("clearance/exports", session, "GET", f"{LIST}.xlsx?step={STEP}{more}")


def row(answer: SimpleNamespace) -> list[str]:
    """The only row of a workbook."""
    assert answer.status == 200, answer.json
    return [str(cell.value) for cell in sheet(answer)[2]]


def today() -> str:
    return f"AUDIT#{now().date().isoformat()}"
