"""Cases and steps by example: what each of the steps does, and what follows for the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from yinji.clearance import case as cases
from yinji.clearance import definition
from yinji.clearance.case import Batch, Case, Certificate, Change, Event
from yinji.clearance.queue import entries
from yinji.clearance.step import Request, offered
from yinji.platform.problem import Problem

from tests import handlers
from tests.graduates import BATCH, LIN, NOW, event, graduate, opened

TODAY = date(2026, 6, 15)  # a Monday
FULL = graduate(7, flags=frozenset({"lives_in", "party_member", "household_on_campus", "student_loan"}))
SCHOLAR = graduate(3, category="international", flags=frozenset({"lives_in", "scholarship", "thesis"}))
ABROAD = graduate(4, category="international", flags=SCHOLAR.flags | {"abroad"})
MASTER = graduate(5, category="postgraduate", supervisor="T0123")
CLEAR: dict[str, dict[str, str]] = {
    "graduation-audit": {"passed": "yes", "missing": ""},
    "library-loans": {"loans": "0", "fines": "0", "titles": ""},
    "tuition": {"arrears": "0", "items": ""},
    "campus-card": {"balance": "12.5"},
    "lab-equipment": {"items": "0", "names": ""},
    "housing-deposit": {"refunded": "yes", "amount": "800"},
}
ACCOUNT = {
    "account_holder": "Aigerim",
    "iban": "KZ86125KZT5004100100",
    "swift": "HSBKKZKX",
    "bank_abroad": "Halyk Bank, Almaty",
}
FORMS: dict[tuple[str, str], dict[str, str]] = {
    ("library-loans", "declare-lost"): {"which": "围城", "payment": "card"},
    ("library-loans", "settle-from-abroad"): {"way": "post", "reference": "EE 123 456 789 CN"},
    ("scholarship-settlement", "confirm-account"): {
        "holder": "Aigerim",
        "card": "6222000012345678",
        "bank": "江屿银行",
    },
    ("scholarship-settlement", "declare-account"): ACCOUNT,
    ("tuition", "confirm-agreement"): {"agreed": "yes"},
    ("dormitory", "book-inspection"): {"slot": "2026-06-16T08:30"},
    ("dormitory", "hand-back-from-abroad"): {"declaration": "yes", "belongings": "nothing-left"},
    ("housing-deposit", "declare-account"): ACCOUNT,
    ("campus-card", "choose"): {"balance_to": "refund", "mailbox": "alumni"},
    ("campus-card", "choose-from-abroad"): {"balance_abroad": "transfer", "mailbox_abroad": "close"} | ACCOUNT,
    ("lab-equipment", "declare-handed-over"): {"handed_over": "示波器交给了师弟"},
    ("party-transfer", "declare-destination"): {"organisation": "江屿市海滨社区党支部", "place": "海东省江屿市"},
    ("household-registration", "declare-destination"): {"move_to": "home", "address": "海滨路 1 号"},
    ("personal-file", "declare-destination"): {
        "agreement": "signed",
        "receiver": "人才中心一部",
        "address": "海滨路 1 号",
    },
    ("thesis-deposit", "upload-thesis"): {"thesis_title": "围城研究", "thesis": "a" * 32, "same_as_print": "yes"},
    ("residence-permit", "send-permit"): {"permit": "b" * 32, "expires_on": "2026-06-15"},
    ("residence-permit", "send-record"): {"record": "c" * 32, "entered_on": "2026-06-15"},
    ("exit-survey", "answer"): {"teaching": "5", "services": "4"},
    ("diploma", "book-pick-up"): {"slot": "2026-06-17T08:30"},
}
REASON = {"reason": "请补充材料"}
_count = iter(range(10**9))


def told(who: str = "someone", **more: Any) -> Event:
    return event(f"k{next(_count)}", who, **more)


def act(case: Case, step: str, action: str, version: int | None = None, **answers: str) -> Case:
    known = definition.steps()[step].actions[action]
    filled = answers or FORMS.get((step, action)) or (REASON if known.standard else {})
    seen = case.steps[step].version if version is None and step in case.steps else version or 0
    change = handlers.steps()[step].act(case, Request(action, filled, seen, told()), TODAY)
    return change.after if change else case


def feed(case: Case, step: str, as_of: str = "2026-06-10T00:00:00.000Z", **cells: str) -> Case:
    change = handlers.steps()[step].learn(case, CLEAR[step] | cells, as_of, told("feed"))
    return change.after if change else case


def ready(case: Case, step: str) -> Case:
    change = handlers.steps()[step].become_ready(case, told("system"))
    return change.after if change else case


def refusal(work: Callable[[], Any]) -> str:
    with pytest.raises(Problem) as refused:
        work()
    return refused.value.code


def settled(case: Case, *, until: str = "diploma") -> Case:
    """`case` with everything before `until` settled, the plain way."""
    for step in CLEAR:
        case = feed(case, step) if step in case.steps else case
    for step, action in [*FORMS, ("school-approval", "sign-off")]:
        if step == until:
            return case
        if step not in case.steps or case.state(step) in cases.SETTLED:
            continue
        only = definition.steps()[step].actions[action].flows
        if only and case.flow not in only:
            continue
        if step == "tuition" and "student_loan" not in case.graduate.flags:
            continue
        if step == "diploma":
            case = act(case, "school-approval", "sign-off") if case.state("school-approval") == "ready" else case
        own = definition.steps()[step].actions
        if case.state(step) != "submitted":
            if not offered(own[action], case, case.steps[step]):
                continue
            case = act(case, step, action)
        for final in ("sign-off", "hand-over", "post"):
            if final in own and case.state(step) == "submitted" and offered(own[final], case, case.steps[step]):
                case = act(case, step, final)
        for told_step in case.steps:
            case = ready(case, told_step) if cases.settles_itself(case, told_step) else case
    return case


@pytest.mark.parametrize(
    "who", [LIN, FULL, graduate(1, flags=frozenset()), graduate(2, category="international"), SCHOLAR, ABROAD, MASTER]
)
def test_every_graduate_can_finish(who: Any) -> None:
    case = settled(opened(who), until="")
    assert case.finished and case.closed, case.states()
    assert case.finished_at == NOW
    assert entries(case) == {}


def test_a_case_opens_with_its_steps_ready_or_waiting() -> None:
    change = cases.open_case(LIN, BATCH, told())
    assert (change.before, change.after.version, change.event.version) == (None, 1, 1)
    assert change.event.states == change.after.states()
    assert change.after.states() == {
        "graduation-audit": "ready",
        "library-loans": "ready",
        "tuition": "ready",
        "dormitory": "ready",
        "campus-card": "waiting",
        "personal-file": "ready",
        "exit-survey": "ready",
        "school-approval": "waiting",
        "diploma": "waiting",
    }
    assert change.after.state("party-transfer") == "not_applicable"


def test_a_later_loan_reopens_the_library_step_and_what_was_signed_upon_it() -> None:
    case = settled(opened())
    case = act(case, "school-approval", "sign-off") if case.state("school-approval") == "ready" else case
    assert case.state("diploma") == "ready"
    case = feed(case, "library-loans", "2026-06-11T00:00:00.000Z", loans="1", titles="围城")
    states = case.states()
    assert states["library-loans"] == "blocked"
    assert {states[step] for step in ("campus-card", "school-approval", "diploma")} == {"waiting"}
    assert case.steps["campus-card"].standing == cases.UNSETTLED
    case = feed(case, "library-loans", "2026-06-12T00:00:00.000Z")
    assert case.state("campus-card") == "ready" and cases.settles_itself(case, "campus-card")
    case = ready(case, "campus-card")
    assert case.state("campus-card") == "submitted", "the refund has to be signed again"
    assert case.state("school-approval") == "waiting"


def test_nothing_changes_after_the_diploma_was_handed_over() -> None:
    case = settled(opened(), until="")
    assert feed(case, "library-loans", "2026-06-20T00:00:00.000Z", loans="9") is case
    assert ready(case, "campus-card") is case
    assert refusal(lambda: act(case, "library-loans", "reopen")) == "case-closed"
    assert refusal(lambda: act(case, "exit-survey", "answer")) == "case-closed"
    assert refusal(lambda: cases.correct(case, replace(LIN, name="x"), BATCH, told())) == "case-closed"
    assert cases.correct(case, LIN, BATCH, told()) is None
    step = case.steps["tuition"]
    assert refusal(lambda: cases.settle(case, "tuition", step.facts, cases.UNSETTLED, told())) == "case-closed"


@pytest.mark.parametrize("as_of", ["2026-06-09T23:59:59.999Z", "2026-01-01T00:00:00.000Z"])
def test_older_news_changes_nothing(as_of: str) -> None:
    case = feed(opened(), "library-loans")
    assert feed(case, "library-loans", as_of, loans="3") is case


def test_the_same_news_again_changes_nothing() -> None:
    case = feed(opened(), "tuition", arrears="10", items="住宿费")
    assert feed(case, "tuition", "2026-06-11T00:00:00.000Z", arrears="10.00", items="住宿费") is case


def test_a_feed_does_not_undo_a_waiver_but_is_remembered() -> None:
    case = act(feed(opened(), "tuition", arrears="10"), "tuition", "waive")
    case = feed(case, "tuition", "2026-06-11T00:00:00.000Z", arrears="99")
    assert case.state("tuition") == "waived"
    case = act(case, "tuition", "reopen")
    assert case.state("tuition") == "blocked"
    assert case.steps["tuition"].standing.reasons[0].params["arrears"] == "99.00"


def test_a_declared_loss_covers_the_books_it_was_about() -> None:
    case = feed(opened(), "library-loans", loans="1", titles="围城")
    case = act(case, "library-loans", "declare-lost")
    assert case.state("library-loans") == "submitted"
    case = act(case, "library-loans", "sign-off")
    assert case.state("library-loans") == "done", "paid, though the feed does not know yet"
    assert feed(case, "library-loans", "2026-06-11T00:00:00.000Z", loans="1", titles="围城") is case
    again = feed(case, "library-loans", "2026-06-12T00:00:00.000Z", loans="2", titles="围城;边城")
    assert again.state("library-loans") == "blocked"
    assert again.steps["library-loans"].facts.answers == {}


@pytest.mark.parametrize(("balance", "choice", "state"), [
    ("12.5", "refund", "submitted"), ("12.5", "donate", "done"), ("0", "refund", "done"),
])  # fmt: skip
def test_the_card_is_settled_by_balance_and_choice(balance: str, choice: str, state: str) -> None:
    case = feed(feed(opened(), "library-loans"), "campus-card", balance=balance)
    assert case.state("campus-card") == "ready"
    assert act(case, "campus-card", "choose", balance_to=choice, mailbox="close").state("campus-card") == state


def test_an_overdrawn_card_blocks_whatever_was_chosen() -> None:
    case = feed(feed(opened(), "library-loans"), "campus-card", balance="5")
    case = act(case, "campus-card", "choose", balance_to="donate", mailbox="close")
    case = feed(case, "campus-card", "2026-06-11T00:00:00.000Z", balance="-3.2")
    assert case.state("campus-card") == "blocked"
    assert case.steps["campus-card"].standing.reasons == (cases.Reason("overdrawn", {"amount": "3.20"}),)
    assert feed(case, "campus-card", "2026-06-12T00:00:00.000Z", balance="0").state("campus-card") == "done"


def test_what_an_officer_wrote_stays_until_the_student_acts_upon_it() -> None:
    case = feed(feed(opened(), "library-loans"), "campus-card", balance="12.5")
    case = act(act(case, "campus-card", "choose"), "campus-card", "send-back")
    case = feed(case, "campus-card", "2026-06-11T00:00:00.000Z", balance="9")
    assert case.state("campus-card") == "blocked"
    assert case.steps["campus-card"].standing.reasons == (cases.Reason("sent-back", REASON),)
    case = feed(case, "campus-card", "2026-06-12T00:00:00.000Z", balance="-3")
    assert [reason.code for reason in case.steps["campus-card"].standing.reasons] == ["sent-back", "overdrawn"]
    case = feed(case, "campus-card", "2026-06-13T00:00:00.000Z", balance="4")
    assert act(case, "campus-card", "choose").steps["campus-card"].standing == cases.SUBMITTED


def test_what_an_officer_wrote_is_over_when_the_facts_settle_the_step() -> None:
    case = act(feed(opened(), "library-loans", loans="1"), "library-loans", "declare-lost")
    case = act(case, "library-loans", "send-back")
    assert feed(case, "library-loans", "2026-06-11T00:00:00.000Z").steps["library-loans"].standing == cases.DONE


def test_a_loan_holder_confirms_the_agreement_before_or_after_the_feed() -> None:
    early = feed(act(opened(FULL), "tuition", "confirm-agreement"), "tuition")
    late = act(feed(opened(FULL), "tuition"), "tuition", "confirm-agreement")
    assert early.state("tuition") == late.state("tuition") == "done"
    assert feed(opened(FULL), "tuition").steps["tuition"].standing.reasons == (cases.Reason("agreement"),)
    assert refusal(lambda: act(opened(), "tuition", "confirm-agreement")) == "not-possible-now", "no loan, no agreement"
    owing = act(feed(opened(FULL), "tuition", arrears="5"), "tuition", "confirm-agreement")
    assert owing.state("tuition") == "blocked"
    assert refusal(lambda: act(owing, "tuition", "confirm-agreement")) == "not-possible-now", "once is enough"


@pytest.mark.parametrize(("step", "action"), [
    ("dormitory", "book-inspection"), ("party-transfer", "declare-destination"),
    ("household-registration", "declare-destination"),
])  # fmt: skip
def test_what_the_student_submits_an_office_signs_or_sends_back(step: str, action: str) -> None:
    case = act(opened(FULL), step, action)
    assert case.state(step) == "submitted"
    assert any(place[0] == step for place in entries(case))
    sent = act(case, step, "send-back")
    assert sent.state(step) == "blocked"
    assert sent.steps[step].standing.reasons == (cases.Reason("sent-back", REASON),)
    assert sent.steps[step].facts.answers == {}
    assert act(act(sent, step, action), step, "sign-off").state(step) == "done"
    assert not any(place[0] == step for place in entries(sent))


@pytest.mark.parametrize(("step", "action"), [("personal-file", "declare-destination"), ("exit-survey", "answer")])
def test_a_form_that_nobody_checks_is_done_when_it_is_sent(step: str, action: str) -> None:
    case = act(opened(), step, action)
    assert case.state(step) == "done"
    assert refusal(lambda: act(case, step, action)) == "already-done"
    again = act(case, step, "reopen")
    assert again.state(step) == "ready"
    assert act(again, step, action).state(step) == "done"


@pytest.mark.parametrize(("slot", "fits"), [
    ("2026-06-14T08:30", False), ("2026-06-15T08:30", False), ("2026-06-15T15:30", False), ("2026-06-16T08:30", True),
    ("2026-06-16T08:31", False), ("2026-06-16", False), ("nonsense", False), ("2026-06-19T08:30", False),
    ("2026-06-20T08:30", False), ("2026-07-15T15:30", True), ("2026-07-16T08:30", False),
])  # fmt: skip
def test_an_inspection_is_booked_on_a_working_day_not_too_soon_nor_too_far_ahead(slot: str, fits: bool) -> None:
    """It is noon on Monday 15 June 2026; Friday 19 June is the Dragon Boat Festival."""
    book = lambda: act(opened(), "dormitory", "book-inspection", slot=slot)  # noqa: E731
    if fits:
        assert book().steps["dormitory"].facts.answers["slot"] == slot
    else:
        assert refusal(book) == "slot-not-possible"


def test_who_is_abroad_names_who_collects_what_is_left_in_the_room() -> None:
    abroad = opened(replace(FULL, category="international", flags=frozenset({"lives_in", "abroad"})))
    declare = {"declaration": "yes", "belongings": "proxy"}
    proxy = {"room_proxy_name": "周一鸣", "room_proxy_phone": "13800000000", "room_proxy_identity": "042X"}
    assert refusal(lambda: act(abroad, "dormitory", "book-inspection")) == "not-possible-now"
    assert refusal(lambda: act(abroad, "dormitory", "hand-back-from-abroad", **declare)) == "invalid-form"
    named = act(abroad, "dormitory", "hand-back-from-abroad", **declare, **proxy)
    assert act(named, "dormitory", "sign-off").state("dormitory") == "done"
    empty = {"declaration": "yes", "belongings": "nothing-left"}
    emptied = act(named, "dormitory", "hand-back-from-abroad", **empty)
    assert not emptied.steps["dormitory"].facts.answers["room_proxy_name"], "nobody comes any more"
    assert refusal(lambda: act(opened(), "dormitory", "hand-back-from-abroad", **empty)) == "not-possible-now"


MAIL = {"addressee": "林晓雨", "mail_phone": "13800000000", "mail_address": "海滨路 1 号", "mail_country": "中国"}
PROXY = {
    "proxy_name": "周一鸣", "proxy_phone": "13800000000", "proxy_relation": "friend", "proxy_identity": "042X",
    "proxy_declaration": "yes",
}  # fmt: skip
FORMS |= {
    ("diploma", "ask-for-mail"): MAIL,
    ("diploma", "authorise-proxy"): PROXY,
    ("diploma", "post"): {"carrier": "EMS", "tracking_number": "EX123456789CN"},
    ("diploma", "hand-to-proxy"): {"code": "wrong", "identity_checked": "yes"},
}


def approved() -> Case:
    return act(settled(opened()), "school-approval", "sign-off")


def answers_of(case: Case) -> dict[str, str]:
    return {name: value for name, value in case.steps["diploma"].facts.answers.items() if value}


def test_a_diploma_is_delivered_the_way_that_was_chosen_last() -> None:
    case = act(approved(), "diploma", "ask-for-mail", **MAIL)
    assert answers_of(case) == {**MAIL, "delivery": "mail"}
    assert refusal(lambda: act(case, "diploma", "hand-over")) == "not-possible-now"
    picked = act(case, "diploma", "book-pick-up")
    assert answers_of(picked) == {"slot": "2026-06-17T08:30", "delivery": "pick-up"}, "the address is not kept"
    parcel = {"carrier": "EMS", "tracking_number": "EX123456789CN"}
    assert refusal(lambda: act(picked, "diploma", "post", **parcel)) == "not-possible-now"
    assert act(picked, "diploma", "hand-over").closed
    posted = act(case, "diploma", "post", **parcel)
    assert posted.closed and answers_of(posted) == {**MAIL, **parcel, "delivery": "mail"}


def test_a_proxy_gets_the_diploma_for_the_code_that_was_given_last() -> None:
    first = act(approved(), "diploma", "authorise-proxy", **PROXY)
    code = answers_of(first)["code"]
    assert len(code) == 8 and code.isdecimal()
    again = act(first, "diploma", "authorise-proxy", **PROXY)
    assert answers_of(again)["code"] != code
    spaced = f"{answers_of(again)['code'][:4]} {answers_of(again)['code'][4:]}"
    done = act(again, "diploma", "hand-to-proxy", code=spaced, identity_checked="yes")
    assert done.closed and "code" not in answers_of(done) and answers_of(done)["identity_checked"] == "yes"
    changed = act(again, "diploma", "ask-for-mail", **MAIL)
    assert "code" not in answers_of(changed) and "proxy_name" not in answers_of(changed)


def test_after_five_wrong_codes_the_graduate_must_authorise_again() -> None:
    case = act(approved(), "diploma", "authorise-proxy", **PROXY)
    code = answers_of(case)["code"]
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    for tries in range(1, 5):
        case = act(case, "diploma", "hand-to-proxy", code=wrong, identity_checked="yes")
        assert (case.state("diploma"), answers_of(case)["code_tries"]) == ("submitted", str(tries))
    locked = act(case, "diploma", "hand-to-proxy", code=wrong, identity_checked="yes")
    assert locked.steps["diploma"].standing == cases.blocked(cases.Reason("code-locked"))
    assert "code" not in answers_of(locked)
    assert refusal(lambda: act(locked, "diploma", "hand-to-proxy", code=code, identity_checked="yes")) == (
        "not-possible-now"
    )
    new = act(locked, "diploma", "authorise-proxy", **PROXY)
    assert act(new, "diploma", "hand-to-proxy", code=answers_of(new)["code"], identity_checked="yes").closed
    assert act(case, "diploma", "hand-to-proxy", code=code, identity_checked="yes").closed, "the fifth may be right"


def test_an_empty_code_is_never_the_right_one() -> None:
    """A case that was open before codes existed has none; its graduate authorises again."""
    case = act(approved(), "diploma", "authorise-proxy", **PROXY)
    record = case.steps["diploma"]
    old = replace(record, facts=replace(record.facts, answers={"delivery": "proxy", "details": "周一鸣 0426"}))
    case = replace(case, steps={**case.steps, "diploma": old})
    assert act(case, "diploma", "hand-to-proxy", code="", identity_checked="yes").state("diploma") == "submitted"
    assert act(case, "diploma", "hand-to-proxy", code="0", identity_checked="yes").state("diploma") == "submitted"


def test_the_school_signs_last_and_not_before() -> None:
    case = settled(opened(), until="exit-survey")
    assert case.state("school-approval") == "waiting"
    assert refusal(lambda: act(case, "school-approval", "sign-off")) == "not-possible-now"
    assert refusal(lambda: act(case, "school-approval", "waive")) == "not-possible-now"
    assert refusal(lambda: act(case, "diploma", "book-pick-up")) == "not-possible-now"
    done = act(act(case, "exit-survey", "answer"), "school-approval", "sign-off")
    assert (done.state("school-approval"), done.state("diploma")) == ("done", "ready")


def test_an_officer_who_saw_another_version_is_told_so() -> None:
    case = act(opened(), "dormitory", "book-inspection")
    seen = case.steps["dormitory"].version
    case = act(case, "dormitory", "book-inspection", slot="2026-06-17T14:00")
    assert refusal(lambda: act(case, "dormitory", "sign-off", version=seen)) == "changed-meanwhile"


def test_who_comes_second_is_told_who_was_first_and_when() -> None:
    case = act(opened(), "exit-survey", "answer")
    with pytest.raises(Problem) as refused:
        act(case, "exit-survey", "waive")
    params = refused.value.params
    assert (params["by"], params["at"], params["state"]) == ("someone", "2026-06-15 12:00", "done")


def test_what_the_facts_say_is_done_cannot_be_reopened() -> None:
    assert refusal(lambda: act(feed(opened(), "tuition"), "tuition", "reopen")) == "nothing-to-reopen"


def test_a_step_that_does_not_apply_takes_nothing() -> None:
    case = opened()
    assert refusal(lambda: act(case, "party-transfer", "declare-destination", version=0)) == "not-applicable"
    assert handlers.steps()["party-transfer"].become_ready(case, told()) is None
    assert refusal(lambda: cases.settle(case, "x", cases.Facts(), cases.DONE, told())) == "not-applicable"


def test_a_correction_adds_and_removes_steps_and_keeps_what_is_done() -> None:
    case = act(opened(), "exit-survey", "answer")
    change = cases.correct(case, replace(LIN, flags=frozenset({"party_member"})), BATCH, told())
    assert change
    assert "dormitory" not in change.after.steps
    assert change.after.state("party-transfer") == "ready"
    assert change.after.state("exit-survey") == "done"
    assert change.event.states["dormitory"] == "not_applicable", "history tells of what no longer applies"
    assert change.event.states["party-transfer"] == "ready"


def test_a_corrected_school_moves_the_case_to_the_other_school_s_queue() -> None:
    case = settled(opened(), until="diploma")
    assert ("school-approval#S01") in {queue for queue, _ in entries(case)}
    change = cases.correct(case, replace(LIN, school="S02"), BATCH, told())
    assert change
    assert {queue for queue, _ in entries(change.after)} == {"school-approval#S02"}


def test_a_loan_that_the_roster_learns_of_late_reopens_tuition() -> None:
    case = feed(opened(), "tuition")
    assert case.state("tuition") == "done"
    change = cases.correct(case, replace(LIN, flags=frozenset({"lives_in", "student_loan"})), BATCH, told())
    assert change and cases.settles_itself(change.after, "tuition")
    asked = ready(change.after, "tuition")
    assert asked.steps["tuition"].standing.reasons == (cases.Reason("agreement"),)


def test_a_moved_deadline_is_a_change_and_nothing_else() -> None:
    case = feed(opened(), "tuition")
    later = Batch(BATCH.id, BATCH.title, BATCH.opens_on, BATCH.deadline + timedelta(days=7))
    change = cases.correct(case, LIN, later, told())
    assert change and change.after.deadline == later.deadline
    assert change.after.states() == case.states() and change.event.states == {}


def test_a_certificate_is_given_once_and_only_to_who_is_finished() -> None:
    certificate = Certificate("0123456789ABCDEF", NOW)
    assert refusal(lambda: cases.certify(opened(), certificate, told())) == "not-possible-now"
    change = cases.certify(settled(opened(), until=""), certificate, told())
    assert change and change.after.certificate == certificate
    assert change.after.version == change.before.version + 1  # type: ignore[union-attr]
    assert cases.certify(change.after, Certificate("F" * 16, NOW), told()) is None


def test_a_step_is_told_once_that_it_is_ready() -> None:
    case = feed(opened(), "campus-card", balance="5")
    case = feed(case, "library-loans")
    assert cases.settles_itself(case, "campus-card")
    case = ready(case, "campus-card")
    assert not cases.settles_itself(case, "campus-card")
    assert ready(case, "campus-card") is case


def test_since_tells_when_the_state_began() -> None:
    hour = timedelta(hours=1)
    step = handlers.steps()["dormitory"]
    request = Request("book-inspection", FORMS["dormitory", "book-inspection"], 0, event("1", at=NOW + hour))
    change = step.act(opened(), request, TODAY)
    assert change and change.after.steps["dormitory"].since == NOW + hour
    again = Request("book-inspection", {"slot": "2026-06-17T08:30"}, 1, event("2", at=NOW + 2 * hour))
    later: Change | None = step.act(change.after, again, TODAY)
    assert later and later.after.steps["dormitory"].since == NOW + hour, "still submitted, since then"
    assert later.after.updated_at == NOW + 2 * hour
    assert later.after.steps["tuition"].since == NOW


# --- from abroad, and what only some flows have --------------------------------------------------------------
def offers(case: Case, step: str) -> set[str]:
    """The student's own actions on `step` as they are offered now."""
    own = definition.steps()[step].actions.values()
    state, record = case.state(step), case.steps[step]
    return {one.id for one in own if one.by == "student" and state in one.sources and offered(one, case, record)}


def test_books_come_home_by_post_from_abroad_and_at_a_desk_otherwise() -> None:
    here, away = (feed(opened(who), "library-loans", loans="1", titles="围城") for who in (SCHOLAR, ABROAD))
    assert (offers(here, "library-loans"), offers(away, "library-loans")) == ({"declare-lost"}, {"settle-from-abroad"})
    assert [reason.code for reason in away.steps["library-loans"].standing.reasons] == ["books-abroad"]
    sent = act(away, "library-loans", "settle-from-abroad")
    assert sent.state("library-loans") == "submitted"
    assert act(sent, "library-loans", "sign-off").state("library-loans") == "done"
    assert feed(sent, "library-loans", "2026-06-12T00:00:00.000Z", loans="2").state("library-loans") == "blocked"


@pytest.mark.parametrize(
    ("who", "action"), [(SCHOLAR, "confirm-account"), (ABROAD, "declare-account")], ids=["here", "away"]
)
def test_the_last_stipend_is_paid_to_an_account_here_or_abroad(who: Any, action: str) -> None:
    case = opened(who)
    assert offers(case, "scholarship-settlement") == {action}
    case = act(case, "scholarship-settlement", action)
    assert case.state("scholarship-settlement") == "submitted"
    assert offers(case, "scholarship-settlement") == {action}, "it can be corrected until it is paid"
    assert act(case, "scholarship-settlement", "sign-off").state("scholarship-settlement") == "done"


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("iban", "KZ86 125K ZT50 0410 0101"),
        ("iban", "abc"),
        ("iban", "１２３４５６７８"),
        ("swift", "HSBKKZ"),
        ("swift", "HSBK12KX"),
    ],
)
def test_an_account_that_no_transfer_reaches_is_noticed(field: str, typed: str) -> None:
    with pytest.raises(Problem) as refused:
        act(opened(ABROAD), "scholarship-settlement", "declare-account", **(ACCOUNT | {field: typed}))
    assert refused.value.params["errors"] == [{"field": field, "code": "invalid"}]


def test_an_account_is_kept_as_banks_write_it() -> None:
    typed = ACCOUNT | {"iban": "kz86 125k zt50 0410 0100", "swift": "hsbk kz kx"}
    case = act(opened(ABROAD), "scholarship-settlement", "declare-account", **typed)
    assert case.steps["scholarship-settlement"].facts.answers == ACCOUNT
    plain = act(opened(ABROAD), "scholarship-settlement", "declare-account", **(ACCOUNT | {"iban": "0071-0009-1234"}))
    assert plain.steps["scholarship-settlement"].facts.answers["iban"] == "007100091234", "not every country has IBANs"


def test_the_deposit_comes_back_after_the_room_was_inspected() -> None:
    early = feed(opened(SCHOLAR), "housing-deposit", refunded="no")
    assert early.state("housing-deposit") == "waiting"
    case = opened(SCHOLAR)
    for action in ("book-inspection", "sign-off"):
        case = act(case, "dormitory", action)
    assert case.state("housing-deposit") == "ready" and offers(case, "housing-deposit") == set()
    owed = feed(case, "housing-deposit", refunded="no")
    assert owed.steps["housing-deposit"].standing.reasons == (cases.Reason("not-refunded", {"amount": "800.00"}),)
    assert feed(owed, "housing-deposit", "2026-06-12T00:00:00.000Z").state("housing-deposit") == "done"
    assert feed(case, "housing-deposit", refunded="no", amount="0").state("housing-deposit") == "done", "none was paid"


def test_from_abroad_the_deposit_is_transferred() -> None:
    case = opened(ABROAD)
    for action in ("hand-back-from-abroad", "sign-off"):
        case = act(case, "dormitory", action)
    owed = feed(case, "housing-deposit", refunded="no")
    assert owed.state("housing-deposit") == "ready" and offers(owed, "housing-deposit") == {"declare-account"}
    asked = act(owed, "housing-deposit", "declare-account")
    assert asked.state("housing-deposit") == "submitted"
    assert act(asked, "housing-deposit", "sign-off").state("housing-deposit") == "done"
    assert feed(asked, "housing-deposit", "2026-06-12T00:00:00.000Z").state("housing-deposit") == "done"
    back = act(asked, "housing-deposit", "send-back")
    assert back.state("housing-deposit") == "blocked" and offers(back, "housing-deposit") == {"declare-account"}


def test_a_card_s_balance_goes_abroad_or_to_the_bursary() -> None:
    case = opened(ABROAD)
    for step in ("library-loans", "campus-card"):
        case = feed(case, step)
    assert offers(case, "campus-card") == {"choose-from-abroad"}
    with pytest.raises(Problem) as refused:
        act(case, "campus-card", "choose-from-abroad", balance_abroad="transfer", mailbox_abroad="close", iban="1234")
    assert [error["field"] for error in refused.value.params["errors"]] == ["account_holder", "swift", "bank_abroad"]
    asked = act(case, "campus-card", "choose-from-abroad")
    assert asked.state("campus-card") == "submitted"
    given = act(asked, "campus-card", "choose-from-abroad", balance_abroad="donate", mailbox_abroad="alumni")
    assert given.state("campus-card") == "done"


def test_the_laboratory_is_signed_by_the_supervisor_once_nothing_is_on_loan() -> None:
    case = opened(MASTER)
    assert case.state("lab-equipment") == "ready" and offers(case, "lab-equipment") == set()
    clear = feed(case, "lab-equipment")
    assert clear.state("lab-equipment") == "submitted"
    assert {queue for queue, _ in entries(clear)} == {"lab-equipment#S01", "lab-equipment#supervisor#T0123"}
    assert {queue for queue, _ in entries(feed(opened(replace(MASTER, supervisor="")), "lab-equipment"))} == {
        "lab-equipment#S01"
    }
    assert act(clear, "lab-equipment", "sign-off").state("lab-equipment") == "done"
    lent = feed(case, "lab-equipment", items="1", names="示波器")
    assert refusal(lambda: act(lent, "lab-equipment", "sign-off")) == "not-possible-now"
    told_so = act(lent, "lab-equipment", "declare-handed-over")
    assert told_so.state("lab-equipment") == "submitted"
    assert act(told_so, "lab-equipment", "send-back").state("lab-equipment") == "blocked"
    signed = act(told_so, "lab-equipment", "sign-off")
    assert signed.state("lab-equipment") == "done"
    assert feed(signed, "lab-equipment", "2026-06-12T00:00:00.000Z", items="2").state("lab-equipment") == "blocked"


def test_a_graduate_who_changes_supervisor_changes_the_queue() -> None:
    clear = feed(opened(MASTER), "lab-equipment")
    change = cases.correct(clear, replace(MASTER, supervisor="T0124"), BATCH, told("roster"))
    assert change
    assert {queue for queue, _ in entries(change.after)} == {"lab-equipment#S01", "lab-equipment#supervisor#T0124"}
