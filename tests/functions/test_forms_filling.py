"""Forms that are filled and sent: on two devices, twice, at once, by who dies meanwhile, by who may not."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from yinji.clearance.store import Store
from yinji.forms.coming import of_document
from yinji.forms.facts import SELF, Fact
from yinji.forms.facts_store import Facts
from yinji.forms.filling import Sent
from yinji.forms.form import Field, Form, of_fact
from yinji.forms.library import retire
from yinji.forms.sending import TYPED, Desk
from yinji.forms.store import Forms, submission_pk
from yinji.forms.submission import Submission, decide
from yinji.identity.session import ROLES, Session
from yinji.platform import clock
from yinji.platform.problem import Problem

from tests.forms import AT, BOTH, CARD, OF_FACTS, OTHER, WHO, filled, handed_in, published, rich, small
from tests.functions.conftest import Cloud, officer
from tests.graduates import graduate

OTHER_STUDENT = Session("2022S01002", "student", "李四")


@pytest.fixture
def desk(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(clock, "now", lambda: AT)
    return Desk(Forms(), Facts(), Store())


def send(desk: Desk, form: Form, who: Session = WHO, key: str = "the-key-1", **given: Any) -> Submission:
    came = filled(desk.sheet(who, form.id, AT), who, **given)
    return desk.submit(who, form.id, came, key).submission


def refusal(call: Any, *args: Any, **more: Any) -> Problem:
    with pytest.raises(Problem) as refused:
        call(*args, **more)
    return refused.value


def everything(cloud: Cloud) -> str:
    tables = ("Forms", "Facts", "Cases")
    return json.dumps([cloud.dynamodb.scan(TableName=one)["Items"] for one in tables], default=repr, ensure_ascii=False)


def clear(person: str = WHO.sub) -> dict[str, Any]:
    facts = Facts()
    return {fact.kind: fact.value for fact in facts.opened_all(person, facts.of(person).values())}


def streamed(cloud: Cloud, one: Submission, *whats: str) -> Any:
    """Tell the stream's function of what happened to `one`."""
    records = [
        {
            "eventName": "INSERT",
            "dynamodb": {
                "Keys": {"pk": {"S": submission_pk(one.id)}, "sk": {"S": f"EVENT#{number}"}},
                "NewImage": {"what": {"S": what}},
                "SequenceNumber": str(number),
            },
        }
        for number, what in enumerate(whats or ("submit",))
    ]
    return cloud.invoke("forms/learn", {"Records": records})


# --- filling ---------------------------------------------------------------------------------------------------------
def test_a_page_is_kept_and_goes_on_on_another_device(desk: Desk) -> None:
    form = published(rich())
    first = desk.save(WHO, form.id, Sent({"name": "苏明", "phone": "13800138000"}), 0)
    again = desk.save(WHO, form.id, Sent({"more": "no"}), 1, seen=first.version)
    assert dict(again.sent.answers) == {"name": "苏明", "phone": "13800138000", "more": "no"} and again.page == 1
    emptied = desk.save(WHO, form.id, Sent({"name": "苏明"}), 0)
    assert dict(emptied.sent.answers) == {"name": "苏明", "more": "no"}, "what was emptied counts no more"


def test_two_devices_that_save_at_once_both_keep_their_page(desk: Desk) -> None:
    form, forms = published(rich()), Forms()
    original, came = Forms.draft, []

    def overtaken(self: Forms, person: str, id: str) -> Any:
        found = original(self, person, id)
        if not came:
            came.append(1)
            desk.save(WHO, form.id, Sent({"name": "苏明"}), 0)
        return found

    with patch.object(Forms, "draft", overtaken):
        desk.save(WHO, form.id, Sent({"more": "no"}), 1)
    found = forms.draft(WHO.sub, form.id)
    assert found and dict(found.sent.answers) == {"name": "苏明", "more": "no"} and found.version == 2


def test_what_was_sent_meanwhile_is_not_begun_again_by_a_late_page(desk: Desk) -> None:
    form = published(small(of_fact("name", "name")))
    draft = desk.save(WHO, form.id, Sent({"name": "苏明"}), 0)
    send(desk, form)
    assert Forms().draft(WHO.sub, form.id) is None
    late = refusal(desk.save, WHO, form.id, Sent({"name": "苏"}), 0, seen=draft.version)
    assert late.code == "submission-moved-on" and Forms().draft(WHO.sub, form.id) is None


def test_a_draft_of_an_older_version_loses_what_is_not_asked_any_more_and_says_so(desk: Desk) -> None:
    form = published(small(of_fact("name", "name"), Field("old", BOTH), Field("changed", BOTH)))
    desk.save(WHO, form.id, Sent({"name": "苏明", "old": "x", "changed": "y"}))
    published(small(of_fact("name", "name"), Field("new", BOTH), Field("changed", BOTH, "number")))
    sheet = desk.sheet(WHO, form.id, AT)
    assert (
        sheet.renewed
        and set(sheet.dropped) == {"old", "changed"}
        and dict(sheet.draft.sent.answers) == {"name": "苏明"}
    )
    wrong = refusal(desk.submit, WHO, form.id, Sent({}), "the-key-1")
    assert {error["field"]: error["code"] for error in wrong.params["errors"]} == {
        "new": "required",
        "changed": "required",
    }
    one = desk.submit(WHO, form.id, Sent({"new": "z", "changed": 3}), "the-key-1").submission
    assert one.form_version == 2 and dict(one.answers) == {"name": "苏明", "new": "z", "changed": 3}


def test_a_draft_is_given_up(desk: Desk) -> None:
    form = published(rich())
    desk.save(WHO, form.id, Sent({"name": "苏明"}), 0)
    desk.give_up(WHO, form.id)
    desk.give_up(WHO, form.id)
    assert not desk.sheet(WHO, form.id, AT).begun


def test_what_nobody_asks_is_refused_and_what_is_too_long(desk: Desk) -> None:
    form = published(rich())
    assert refusal(desk.save, WHO, form.id, Sent({"other": 1})).params["errors"] == [
        {"field": "other", "code": "unknown"}
    ]
    assert refusal(desk.save, WHO, form.id, Sent({"card": 5})).params["errors"] == [
        {"field": "card", "code": "invalid"}
    ]
    assert refusal(desk.save, WHO, form.id, Sent({"why": "长" * 100_001})).code == "form-too-long"
    assert refusal(desk.save, WHO, form.id, Sent({}), 7).code == "not-found"


# --- sending ---------------------------------------------------------------------------------------------------------
def test_what_is_known_is_agreed_to_and_what_is_answered_is_known_from_then_on(desk: Desk) -> None:
    form = published(rich())
    first = send(desk, form, more="yes")
    assert dict(first.ways) | {"paper": "asked"} == dict.fromkeys(form.by_name, "asked") and first.state == "approved"
    assert clear() == {"name": "苏明", "phone": OF_FACTS["phone"], "bank-card": CARD}
    second = send(desk, form, key="the-key-2", more="no", phone=OTHER["phone"])
    assert [second.ways[name] for name in ("name", "phone", "card", "why")] == [
        "confirmed", "corrected", "confirmed", "skipped",
    ]  # fmt: skip
    assert clear()["phone"] == OTHER["phone"]
    assert desk.opened(second)["card"] == CARD


def test_the_same_sent_twice_is_one(desk: Desk) -> None:
    form = published(rich())
    came = filled(desk.sheet(WHO, form.id, AT))
    first, again = (desk.submit(WHO, form.id, came, "the-key-1") for _ in range(2))
    assert first.new and not again.new and first.submission == again.submission
    assert len(Forms().of_person(WHO.sub)) == 1 and len(Forms().history(first.submission.id)) == 1
    assert (
        desk.submit(WHO, form.id, filled(desk.sheet(WHO, form.id, AT)), "the-key-2").submission.id
        != first.submission.id
    )


def test_a_review_that_stands_open_beside_another_is_told_that_it_was_sent(desk: Desk) -> None:
    form = published(small(of_fact("name", "name"), Field("a", BOTH)))
    draft = desk.save(WHO, form.id, Sent({"name": "苏明", "a": "x"}), 0)
    assert desk.submit(WHO, form.id, Sent(), "the-key-1", seen=draft.version).new
    late = refusal(desk.submit, WHO, form.id, Sent(), "the-key-2", seen=draft.version)
    assert late.code == "submission-moved-on" and len(Forms().of_person(WHO.sub)) == 1


def test_a_correction_confirms_what_was_said_since(desk: Desk) -> None:
    form = published(small(of_fact("phone", "phone"), Field("a", BOTH), once=True))
    one = send(desk, form)
    later = Fact(WHO.sub, "phone", "13900139009", SELF, "another-form", AT + timedelta(days=9))
    Facts().learn(WHO.sub, [later])
    draft = desk.correct(WHO, one.id)
    assert "phone" not in draft.sent.answers and "phone" not in draft.sent.uses
    assert desk.sheet(WHO, form.id, AT + timedelta(days=10)).questions["phone"].standing == "known"


def test_numbers_that_no_browser_has_are_refused() -> None:
    form = small(Field("n", BOTH, "number"))
    for number in (10**309, float("inf"), float("nan"), -(2**60)):
        assert refusal(of_document, form, {"answers": {"n": number}}).code == "malformed-request"


def test_somebody_elses_number_is_not_learnt(desk: Desk) -> None:
    form = published(small(of_fact("number", "student-number")))
    wrong = refusal(desk.submit, WHO, form.id, Sent({"number": "2022S09999"}), "the-key-1")
    assert wrong.code == "invalid-form"
    desk.submit(WHO, form.id, Sent({"number": WHO.sub}), "the-key-1")
    assert Facts().of(WHO.sub)["student-number"].value == WHO.sub


def test_who_sends_the_same_at_once_twice_sends_one(desk: Desk) -> None:
    form = published(small(of_fact("name", "name"), once=True))
    came = filled(desk.sheet(WHO, form.id, AT))
    original, inner = Forms.submit, []

    def overtaken(self: Forms, *args: Any) -> Any:
        if not inner:
            inner.append(1)
            inner.append(desk.submit(WHO, form.id, came, "the-key-1"))
        return original(self, *args)

    with patch.object(Forms, "submit", overtaken):
        outer = desk.submit(WHO, form.id, came, "the-key-1")
    assert outer.submission == inner[1].submission and len(Forms().history(outer.submission.id)) == 1


def test_of_a_form_that_is_answered_once_another_is_refused_and_that_one_is_changed(desk: Desk) -> None:
    form = published(small(of_fact("name", "name"), Field("why", BOTH), once=True))
    one = send(desk, form)
    sheet = desk.sheet(WHO, form.id, AT)
    assert sheet.sent == one
    assert refusal(desk.submit, WHO, form.id, filled(sheet), "the-key-2").code == "submitted-before"
    draft = desk.correct(WHO, one.id)
    assert desk.correct(WHO, one.id) == draft and draft.corrects == one.id
    assert set(draft.sent.uses) == {"name"} and dict(draft.sent.answers) == {"why": one.answers["why"]}
    after = desk.submit(WHO, form.id, Sent({"why": "另一个理由"}), "the-key-3").submission
    assert (after.id, after.version, after.answers["why"]) == (one.id, 2, "另一个理由")
    # the same again, when its draft is gone
    again = desk.submit(WHO, form.id, Sent({"why": "另一个理由"}), "the-key-3", one.id)
    assert not again.new and again.submission == after


def test_what_was_sent_back_is_changed_and_goes_its_way_anew(desk: Desk) -> None:
    form = published(rich(approvals=("finance",)))
    one = send(desk, form, more="no")
    assert one.state == "waiting" and one.waits_for == "finance"
    assert refusal(desk.correct, WHO, one.id).code == "submission-moved-on"
    assert Forms().change(*decide(one, "return", officer("finance"), "看不清", "d1", AT))
    draft = desk.correct(WHO, one.id)
    assert set(draft.sent.uses) == {"name", "phone", "card"}, "what is known is agreed to, not typed again"
    after = desk.submit(WHO, form.id, Sent({"phone": OTHER["phone"]}), "the-key-2").submission
    assert (after.id, after.state, after.version) == (one.id, "waiting", 3) and clear()["phone"] == OTHER["phone"]


def test_another_that_is_begun_is_not_written_over(desk: Desk) -> None:
    form = published(rich(approvals=("finance",)))
    one = send(desk, form, more="no")
    desk.withdraw(WHO, one.id, "the-key-2")
    desk.save(WHO, form.id, Sent({"more": "yes"}), 1)
    assert refusal(desk.correct, WHO, one.id).code == "form-begun"


def test_it_is_taken_back_once(desk: Desk) -> None:
    form = published(rich(approvals=("finance",)))
    one = send(desk, form, more="no")
    first, again = (desk.withdraw(WHO, one.id, "the-key-2") for _ in range(2))
    assert first == again and first.state == "withdrawn"
    assert refusal(desk.withdraw, WHO, one.id, "the-key-3").code == "submission-moved-on"


def test_a_fact_that_changed_since_it_was_seen_is_looked_at_again(desk: Desk) -> None:
    form = published(rich())
    send(desk, form, more="no")
    seen = filled(desk.sheet(WHO, form.id, AT), more="no")
    Facts().learn(WHO.sub, [Fact(WHO.sub, "phone", OTHER["phone"], SELF, "else", AT)])
    wrong = refusal(desk.submit, WHO, form.id, seen, "the-key-2")
    assert wrong.params["errors"] == [{"field": "phone", "code": "changed"}]


def test_what_a_register_alone_says_can_be_confirmed_and_not_changed(desk: Desk) -> None:
    form = published(small(of_fact("number", "student-number")))
    Facts().learn(WHO.sub, [Fact(WHO.sub, "student-number", WHO.sub, "student-registry", "a file", AT)])
    wrong = refusal(desk.submit, WHO, form.id, Sent({"number": "2022S99999"}), "the-key-1")
    assert wrong.params["errors"] == [{"field": "number", "code": "invalid"}]
    assert send(desk, form).ways == {"number": "confirmed"}


@pytest.mark.parametrize(
    "more", [{"status": "refused", "refusal": "type"}, {"field": "else"}, {"step": "form.other"}, {}]
)
def test_a_document_is_an_accepted_one_of_ones_own_for_this_question(desk: Desk, more: dict[str, Any]) -> None:
    form = published(rich())
    who = WHO if more else OTHER_STUDENT
    told = dict(more)
    upload = handed_in(replace(form, id=told.pop("step", "form.a-form")[5:]), told.pop("field", "paper"), who, **told)
    came = filled(desk.sheet(WHO, form.id, AT), more="yes", paper=upload)
    wrong = refusal(desk.submit, WHO, form.id, came, "the-key-1")
    assert wrong.params["errors"] == [{"field": "paper", "code": "invalid"}]


def test_who_has_no_school_is_told_so_where_it_has_to_agree(desk: Desk, cloud: Cloud) -> None:
    form = published(small(Field("why", BOTH), approvals=("school",)))
    assert refusal(desk.submit, WHO, form.id, Sent({"why": "x"}), "the-key-1").code == "school-unknown"
    Facts().learn(WHO.sub, [Fact(WHO.sub, "school", "火星学院", SELF, "a form", AT)])
    assert refusal(desk.submit, WHO, form.id, Sent({"why": "x"}), "the-key-1").code == "school-unknown"
    from yinji.clearance.university import schools

    name = schools()["S02"]["zh"]
    Facts().learn(WHO.sub, [Fact(WHO.sub, "school", name, "student-registry", "a file", AT)])
    assert desk.submit(WHO, form.id, Sent({"why": "x"}), "the-key-1").submission.waits_for == "school/S02"
    cloud.open(graduate(1))
    assert desk.submit(WHO, form.id, Sent({"why": "x"}), "the-key-2").submission.waits_for == "school/S01"


def test_a_retired_form_takes_no_more(desk: Desk) -> None:
    form, forms = published(rich()), Forms()
    head = forms.head(form.id)
    assert head and forms.change_form(*retire(head, "retire-1", "D001", AT))
    assert refusal(desk.sheet, WHO, form.id, AT).code == "form-retired"
    assert refusal(desk.submit, WHO, form.id, Sent({}), "the-key-1").code == "form-retired"


# --- what is learnt, whoever dies -----------------------------------------------------------------------------------
def test_who_dies_between_sending_and_learning_is_made_good_by_the_stream(desk: Desk, cloud: Cloud) -> None:
    form = published(rich())
    came = filled(desk.sheet(WHO, form.id, AT), more="no")
    with patch.object(Facts, "take", side_effect=RuntimeError("died")), pytest.raises(RuntimeError):
        desk.submit(WHO, form.id, came, "the-key-1")
    [one] = Forms().of_person(WHO.sub)
    assert clear() == {}
    assert streamed(cloud, one) == {"batchItemFailures": []}
    known = clear()
    assert known == {"name": "苏明", "phone": OF_FACTS["phone"], "bank-card": CARD}
    before = everything(cloud)
    assert streamed(cloud, one, "submit", "submit", "correct") == {"batchItemFailures": []}
    assert everything(cloud) == before, "again, it changes nothing"


def test_a_word_of_the_stream_that_comes_late_changes_nothing_that_was_said_since(desk: Desk, cloud: Cloud) -> None:
    form = published(rich())
    one = send(desk, form, more="no")
    Facts().learn(WHO.sub, [Fact(WHO.sub, "phone", OTHER["phone"], SELF, "else", AT.replace(hour=2))])
    assert streamed(cloud, one) == {"batchItemFailures": []}
    assert clear()["phone"] == OTHER["phone"]


def test_what_cannot_be_learnt_comes_again_and_the_others_go_on(desk: Desk, cloud: Cloud) -> None:
    form = published(small(of_fact("name", "name")))
    one, other = send(desk, form), send(desk, form, OTHER_STUDENT)
    Facts().forget(OTHER_STUDENT.sub)
    original = Facts.take

    def failing(self: Facts, person: str, *args: Any, **more: Any) -> Any:
        if person == WHO.sub:
            raise RuntimeError("not today")
        return original(self, person, *args, **more)

    with patch.object(Facts, "take", failing):
        first = streamed(cloud, one)["batchItemFailures"]
        assert streamed(cloud, other)["batchItemFailures"] == []
    assert first == [{"itemIdentifier": "0"}] and clear(OTHER_STUDENT.sub) == {"name": "苏明"}
    gone = replace(one, id="0" * 24)
    assert streamed(cloud, gone) == {"batchItemFailures": []}, "of what was erased nothing is learnt"


# --- what is sensitive ----------------------------------------------------------------------------------------------
def test_an_account_is_never_in_clear_in_items_drafts_events_or_logs(
    desk: Desk, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    form = published(rich(approvals=("finance",)))
    place = f"/api/forms/f/{form.id}"
    told = {"answers": {"name": "苏明", "phone": OF_FACTS["phone"], "card": CARD}, "page": 0}
    saved = cloud.call("forms/fill", WHO, "POST", f"{place}/save", told)
    assert saved.status == 200 and saved.json["answers"]["card"].endswith("7894") and CARD not in saved.body
    assert CARD not in everything(cloud)
    # left as it was typed, on the other page of another device
    kept = {"answers": {"name": "苏明", "phone": OF_FACTS["phone"]}, "uses": {"card": TYPED}, "page": 0}
    assert cloud.call("forms/fill", WHO, "POST", f"{place}/save", kept).json["wrong"] == {}
    rest = {"answers": {"more": "no", "sign": "typed:苏明"}, "idempotency_key": "the-key-1"}
    sent = cloud.call("forms/fill", WHO, "POST", f"{place}/submit", rest)
    assert sent.status == 200 and CARD not in sent.body, sent.json
    one = Forms().find(sent.json["id"])
    assert one and desk.opened(one)["card"] == CARD
    sheet = cloud.call("forms/library", WHO, "GET", place)
    shown = cloud.call("forms/submission", WHO, "GET", f"/api/forms/s/{one.id}")
    assert (
        cloud.call(
            "forms/submission", WHO, "POST", f"/api/forms/s/{one.id}/withdraw", {"idempotency_key": "the-key-2"}
        ).status
        == 200
    )
    corrected = cloud.call("forms/submission", WHO, "POST", f"/api/forms/s/{one.id}/correct", {})
    for answered in (sheet, shown, corrected):
        assert answered.status == 200 and CARD not in answered.body
    out = capsys.readouterr()
    assert CARD not in everything(cloud) + out.out + out.err


def test_what_was_sealed_of_who_is_erased_is_read_by_nobody(desk: Desk) -> None:
    form = published(rich())
    one = send(desk, form, more="no")
    Facts().forget(WHO.sub)
    assert "card" not in desk.opened(one) and desk.opened(one)["name"] == "苏明"


def test_what_somebody_filled_and_sent_goes_with_them(desk: Desk, cloud: Cloud) -> None:
    form = published(rich(approvals=("finance",)))
    one, other = send(desk, form), send(desk, form, OTHER_STUDENT)
    desk.save(WHO, form.id, Sent({"name": "苏明"}), 0)
    for _ in range(2):
        Forms().forget(WHO.sub)
        assert Forms().find(one.id) is None and Forms().draft(WHO.sub, form.id) is None and not Forms().history(one.id)
    assert Forms().find(other.id) == other and Forms().history(other.id)


# --- who may --------------------------------------------------------------------------------------------------------
SCHOOL = Session("T0001", "counsellor", "王老师", school="S01")
MAY_SEE = {
    "sender": True,
    "another student": False,
    "the office that asked": True,
    "an office of the chain": True,
    "another office": False,
    "their school": True,
    "another school": False,
    **dict.fromkeys(("supervisor", "technician", "community-worker", "administrator", "auditor"), False),
}
PEOPLE = {
    "sender": WHO,
    "another student": OTHER_STUDENT,
    "the office that asked": officer("finance"),
    "an office of the chain": officer("housing"),
    "another office": officer("library"),
    "their school": SCHOOL,
    "another school": replace(SCHOOL, school="S02"),
    **{role: Session("X1", role, "x") for role in ROLES if role in MAY_SEE},
}


@pytest.mark.parametrize("who", sorted(MAY_SEE))
def test_who_sees_what_somebody_sent_and_who_changes_it(desk: Desk, cloud: Cloud, who: str) -> None:
    Facts().learn(WHO.sub, [Fact(WHO.sub, "school", "S01", "student-registry", "a file", AT)])
    form = published(rich(approvals=("school", "housing")))
    one = send(desk, form, more="yes")
    session, mine = PEOPLE[who], who == "sender"
    place = f"/api/forms/s/{one.id}"
    shown = cloud.call("forms/submission", session, "GET", place)
    assert shown.status == (200 if MAY_SEE[who] else 403)
    looks = [told["what"] for told in cloud.looks()]
    assert looks == (["submission"] if MAY_SEE[who] and not mine else [])
    document = f"{place}/documents/{one.answers['paper']}/file"
    assert cloud.call("forms/document", session, "GET", document).status == (303 if MAY_SEE[who] else 403)
    other = cloud.call("forms/document", session, "GET", f"{place}/documents/{'0' * 32}/file")
    assert other.status == (404 if MAY_SEE[who] else 403)
    unknown = cloud.call("forms/submission", session, "GET", f"/api/forms/s/{'0' * 24}")
    assert unknown.status == 403, "the same whether there is one or not"
    for deed in ("withdraw", "correct"):
        told = {"idempotency_key": "the-key-9"}
        done = cloud.call("forms/submission", session, "POST", f"{place}/{deed}", told)
        assert done.status == (200 if mine else 403)


@pytest.mark.parametrize("audience", ["students", "staff", "everybody"])
@pytest.mark.parametrize("role", ROLES)
def test_who_fills_a_form_is_whom_it_is_for(desk: Desk, cloud: Cloud, audience: str, role: Any) -> None:
    form = published(small(of_fact("name", "name"), audience=audience))
    who = Session("P1", role, "谁", school="S01", department="library")
    may = audience == "everybody" or (audience == "students") == (role == "student")
    place = f"/api/forms/f/{form.id}"
    assert cloud.call("forms/library", who, "GET", place).status == (200 if may else 403)
    listed = cloud.call("forms/library", who, "GET", "/api/forms").json["forms"]
    assert (form.id in [one["id"] for one in listed]) == may
    for deed in ("save", "submit", "give-up"):
        told = {"answers": {"name": "苏明"}, "idempotency_key": "the-key-1"}
        assert cloud.call("forms/fill", who, "POST", f"{place}/{deed}", told).status == (200 if may else 403)
    asked = cloud.call("forms/document", who, "POST", f"{place}/documents", {"field": "name"})
    assert asked.status == (404 if may else 403)


def test_who_is_not_signed_in_sees_nothing(cloud: Cloud) -> None:
    assert cloud.call("forms/library", None, "GET", "/api/forms").status == 401


# --- documents ------------------------------------------------------------------------------------------------------
def test_a_document_is_asked_for_and_what_became_of_it_is_told(desk: Desk, cloud: Cloud) -> None:
    form = published(rich())
    place = f"/api/forms/f/{form.id}/documents"
    told = {"field": "paper", "type": "application/pdf", "size": "100"}
    begun = cloud.call("forms/document", WHO, "POST", place, told)
    assert begun.status == 200 and begun.json["fields"]["key"].startswith("evidence/form.a-form/")
    assert cloud.call("forms/document", WHO, "POST", place, told | {"size": str(6 * 2**20)}).status == 422
    assert cloud.call("forms/document", WHO, "POST", place, told | {"type": "image/png"}).json["code"] == "upload-type"
    status = cloud.call("forms/document", WHO, "GET", f"{place}/{begun.json['id']}")
    assert status.json["status"] == "expected"
    assert cloud.call("forms/document", OTHER_STUDENT, "GET", f"{place}/{begun.json['id']}").status == 404
    assert cloud.call("forms/document", WHO, "GET", f"{place}/{begun.json['id']}/file").status == 404


def test_a_document_is_looked_into_as_its_form_asked_for_it(desk: Desk, cloud: Cloud) -> None:
    from tests.unit.test_inspection import pdf

    form = published(rich())
    place = f"/api/forms/f/{form.id}/documents"
    begun = cloud.call("forms/document", WHO, "POST", place, {"field": "paper", "type": "application/pdf", "size": "9"})
    key = begun.json["fields"]["key"]
    cloud.s3.put_object(Bucket="intake", Key=key, Body=pdf())
    cloud.deliver(key, "clearance/evidence_arrived")
    place = f"{place}/{begun.json['id']}"
    assert cloud.call("forms/document", WHO, "GET", place).json["status"] == "accepted"
    assert cloud.call("forms/document", WHO, "GET", f"{place}/thumbnail").status == 200
    assert cloud.call("forms/document", WHO, "GET", f"{place}/file").status == 303


# --- without script -------------------------------------------------------------------------------------------------
def test_a_page_without_script_is_led_on_and_back(desk: Desk, cloud: Cloud) -> None:
    form = published(rich())
    place = f"/api/forms/f/{form.id}"

    def save(page: int, **texts: str) -> str:
        told = [*{"page": str(page), "next": f"/forms/f/{form.id}", **texts}.items()]
        answered = cloud.call("forms/fill", WHO, "POST", f"{place}/save", told)
        assert answered.status == 303
        return str(answered.headers["Location"])

    back = save(0, name="苏明", phone="12")
    assert back.startswith("/forms/f/a-form?") and "page=1" in back and "problem=invalid-form" in back
    assert "phone" in back and "12" not in back.replace("page=1", "")
    draft = Forms().draft(WHO.sub, form.id)
    assert draft and draft.sent.answers["phone"] == "12", "what was typed is kept"
    assert save(0, name="苏明", phone=OF_FACTS["phone"], card=CARD) == "/forms/f/a-form?page=2"
    assert save(1, go="stay", more="yes") == "/forms/f/a-form?page=2"
    assert save(1, go="later", more="yes").startswith("/forms?done=forms-fill.saved")
    assert (
        save(1, more="no", sign="苏明", **{"trips.0.to": "江城", "trips.0.days": "3"}) == "/forms/f/a-form?page=review"
    )
    key = uuid.uuid4().hex
    sent = cloud.call(
        "forms/fill", WHO, "POST", f"{place}/submit", [("idempotency_key", key), ("next", "/forms/f/a-form")]
    )
    [one] = Forms().of_person(WHO.sub)
    assert sent.headers["Location"] == f"/forms/s/{one.id}?done=forms-fill.sent#notice"
    assert one.answers["trips"] == [{"to": "江城", "days": 3}] and one.answers["sign"] == "typed:苏明"


def test_sending_leads_to_the_page_where_something_is_wrong(desk: Desk, cloud: Cloud) -> None:
    form = published(rich())
    desk.save(WHO, form.id, Sent({"name": "苏明", "phone": OF_FACTS["phone"], "card": CARD}), 0)
    told = [("idempotency_key", "the-key-1"), ("next", f"/forms/f/{form.id}?page=review")]
    back = cloud.call("forms/fill", WHO, "POST", f"/api/forms/f/{form.id}/submit", told).headers["Location"]
    assert "page=2" in back and "fields=more%2Csign" in back


@pytest.mark.parametrize("odd", [5, [[1]], {"a": [1]}, "x", True, [None, {"to": 1}]])
def test_what_fits_no_question_is_told_as_wrong(desk: Desk, cloud: Cloud, odd: Any) -> None:
    form = published(rich())
    told = {"answers": {one.name: odd for one in form.fields if one.name != "card"}, "idempotency_key": "the-key-1"}
    answered = cloud.call("forms/fill", WHO, "POST", f"/api/forms/f/{form.id}/submit", told)
    assert (answered.status, answered.json["code"]) == (422, "invalid-form")


@pytest.mark.parametrize(
    "told",
    [
        {"answers": []},
        {"answers": {"why": "a\u0000"}},
        {"answers": {"trips": [[[[[1]]]]]}},
        {"uses": {"name": 3}},
        {"uses": {"name": "x" * 41}},
        {"page": -1},
        {"page": 9},
        {"page": "two"},
        {"draft": "x"},
    ],
)
def test_what_nobody_sends_is_refused(desk: Desk, cloud: Cloud, told: dict[str, Any]) -> None:
    form = published(rich())
    answered = cloud.call("forms/fill", WHO, "POST", f"/api/forms/f/{form.id}/save", told)
    assert (answered.status, answered.json["code"]) == (400, "malformed-request")
    assert Forms().draft(WHO.sub, form.id) is None


def test_without_a_key_nothing_is_sent(desk: Desk, cloud: Cloud) -> None:
    form = published(rich())
    assert cloud.call("forms/fill", WHO, "POST", f"/api/forms/f/{form.id}/submit", {"answers": {}}).status == 400
