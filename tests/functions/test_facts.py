"""Facts over the API and on their pages: one's own, what is said otherwise, and what departments decide."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from yinji.forms.facts import SELF, Fact, kinds
from yinji.forms.facts_store import Facts
from yinji.identity.session import ROLES, Session
from yinji.messages.store import Outbox

from tests import portal
from tests.functions.conftest import Cloud, officer
from tests.graduates import LIN

WHO = LIN.student
ME, OTHER = Session(WHO, "student", "林小满"), Session("2022S01002", "student", "王")
FINANCE, REGISTRY = officer("finance"), officer("academic-affairs")
ADMINISTRATOR, AUDITOR = Session("A1", "administrator", "x"), Session("A2", "auditor", "x")
CARD, OTHER_CARD = "6222021234567894", "6222021234567886"
MINE, CONFLICTS = "/api/forms/facts", "/api/forms/conflicts"
AT = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)


@pytest.fixture
def facts(cloud: Cloud) -> Facts:
    found = Facts()
    found.learn(WHO, [record("bank-card", CARD, "finance"), record("name", "林小满"), record("programme", "物理学")])
    return found


def record(kind: str, value: Any, source: str = "student-registry", minute: int = 0) -> Fact:
    return Fact(WHO, kind, value, source, f"facts/{source}/a.csv", AT + timedelta(minutes=minute))


def mine(cloud: Cloud, session: Session = ME) -> dict[str, Any]:
    answer = cloud.call("forms/facts", session, "GET", MINE)
    assert answer.status == 200, answer.json
    return {one["kind"]: one for one in answer.json["facts"]}


def say(cloud: Cloud, kind: str, value: str = "", version: int = 0, session: Session = ME, **more: str) -> Any:
    body = {"version": version, **({"value": value} if value else {}), **more}
    return cloud.call("forms/facts", session, "POST", f"{MINE}/{kind}", body)


def queue(cloud: Cloud, session: Session) -> list[dict[str, Any]]:
    answer = cloud.call("forms/conflicts", session, "GET", CONFLICTS)
    assert answer.status == 200, answer.json
    return answer.json["conflicts"]


def decide(cloud: Cloud, session: Session, one: dict[str, Any], deed: str, **more: Any) -> Any:
    body = {"version": one["version"]} | more
    return cloud.call("forms/conflicts", session, "POST", f"{CONFLICTS}/{one['id']}/{deed}", body)


# --- one's own ---------------------------------------------------------------------------------------------------
def test_what_is_known_is_told_with_its_source_and_what_is_sensitive_by_its_tail(cloud: Cloud, facts: Facts) -> None:
    known = mine(cloud)
    assert list(known) == ["name", "programme", "bank-card"]
    assert (known["bank-card"]["shown"], known["bank-card"]["source"]) == ("•••• 7894", "finance")
    assert known["programme"]["standing"] == "known" and known["programme"]["under_way"] is None
    assert [one["shown"] for one in known["name"]["history"]] == ["林小满"]
    answer = cloud.call("forms/facts", ME, "GET", MINE)
    assert CARD not in answer.body and "sealed:" not in answer.body
    missing = {one["kind"]: one["correctable"] for one in answer.json["missing"]}
    assert missing["phone"] is True and missing["student-number"] is False and "name" not in missing
    assert mine(cloud, OTHER) == {}


@pytest.mark.parametrize("role", [role for role in ROLES if role != "student"])
def test_staff_have_facts_of_their_own(cloud: Cloud, facts: Facts, role: Any) -> None:
    who = Session("T0009", role, "x")
    assert say(cloud, "phone", "13800138000", session=who).status == 200
    assert [one["kind"] for one in cloud.call("forms/facts", who, "GET", MINE).json["facts"]] == ["phone"]
    assert "phone" not in facts.of(WHO) and facts.of("T0009")["phone"].value == "13800138000"


def test_nobody_decides_of_their_own(cloud: Cloud, facts: Facts) -> None:
    who = Session("F1", "department-officer", "x", department="finance")
    facts.learn("F1", [Fact("F1", "bank-card", CARD, "finance", "a file", AT)])
    assert say(cloud, "bank-card", OTHER_CARD, version=1, session=who).status == 200
    assert queue(cloud, who) == []
    [one] = queue(cloud, Session("F2", "department-officer", "y", department="finance"))
    path = f"/api/forms/conflicts/{one['id']}/take"
    refused = cloud.call("forms/conflicts", who, "POST", path, {"version": str(one["version"])})
    assert refused.json["code"] == "forbidden" and facts.of("F1")["bank-card"].claim


def test_what_only_i_know_is_taken_at_once(cloud: Cloud, facts: Facts) -> None:
    answer = say(cloud, "phone", " 13800138000 ")
    assert answer.status == 200 and answer.json["source"] == SELF
    contact = {"value.name": "王芳", "value.relation": "母亲", "value.phone": "13900139000"}
    assert say(cloud, "emergency-contact", **contact).json["shown"] == "王芳 · 母亲 · 13900139000"
    assert say(cloud, "sex", "女").json["shown"] == "女"
    assert facts.of(WHO)["sex"].value == "female"
    assert queue(cloud, REGISTRY) == []


def test_what_a_system_of_record_says_otherwise_goes_to_its_department(cloud: Cloud, facts: Facts) -> None:
    answer = say(cloud, "bank-card", "6222 0212 3456 7886", 1)
    assert (answer.json["shown"], answer.json["under_way"]["shown"]) == ("•••• 7894", "•••• 7886")
    assert answer.json["history"][-1]["claim"]["shown"] == "•••• 7886"
    [one] = queue(cloud, FINANCE)
    assert (one["person"], one["name"], one["kind"]) == (WHO, "林小满", "bank-card")
    assert (one["recorded"], one["typed"]) == ("•••• 7894", "•••• 7886")
    assert WHO not in one["id"] and CARD not in json.dumps(one)
    assert queue(cloud, REGISTRY) == [] and queue(cloud, ADMINISTRATOR) == [one]


def test_what_cannot_be_right_is_refused_and_says_where(cloud: Cloud, facts: Facts) -> None:
    def wrong(kind: str, **fields: str) -> list[dict[str, str]]:
        answer = say(cloud, kind, **fields)
        assert answer.json["code"] == "invalid-form"
        return sorted(answer.json["errors"], key=lambda one: one["field"])

    assert wrong("phone", value="12") == [{"field": "value", "code": "invalid"}]
    assert wrong("phone") == [{"field": "value", "code": "required"}]
    assert wrong("emergency-contact", **{"value.name": "王", "value.phone": "1"}) == [
        {"field": "value.phone", "code": "invalid"},
        {"field": "value.relation", "code": "required"},
    ]
    assert say(cloud, "nothing", "x").json["code"] == "not-found"
    assert say(cloud, "student-number", "2022S01002").json["code"] == "forbidden"
    assert cloud.call("forms/facts", ME, "POST", f"{MINE}/phone", {"value": "13800138000"}).status == 400
    assert "phone" not in mine(cloud)


def test_a_request_sent_twice_is_one_and_an_old_page_is_told(cloud: Cloud, facts: Facts) -> None:
    for _ in range(2):
        assert say(cloud, "bank-card", OTHER_CARD, 1).status == 200
        assert say(cloud, "phone", "13800138000").status == 200
    assert len(queue(cloud, FINANCE)) == 1 and facts.of(WHO)["phone"].version == 1
    assert say(cloud, "phone", "13900139000").json["code"] == "changed-meanwhile"
    assert say(cloud, "bank-card", CARD, 1).json["code"] == "changed-meanwhile"
    assert say(cloud, "bank-card", CARD, 2).json["under_way"] is None, "taken back"
    assert queue(cloud, FINANCE) == []


# --- departments' --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("deed", "stands"), [("keep", "•••• 7894"), ("take", "•••• 7886")])
def test_the_department_decides_once(cloud: Cloud, facts: Facts, deed: str, stands: str) -> None:
    say(cloud, "bank-card", OTHER_CARD, 1)
    [one] = queue(cloud, FINANCE)
    for _ in range(2):
        assert decide(cloud, FINANCE, one, deed).status == 200
    other = "take" if deed == "keep" else "keep"
    assert decide(cloud, ADMINISTRATOR, one, other).json["code"] == "changed-meanwhile"
    known = mine(cloud)["bank-card"]
    assert (known["shown"], known["under_way"], known["source"]) == (stands, None, "finance")
    assert queue(cloud, FINANCE) == []


def test_who_answers_for_no_system_or_another_decides_nothing(cloud: Cloud, facts: Facts) -> None:
    say(cloud, "bank-card", OTHER_CARD, 1)
    [one] = queue(cloud, FINANCE)
    for who in (ME, AUDITOR, officer("library"), Session("T1", "counsellor", "x", school="S01")):
        assert cloud.call("forms/conflicts", who, "GET", CONFLICTS).json["code"] == "forbidden"
        assert decide(cloud, who, one, "take").json["code"] == "forbidden"
    assert decide(cloud, REGISTRY, one, "take").json["code"] == "not-found"
    assert decide(cloud, FINANCE, one, "burn").json["code"] == "not-found"
    assert decide(cloud, FINANCE, one, "take", version=9).json["code"] == "changed-meanwhile"
    assert decide(cloud, FINANCE, one, "take", version="x").json["code"] == "malformed-request"
    assert queue(cloud, FINANCE) == [one]


def test_that_the_department_looked_is_written_down(cloud: Cloud, facts: Facts) -> None:
    queue(cloud, FINANCE)
    assert cloud.looks() == []
    say(cloud, "bank-card", OTHER_CARD, 1)
    queue(cloud, FINANCE)
    portal.visit("/forms/conflicts", FINANCE)
    looks = cloud.looks()
    assert [(look["what"], look["students"]) for look in looks] == [("facts", [WHO])] * 2


# --- what is said of it --------------------------------------------------------------------------------------------
def conflict(cloud: Cloud) -> dict[str, Any]:
    """The record of the stream that the newest conflict leaves."""
    items = cloud.dynamodb.scan(TableName="Facts")["Items"]
    [new] = [item for item in items if item["pk"]["S"].startswith("CONFLICTS#")]
    told = {"Keys": {"pk": new["pk"], "sk": new["sk"]}, "NewImage": new, "SequenceNumber": "1"}
    return {"Records": [{"eventName": "INSERT", "dynamodb": told}]}


def test_the_source_is_told_on_the_bus_and_its_department_in_its_box_without_what_was_said(
    cloud: Cloud, facts: Facts
) -> None:
    say(cloud, "bank-card", OTHER_CARD, 1)
    for _ in range(2):
        assert cloud.invoke("forms/announce", conflict(cloud)) == {"batchItemFailures": []}
    [(kind, detail), again] = cloud.said
    assert kind == "fact-corrected" and again == (kind, detail)
    assert detail == {
        "id": queue(cloud, FINANCE)[0]["id"],
        "person": WHO,
        "kind": "bank-card",
        "source": "finance",
        "at": detail["at"],
    }
    for _ in range(2):
        cloud.invoke("messages/compose_forms", {"detail": detail})
    [message] = Outbox().box("office:finance", FINANCE.sub).messages
    assert message.kind == "fact-corrected" and message.params == {"fact": "bank-card", "source": "finance"}
    assert (
        cloud.dynamodb.query(
            TableName="Messages",
            IndexName="waiting",
            KeyConditionExpression="waits = :email",
            ExpressionAttributeValues={":email": {"S": "email"}},
        )["Count"]
        == 0
    ), "nobody gets a mail for each"
    page = portal.visit("/messages", FINANCE, "en").body
    assert "Bank card number" in page and "/forms/conflicts" in page


def test_what_there_is_no_more_is_not_told_of(cloud: Cloud) -> None:
    for source, kind in (("rumour", "bank-card"), ("finance", "rumour")):
        detail = {"id": "x", "person": WHO, "kind": kind, "source": source, "at": "2026-06-01T02:00:00.000Z"}
        cloud.invoke("messages/compose_forms", {"detail": detail})
    assert Outbox().box("office:finance", FINANCE.sub).messages == []
    removed = {"Records": [{"eventName": "REMOVE", "dynamodb": {"Keys": {}, "SequenceNumber": "1"}}]}
    assert cloud.invoke("forms/announce", removed) == {"batchItemFailures": []} and cloud.said == []


# --- pages ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("language", ["zh", "en"])
def test_my_page_shows_what_is_known_and_lets_me_correct_it_where_it_stands(
    cloud: Cloud, facts: Facts, language: str
) -> None:
    say(cloud, "bank-card", OTHER_CARD, 1)
    facts.learn(WHO, [Fact(WHO, "home-address", "<b>北京市</b>海淀区", SELF, "facts-page", AT - timedelta(days=999))])
    body = portal.visit("/forms/facts", ME, language).body
    assert "•••• 7894" in body and "•••• 7886" in body and CARD not in body and "sealed:" not in body
    assert "&lt;b&gt;北京市" in body and "<b>北京市" not in body
    assert 'action="/api/forms/facts/bank-card"' in body and 'name="version" value="2"' in body
    assert 'action="/api/forms/facts/student-number"' not in body
    # what was said long ago is asked for again, by one tap
    stale = body.split('id="fact-home-address"')[1].split("</form>")[0]
    assert 'type="hidden" name="value" value="&lt;b&gt;北京市&lt;/b&gt;海淀区"' in stale
    for kind in kinds().values():
        if kind.id != "student-number":
            assert body.count(f'id="fact-{kind.id}"') == 1


def test_what_came_of_it_is_said_and_what_was_wrong_is_open(cloud: Cloud, facts: Facts) -> None:
    back = "/forms/facts?at=forms-facts.phone"
    form = [("value", "1"), ("version", "0"), ("next", f"{back}#notice")]
    answer = cloud.call("forms/facts", ME, "POST", f"{MINE}/phone", form)
    page = portal.visit(answer.headers["Location"].partition("#")[0], ME)
    asked = page.body.split('id="fact-phone"')[1].split("</form>")[0]
    assert '<details class="correct" open>' in asked and 'aria-invalid="true"' in asked
    assert 'class="notice bad"' in asked and page.body.count('id="notice"') == 1, "it is said where it happened"
    form[0] = ("value", "13800138000")
    answer = cloud.call("forms/facts", ME, "POST", f"{MINE}/phone", form)
    assert answer.status == 303
    page = portal.visit(answer.headers["Location"].partition("#")[0], ME)
    assert "已保存" in page.body.split('id="fact-phone"')[1].split("</li>")[0] and page.body.count('id="notice"') == 1
    form = [("value", OTHER_CARD), ("version", "1"), ("next", "/forms/facts#notice")]
    answer = cloud.call("forms/facts", ME, "POST", f"{MINE}/bank-card", form)
    assert "已转给负责部门" in portal.visit(answer.headers["Location"].partition("#")[0], ME).body


def test_the_queue_has_two_buttons_for_each_and_the_navigation_leads_there(cloud: Cloud, facts: Facts) -> None:
    assert "没有需要核对的" in portal.visit("/forms/conflicts", FINANCE).body
    say(cloud, "bank-card", OTHER_CARD, 1)
    page = portal.visit("/forms/conflicts", FINANCE)
    assert len(re.findall(r'action="/api/forms/conflicts/[0-9a-f]{24}/(keep|take)"', page.body)) == 2
    assert "•••• 7886" in page.body and OTHER_CARD not in page.body
    assert '<a href="/forms/conflicts" aria-current="page">' in page.body
    [one] = queue(cloud, FINANCE)
    form = [("version", str(one["version"])), ("next", "/forms/conflicts#notice")]
    answer = cloud.call("forms/conflicts", FINANCE, "POST", f"{CONFLICTS}/{one['id']}/take", form)
    assert "已决定" in portal.visit(answer.headers["Location"].partition("#")[0], FINANCE).body
    mine_now = portal.visit("/forms/facts", ME).body
    assert "财务处核定" in mine_now and "•••• 7886" in mine_now


@pytest.mark.parametrize("role", ROLES)
def test_who_sees_which_page(cloud: Cloud, facts: Facts, role: Any) -> None:
    who = Session("X1", role, "x", department="finance" if role == "department-officer" else "")
    assert portal.visit("/forms/facts", who).status == 200
    decides = role in ("department-officer", "administrator")
    assert portal.visit("/forms/conflicts", who).status == (200 if decides else 403)
    assert portal.visit("/forms/conflicts", officer("library")).status == 403
    for path in ("/forms/facts", "/forms/conflicts"):
        assert portal.visit(path).location.startswith("/sign-in")
