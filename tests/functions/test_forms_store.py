"""Forms and what is sent of them, whoever is quicker and whatever comes twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from yinji.forms import library, submission
from yinji.forms.filling import Filled, Sent
from yinji.forms.form import Field, Form, Page
from yinji.forms.store import Draft, Forms
from yinji.identity.session import Session
from yinji.platform.clock import now
from yinji.platform.problem import Problem

from tests.functions.conftest import Cloud

BOTH = {"zh": "题目", "en": "Question"}
NOW = now()
FORM = Form("a-form", "finance", BOTH, {}, (Page({}, (Field("a", BOTH),)),), approvals=("school", "finance"), version=1)
SCHOOL = Session("T1", "counsellor", "x", school="S01")
FINANCE = Session("D1", "department-officer", "x", department="finance")


@pytest.fixture
def forms(cloud: Cloud) -> Forms:
    return Forms()


def sends(forms: Forms, person: str = "S1", key: str = "k", draft: int = 0, **more: Any) -> submission.Submission:
    filled = Filled({"a": "1"}, {"a": "asked"}, {})
    made = submission.submit(replace(FORM, **more), person, "王小明", "S01", filled, {"a": "1"}, key, NOW)
    return forms.submit(*made, draft)


def test_what_is_sent_twice_is_there_once_and_its_draft_is_gone(forms: Forms) -> None:
    assert forms.save(Draft("S1", "a-form", Sent({"a": "1"}), 0, NOW, version=1))
    with ThreadPoolExecutor(8) as people:
        found = list(people.map(lambda _: sends(Forms(), draft=1), range(8)))
    assert len({one.id for one in found}) == 1 and {one.version for one in found} == {1}
    assert [event.what for event in forms.history(found[0].id)] == ["submit"]
    assert [one.id for one in forms.of_person("S1")] == [found[0].id] == [one.id for one in forms.of_form("a-form")]
    assert forms.draft("S1", "a-form") is None and forms.find(found[0].id) == found[0]


def test_what_another_device_saved_meanwhile_is_not_lost_by_sending(forms: Forms) -> None:
    assert forms.save(Draft("S1", "a-form", Sent({"a": "1"}), 0, NOW, version=1))
    assert forms.save(Draft("S1", "a-form", Sent({"a": "2"}), 0, NOW, version=2))
    with pytest.raises(Problem, match="too-busy"):
        sends(forms, draft=1)
    found = forms.draft("S1", "a-form")
    assert found and found.sent.answers == {"a": "2"} and not forms.of_person("S1")
    sends(forms, draft=2)
    assert forms.draft("S1", "a-form") is None


def test_a_form_that_is_filled_once_has_one_submission_of_each_person(forms: Forms) -> None:
    first, second = sends(forms, once=True), sends(forms, key="another", once=True)
    assert first.id == second.id != sends(forms, person="S2", once=True).id
    assert sends(forms).id != sends(forms, key="another").id


def test_it_waits_for_one_office_after_the_other(forms: Forms) -> None:
    one = sends(forms)
    assert [each.id for each in forms.waiting("school/S01")] == [one.id] and not forms.waiting("finance")
    assert forms.change(*submission.decide(one, "approve", SCHOOL, "", "k1", NOW))
    now_ = forms.find(one.id)
    assert now_ and now_.state == "waiting" and [each.id for each in forms.waiting("finance")] == [one.id]
    assert not forms.waiting("school/S01")
    assert forms.change(*submission.decide(now_, "approve", FINANCE, "", "k2", NOW))
    last = forms.find(one.id)
    assert last and last.state == "approved" and not forms.waiting("finance")
    assert [said.office for said in last.approvals] == ["school/S01", "finance"]


def test_two_officers_who_decide_at_once_decide_once(forms: Forms) -> None:
    one = sends(forms)

    def decides(number: int) -> bool:
        verdict = submission.VERDICTS[number % 3]
        return Forms().change(*submission.decide(one, verdict, SCHOOL, "看过了", f"k{number}", NOW))

    with ThreadPoolExecutor(9) as people:
        assert sum(people.map(decides, range(9))) == 1
    after = forms.find(one.id)
    assert after and after.version == 2 and len(forms.history(one.id)) == 2


def test_a_reason_is_wanted_of_whoever_sends_back(forms: Forms) -> None:
    one = sends(forms)
    for verdict in ("return", "refuse"):
        with pytest.raises(Problem, match="invalid-form"):
            submission.decide(one, verdict, SCHOOL, " ", "k", NOW)
    returned, _ = submission.decide(one, "return", SCHOOL, "缺材料", "k", NOW)
    assert returned.correctable and not returned.waits_for
    again, event = submission.correct(returned, FORM, Filled({"a": "2"}, {"a": "asked"}, {}), {"a": "2"}, "k2", NOW)
    assert (again.state, again.stage, again.approvals, event.what) == ("waiting", 0, (), "correct")
    with pytest.raises(Problem, match="submission-moved-on"):
        submission.correct(again, FORM, Filled({}, {}, {}), {}, "k3", NOW)
    with pytest.raises(Problem, match="submission-moved-on"):
        submission.withdraw(submission.withdraw(again, "k4", NOW)[0], "k5", NOW)


def test_two_devices_do_not_overwrite_each_other_unseen(forms: Forms) -> None:
    draft = Draft("S1", "a-form", Sent({"a": "1"}), 0, NOW, version=1)
    assert forms.save(draft) and not forms.save(replace(draft, sent=Sent({"a": "2"})))
    assert forms.save(replace(draft, sent=Sent({"a": "2"}), version=2))
    found = forms.draft("S1", "a-form")
    assert found and found.sent.answers == {"a": "2"} and [one.form for one in forms.drafts("S1")] == ["a-form"]
    forms.give_up("S1", "a-form")
    forms.give_up("S1", "a-form")
    assert not forms.drafts("S1")


def test_two_who_publish_at_once_publish_one_version(forms: Forms) -> None:
    head, event = library.begin(FORM, "k0", "D1", NOW)
    assert forms.change_form(head, event) and not forms.change_form(head, event), "there is one form of that name"

    def publishes(number: int) -> bool:
        after, form, happened = library.publish(head, f"k{number}", "D1", NOW)
        return Forms().change_form(after, happened, form)

    with ThreadPoolExecutor(6) as people:
        assert sum(people.map(publishes, range(1, 7))) == 1
    after = forms.head("a-form")
    assert after and (after.state, after.published, after.draft) == ("published", 1, None)
    assert forms.published("a-form") == FORM and len(forms.form_history("a-form")) == 2


def test_forms_that_come_with_it_are_published_until_an_office_goes_on_with_them(forms: Forms) -> None:
    assert {head.id for head in forms.heads()} == set(library.shipped())
    shipped = forms.published("leave-of-absence")
    head = forms.head("leave-of-absence")
    assert head and head.version == 0
    changed, event = library.draft(head, replace(shipped, once=True), "k1", "A1", NOW)
    assert forms.change_form(changed, event)
    after, form, happened = library.publish(changed, "k2", "A1", NOW + timedelta(seconds=1))
    assert forms.change_form(after, happened, form)
    assert forms.published("leave-of-absence").once and forms.published("leave-of-absence").version == 2
    assert forms.version("leave-of-absence", 1) == shipped
    retired, event = library.retire(after, "k3", "A1", NOW + timedelta(seconds=2))
    assert forms.change_form(retired, event)
    with pytest.raises(Problem, match="form-retired"):
        forms.published("leave-of-absence")
    assert "leave-of-absence" not in [form.id for form in forms.every_published()]


@pytest.mark.parametrize(("id", "number"), [("no-such-form", 1), ("leave-of-absence", 0), ("leave-of-absence", 9)])
def test_a_version_that_there_is_not_is_not_found(forms: Forms, id: str, number: int) -> None:
    with pytest.raises(Problem, match="not-found"):
        forms.version(id, number)
