"""What waits for offices, who may see and decide it, and that it is decided once."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from yinji.forms import deciding
from yinji.forms.filling import Filled
from yinji.forms.form import Field
from yinji.forms.store import Forms
from yinji.forms.submission import VERDICTS, Submission, submit
from yinji.identity.session import ROLES, Session
from yinji.platform import clock
from yinji.platform.problem import Problem

from tests import portal
from tests.forms import BOTH, published, small
from tests.functions.conftest import Cloud, officer
from tests.graduates import LIN
from tests.submissions import (
    AFFAIRS,
    AID,
    CARD,
    FINANCE,
    IDENTITY,
    NOW,
    OTHER_SCHOOL,
    SCHOOL,
    STRANGER,
    STUDENT,
    keep,
)

API = "/api/forms"


def decide(
    cloud: Cloud, who: Session, one: Submission, verdict: str = "approve", key: str = "key-of-it", **more: str
) -> Any:
    body = {"version": str(one.version), "idempotency_key": key, **more}
    return cloud.call("forms/decide", who, "POST", f"{API}/s/{one.id}/{verdict}", body)


def now(one: Submission) -> Submission:
    found = Forms().find(one.id)
    assert found
    return found


def test_the_chain_is_gone_through_office_by_office(cloud: Cloud) -> None:
    one = keep()
    assert decide(cloud, AFFAIRS, one).status == 403, "it is not their turn"
    first = decide(cloud, SCHOOL, one)
    assert (first.status, first.json["state"], first.json["stage"]) == (200, "waiting", 1)
    second = decide(cloud, AFFAIRS, now(one), reason="核实无误")
    assert (second.json["state"], second.json["version"]) == ("approved", 3)
    told = now(one)
    assert [(said.office, said.who, said.reason) for said in told.approvals] == [
        ("school/S01", SCHOOL.sub, ""),
        ("student-affairs", AFFAIRS.sub, "核实无误"),
    ]
    assert [event.what for event in Forms().history(one.id)] == ["submit", "approve", "approve"]


@pytest.mark.parametrize(("verdict", "state"), [("return", "returned"), ("refuse", "refused")])
def test_who_sends_back_or_refuses_says_why(cloud: Cloud, verdict: str, state: str) -> None:
    one = keep()
    wanting = decide(cloud, SCHOOL, one, verdict)
    assert (wanting.status, wanting.json["errors"]) == (422, [{"field": "reason", "code": "required"}])
    assert decide(cloud, SCHOOL, one, verdict, reason="x" * 501).status == 422
    assert decide(cloud, SCHOOL, one, verdict, reason="缺少证明材料").json["state"] == state
    assert now(one).approvals[0].reason == "缺少证明材料"
    assert decide(cloud, SCHOOL, now(one), "approve", "another-key").json["code"] == "submission-moved-on"


def test_the_same_sent_again_is_done_once(cloud: Cloud) -> None:
    one = keep()
    first, again = decide(cloud, SCHOOL, one), decide(cloud, SCHOOL, one)
    assert first.json == again.json and len(now(one).approvals) == 1
    # the next office decided meanwhile, and the answer to the first was lost
    assert decide(cloud, AFFAIRS, now(one)).json["state"] == "approved"
    late = decide(cloud, SCHOOL, one)
    assert (late.status, late.json["state"]) == (200, "approved") and len(now(one).approvals) == 2
    assert decide(cloud, SCHOOL, one, key="another-key").json["code"] == "submission-moved-on"


def test_of_two_officers_at_once_one_decides(cloud: Cloud) -> None:
    one = keep()
    other = replace(SCHOOL, sub="T0003")
    wishes = [(SCHOOL, "approve", ""), (other, "refuse", "材料不实")]
    came: list[Any] = []

    def act(who: Session, verdict: str, reason: str) -> None:
        came.append(decide(cloud, who, one, verdict, f"key-of-{who.sub}", reason=reason))

    threads = [threading.Thread(target=act, args=wish) for wish in wishes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in came) == [200, 409]
    assert len(now(one).approvals) == 1


def test_who_was_quicker_between_reading_and_writing(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    one, forms = keep(), Forms()
    change, tried = forms.change, [0]

    def overtaken(*told: Any) -> bool:
        tried[0] += 1
        if tried[0] == 1:
            wish = deciding.wished("return", {"version": "1", "reason": "先补材料"}, "quicker-one")
            deciding.perform(Forms(), one.id, wish, replace(SCHOOL, sub="T0003"), clock.now())
        return change(*told)

    monkeypatch.setattr(forms, "change", overtaken)
    with pytest.raises(Problem, match="submission-moved-on"):
        deciding.perform(forms, one.id, deciding.wished("approve", {"version": "1"}, "slower"), SCHOOL, clock.now())
    assert now(one).state == "returned"


@pytest.mark.parametrize("role", ROLES)
def test_which_role_may_decide_and_see(cloud: Cloud, role: str) -> None:
    one = keep()
    acts = role in ("counsellor", "school-officer")
    place = {"school": "S01"} if acts else {"department": "student-affairs"}
    who = Session("X001", role, "x", **place)  # type: ignore[arg-type]
    sees = acts or role == "department-officer"
    assert cloud.call("forms/decide", who, "GET", f"{API}/queue").status == (200 if sees else 403)
    assert cloud.call("forms/decide", who, "GET", f"{API}/queue/{one.id}").status == (200 if sees else 403)
    assert portal.visit("/forms/queue", who).status == (200 if sees else 403)
    assert portal.visit(f"/forms/queue/{one.id}", who).status == (200 if sees else 403)
    for verdict in VERDICTS:
        answer = decide(cloud, who, one, verdict, f"key-{verdict}", reason="理由")
        assert answer.status == (403 if not acts else 200 if verdict == "approve" else 409)


@pytest.mark.parametrize("who", [OTHER_SCHOOL, FINANCE, STUDENT, STRANGER], ids=lambda who: who.sub)
def test_who_is_none_of_its_offices_is_refused(cloud: Cloud, who: Session) -> None:
    one = keep()
    assert decide(cloud, who, one).status == 403
    assert cloud.call("forms/decide", who, "GET", f"{API}/queue/{one.id}").status == 403
    assert cloud.call("forms/decide", who, "POST", f"{API}/queue/{one.id}/sealed/bank_card", {}).status == 403
    assert now(one).version == 1 and cloud.looks() == []


def test_nobodys_submission(cloud: Cloud) -> None:
    nobodys = replace(keep(), id="0" * 24)
    assert decide(cloud, SCHOOL, nobodys).status == 403, "who sent what is not to be learnt from the answer"
    assert decide(cloud, STUDENT, nobodys).status == 403
    assert decide(cloud, SCHOOL, keep(), "forget").status == 404
    assert portal.visit(f"/forms/queue/{nobodys.id}", SCHOOL).status == 403


def test_nobody_decides_of_what_they_sent_themselves(cloud: Cloud) -> None:
    one = keep(person=SCHOOL.sub, called=SCHOOL.name)
    assert decide(cloud, SCHOOL, one).status == 403
    substitute = replace(SCHOOL, sub="T0003", acts_for=SCHOOL.sub)
    assert decide(cloud, substitute, one).status == 403
    assert decide(cloud, replace(SCHOOL, sub="T0004"), one).status == 200


def test_a_colleague_who_stands_in_is_written_down_as_such(cloud: Cloud) -> None:
    one = keep()
    assert decide(cloud, replace(SCHOOL, acts_for="T0009"), one).status == 200
    assert Forms().history(one.id)[-1].told["acts_for"] == "T0009"


def test_the_queue_of_an_office(cloud: Cloud) -> None:
    one = keep()
    told = cloud.call("forms/decide", SCHOOL, "GET", f"{API}/queue").json
    assert told["office"] == "school/S01"
    assert [(line["id"], line["form"], line["version"]) for line in told["waiting"]] == [(one.id, "hardship-aid", 1)]
    assert CARD not in str(told) and IDENTITY not in str(told)
    assert cloud.call("forms/decide", OTHER_SCHOOL, "GET", f"{API}/queue").json["waiting"] == []
    assert cloud.call("forms/decide", AFFAIRS, "GET", f"{API}/queue").json["waiting"] == []
    decide(cloud, SCHOOL, one)
    assert len(cloud.call("forms/decide", AFFAIRS, "GET", f"{API}/queue").json["waiting"]) == 1


def test_answers_are_shown_and_it_is_written_down_that_they_were(cloud: Cloud) -> None:
    one = keep()
    answer = cloud.call("forms/decide", SCHOOL, "GET", f"{API}/queue/{one.id}")
    told = {each["field"]: each for page in answer.json["answers"] for each in page["answers"]}
    assert told["support"]["text"] == "没有"
    assert told["bank_card"]["text"] == f"•••• {CARD[-4:]}" and not told["bank_card"]["opens"]
    assert "祖母" in told["family"]["text"] and CARD not in answer.body and IDENTITY not in answer.body
    [look] = cloud.looks()
    assert (look["what"], look["students"], look["who"]) == ("submission", [one.person], SCHOOL.sub)


def test_a_number_is_opened_by_an_office_that_may_read_it_and_that_is_written_down(cloud: Cloud) -> None:
    one = keep()
    path = f"{API}/queue/{one.id}/sealed"
    assert cloud.call("forms/decide", SCHOOL, "POST", f"{path}/bank_card", {}).status == 403
    assert cloud.looks() == []
    told = cloud.call("forms/decide", AFFAIRS, "POST", f"{path}/bank_card", {})
    assert told.json["value"] == CARD
    assert [(look["what"], look["who"]) for look in cloud.looks()] == [("account", AFFAIRS.sub)]
    bare = cloud.call("forms/decide", AFFAIRS, "POST", f"{path}/identity_card", [("x", "1")])
    assert (bare.body, bare.headers["Content-Type"]) == (IDENTITY, "text/plain; charset=utf-8")
    assert cloud.call("forms/decide", AFFAIRS, "POST", f"{path}/name", {}).status == 404
    assert cloud.call("forms/decide", AFFAIRS, "POST", f"{path}/nothing", {}).status == 403
    refused = cloud.call("forms/decide", SCHOOL, "POST", f"{path}/bank_card", [("x", "1")])
    assert refused.status == 403 and CARD not in refused.body


def test_a_number_whose_key_was_destroyed_is_gone(cloud: Cloud) -> None:
    from yinji.forms.facts_store import Facts

    one = keep()
    Facts().destroy_key(one.person)
    answer = cloud.call("forms/decide", AFFAIRS, "POST", f"{API}/queue/{one.id}/sealed/bank_card", {})
    assert answer.json["code"] == "sealed-for-good"


# --- pages -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_of_a_queue(cloud: Cloud, language: str) -> None:
    empty = portal.visit("/forms/queue", SCHOOL, language)
    assert empty.status == 200 and "/forms/queue/" not in empty.body
    one = keep(called="<b>林")
    body = portal.visit("/forms/queue", SCHOOL, language).body
    assert f'href="/forms/queue/{one.id}"' in body and "&lt;b&gt;林" in body and "<b>林" not in body
    assert '<a href="/forms/queue"' in body, "the navigation leads there"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_of_one(cloud: Cloud, language: str) -> None:
    one = keep()
    body = portal.visit(f"/forms/queue/{one.id}", SCHOOL, language).body
    assert "&lt;b&gt;兼&lt;/b&gt;" in body and "<b>兼" not in body
    assert CARD not in body and IDENTITY not in body and CARD[-4:] in body and "/sealed/" not in body
    for verdict in VERDICTS:
        assert f'action="{API}/s/{one.id}/{verdict}"' in body
    assert f'name="version" value="{one.version}"' in body and 'd="M40 120L90' in body
    assert [look["what"] for look in cloud.looks()] == ["submission"]
    waits = portal.visit(f"/forms/queue/{one.id}", AFFAIRS, language).body
    assert "/sealed/bank_card" in waits and f"{API}/s/{one.id}/approve" not in waits


def test_a_form_is_sent_and_the_page_tells_what_became_of_it(cloud: Cloud) -> None:
    one = keep()
    fields = [
        ("version", "1"),
        ("idempotency_key", "of-the-page"),
        ("next", f"/forms/queue/{one.id}?at=forms-queue.approve"),
    ]
    answer = cloud.call("forms/decide", SCHOOL, "POST", f"{API}/s/{one.id}/approve", fields)
    assert answer.status == 303 and "done=forms-queue.approve" in answer.headers["Location"]
    assert "Agreed." in portal.visit(answer.headers["Location"].partition("#")[0], SCHOOL, "en").body


def test_a_long_queue_is_listed_bit_by_bit(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal.module("chalicelib.forms_queue"), "MOST", 2)
    for number in range(3):
        keep(person=f"2022S0100{number}", key=f"number-{number}", at=NOW + timedelta(minutes=number))
    body = portal.visit("/forms/queue", SCHOOL, "en").body
    assert body.count('class="whole"') == 2 and "1 more are shown" in body and "3 wait" in body


def test_a_document_that_was_handed_in_can_be_opened(cloud: Cloud) -> None:
    one = keep(answers=dict(AID) | {"support": "yes", "proof": "ab" * 16})
    place = f"{API}/s/{one.id}/documents/{'ab' * 16}"
    body = portal.visit(f"/forms/queue/{one.id}", SCHOOL).body
    assert f'href="{place}/file"' in body and f'src="{place}/thumbnail"' in body


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_page_without_a_title_is_shown_and_drawn_as_well(cloud: Cloud, language: str) -> None:
    table = Field("kin", BOTH, "rows", fields=(Field("who", BOTH), Field("age", BOTH, "number", required=False)))
    form = published(small(Field("a", BOTH), table, approvals=("finance",)))
    filled = Filled({"a": "x", "kin": [{"who": "母亲"}]}, {"a": "asked", "kin": "asked"}, {})
    one, sent = submit(form, LIN.student, "林晓雨", "S01", filled, filled.answers, "k", NOW)
    Forms().submit(one, sent)
    page = portal.visit(f"/forms/queue/{one.id}", officer("finance"), language)
    assert page.status == 200 and "母亲" in page.body
    answer = cloud.call("forms/pdf", officer("finance"), "GET", f"/api/forms/s/{one.id}/form.pdf")
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/pdf"
