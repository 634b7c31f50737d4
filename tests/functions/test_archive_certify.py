"""Deciding about records: one by one, many at once behind a sample that nobody can choose, by two at once."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from yinji.archive.deciding import DEEDS
from yinji.archive.record import Record, key_of
from yinji.archive.sampling_store import Rounds
from yinji.archive.store import Archive
from yinji.identity.session import ROLES, Session

from tests.archives import COUNSELLOR, OFFICER, SU, School, loan, student
from tests.functions.conftest import Cloud
from tests.sessions import begun

pytestmark = pytest.mark.slow
ELSEWHERE = Session("T0009", "counsellor", "x", school="S02")


@pytest.fixture
def school(cloud: Cloud) -> School:
    made = School(cloud)
    made.enrol(SU)
    return made


@pytest.fixture
def claim(school: School) -> str:
    """The key of a claim that waits."""
    return key_of(school.claim().json["record"])


def record(key: str, who: str = SU.student) -> Record:
    found = Archive().record(who, key)
    assert found
    return found


# --- one by one ----------------------------------------------------------------------------------------------
def test_what_is_certified_counts(school: School, claim: str) -> None:
    answer = school.decide("certify", claim)
    assert (answer.status, answer.json["state"]) == (200, "certified")
    kept = record(claim)
    assert kept.counts and kept.via == "office" and kept.certification and kept.certification.by == "T0001"
    assert [one.what for one in Archive().events(SU.student, claim)] == ["claimed", "certified"]
    found = Archive().refresh(SU.student)
    assert found and found.score("intellectual") == 35 and found.waiting == 0


def test_a_refusal_has_a_reason_that_the_student_reads(school: School, claim: str) -> None:
    for fields in ({}, {"reason": "untrue"}, {"reason": "other"}, {"reason": "evidence", "words": "x" * 501}):
        assert school.decide("refuse", claim, **fields).json["code"] == "invalid-form"
    assert record(claim).state == "pending"
    assert school.decide("refuse", claim, reason="evidence", words="第二页缺失").status == 200
    kept = record(claim)
    assert kept.state == "refused" and kept.certification and kept.certification.why == "evidence: 第二页缺失"


def test_what_counted_is_revoked_with_a_reason_and_may_be_certified_again(school: School, claim: str) -> None:
    assert school.decide("revoke", claim, reason="untrue").json["code"] == "not-decidable"
    school.decide("certify", claim)
    assert school.decide("revoke", claim).json["code"] == "invalid-form"
    assert school.decide("revoke", claim, reason="untrue").json["state"] == "revoked"
    assert school.decide("certify", claim).json["state"] == "certified"
    whats = [one.what for one in Archive().events(SU.student, claim)]
    assert whats == ["claimed", "certified", "revoked", "certified"]


def test_a_decision_that_is_sent_twice_is_one(school: School, claim: str) -> None:
    sent = {"version": 1, "idempotency_key": "the-same-key"}
    first = school.decide("certify", claim, **sent)
    assert school.decide("certify", claim, **sent).json == first.json
    assert school.decide("refuse", claim, **sent, reason="twice").json["code"] == "key-reused"
    assert record(claim).version == 2


def test_of_two_who_decide_at_once_one_is_told(school: School, claim: str) -> None:
    answers: list[SimpleNamespace] = []

    def press(deed: str, who: Session) -> None:
        reason = {"reason": "evidence"} if deed == "refuse" else {}
        answers.append(school.decide(deed, claim, who, version=1, **reason))

    threads = [threading.Thread(target=press, args=each) for each in (("certify", COUNSELLOR), ("refuse", OFFICER)) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.status for one in answers) == [200] + [409] * 7
    assert {one.json["code"] for one in answers if one.status == 409} == {"changed-meanwhile"}
    assert len(Archive().events(SU.student, claim)) == 2


def test_nothing_there_is_not_found(school: School, claim: str) -> None:
    assert school.decide("certify", "claim#nothing").json["code"] == "not-found"
    assert school.decide("bless", claim).json["code"] == "not-found"
    assert school.decide("certify", claim, version="x").json["code"] == "malformed-request"
    assert school.decide("certify", claim, idempotency_key="short").json["code"] == "malformed-request"


# --- what a student says is wrong ----------------------------------------------------------------------------
@pytest.fixture
def disputed(school: School) -> str:
    school.loans(loan(1))
    school.dispute("library-loans#L1")
    return "library-loans#L1"


def test_a_dispute_is_settled_by_an_answer(school: School, disputed: str) -> None:
    assert school.decide("settle", disputed, verdict="stays").json["code"] == "invalid-form"
    assert school.decide("settle", disputed, answer="请看借阅单").json["code"] == "invalid-form"
    assert school.decide("settle", disputed, verdict="stays", answer="请看借阅单").status == 200
    kept = record(disputed)
    assert kept.counts and not kept.disputed and not kept.waits
    assert Archive().waiting("S01", 10) == ([], "")
    assert school.decide("settle", disputed, verdict="stays", answer="再答").json["code"] == "not-disputed"


def test_what_is_put_right_says_what_it_was_and_outlasts_the_same_delivery(school: School, disputed: str) -> None:
    fields = {"title": "乡土中国", "day": "2024-10-02", "hours": "", "dimension": ""}
    assert school.decide("settle", disputed, verdict="corrected", answer="已更正", **fields).status == 200
    kept = record(disputed)
    assert (kept.title, str(kept.day), kept.counts) == ("乡土中国", "2024-10-02", True)
    assert Archive().events(SU.student, disputed)[-1].was == {"title": "书 1", "day": "2024-10-01"}
    school.loans(loan(1, changed_at="2026-06-02 12:00:00"))
    assert record(disputed).title == "乡土中国"


@pytest.mark.parametrize("fields", [{}, {"title": "书 1"}, {"title": ""}, {"day": "x"}, {"dimension": "x"}])
def test_what_is_put_right_is_other_than_it_was_and_can_be_right(
    school: School, disputed: str, fields: dict[str, Any]
) -> None:
    answer = school.decide("settle", disputed, verdict="corrected", answer="已更正", **fields)
    assert answer.json["code"] == "invalid-form" and record(disputed).disputed


def test_what_is_taken_out_counts_no_more(school: School, disputed: str) -> None:
    assert school.decide("settle", disputed, verdict="taken-out", answer="借书人另有其人").status == 200
    kept = record(disputed)
    assert kept.state == "revoked" and not kept.waits
    found = Archive().refresh(SU.student)
    assert found and found.hundreds["books"] == 0


# --- many at once --------------------------------------------------------------------------------------------
def states(made: list[Record]) -> list[str]:
    return [record(one.key, one.student).state for one in made]


def test_many_are_certified_once_the_sample_is(school: School) -> None:
    made = school.many(40)
    begun_ = school.begin()
    assert begun_.status == 200 and begun_.json["members"] == 40 and len(begun_.json["sample"]) == 4
    id = begun_.json["round"]
    assert school.end("rest", id).json["code"] == "sample-undecided"
    assert states(made) == ["pending"] * 40
    school.decide_sample(begun_)
    ended = school.end("rest", id)
    assert ended.json["state"] == "passed" and len(ended.json["outcomes"]) == 36
    assert states(made) == ["certified"] * 40
    assert school.end("rest", id).json == ended.json, "sent again"
    [kept] = Rounds(Archive()).all("S01")
    assert (kept.who, kept.state, len(kept.members), len(kept.sample), kept.ended_by) == (
        "T0001", "passed", 40, 4, "T0001",
    )  # fmt: skip


def test_one_refusal_in_the_sample_ends_the_round_and_the_next_sample_is_twice_as_large(school: School) -> None:
    made = school.many(40)
    first = school.begin()
    school.decide_sample(first)
    bad = first.json["sample"][0]
    school.decide("revoke", key_of(bad["record"]), student=bad["student"], reason="untrue")
    assert school.end("rest", first.json["round"]).json["code"] == "sample-refused"
    assert states(made).count("pending") == 36
    second = school.begin()
    assert second.json["members"] == 36 and len(second.json["sample"]) == 8
    assert [one.state for one in Rounds(Archive()).all("S01")] == ["open", "refused"]


def test_who_refuses_and_then_certifies_has_refused(school: School) -> None:
    school.many(30)
    begun_ = school.begin()
    one = begun_.json["sample"][0]
    school.decide("refuse", key_of(one["record"]), student=one["student"], reason="evidence")
    school.decide_sample(begun_)
    assert school.end("rest", begun_.json["round"]).json["code"] == "sample-refused"


def test_a_sample_is_not_drawn_again_by_beginning_again_or_giving_up(school: School) -> None:
    school.many(40)
    first = school.begin(idempotency_key="the-same-key")
    assert school.begin(idempotency_key="the-same-key").json == first.json
    assert school.begin(idempotency_key="the-same-key", kind="award").json["code"] == "key-reused"
    for fields in ({}, {"origin": "claim"}, {"class": "中文 2201"}):
        assert school.begin(**fields).json["code"] == "round-open"
        assert school.begin(session=OFFICER, **fields).json["code"] == "round-open"
    assert school.end("give-up", first.json["round"]).json["state"] == "given-up"
    assert len(school.begin().json["sample"]) == 8


def test_a_colleague_may_end_a_round_but_not_press_for_it(school: School) -> None:
    school.many(10)
    begun_ = school.begin()
    school.decide_sample(begun_, session=OFFICER)
    id = begun_.json["round"]
    assert school.end("rest", id, OFFICER).json["code"] == "forbidden"
    assert school.end("rest", id, ELSEWHERE).json["code"] == "not-found"
    assert school.end("give-up", id, OFFICER).json["state"] == "given-up"
    assert school.end("rest", id).json["state"] == "given-up", "it is over"


def test_who_presses_for_many_proved_a_moment_ago_who_they_are(school: School) -> None:
    school.many(10)
    begun_ = school.begin()
    school.decide_sample(begun_)
    stale = begun(COUNSELLOR, minutes_ago=90)
    assert school.end("rest", begun_.json["round"], stale).json["code"] == "prove-again"


def test_of_two_rounds_that_are_begun_at_once_one_is_open(school: School) -> None:
    school.many(30)
    answers: list[SimpleNamespace] = []
    threads = [
        threading.Thread(target=lambda who=who: answers.append(school.begin(session=who)))
        for who in (COUNSELLOR, OFFICER) * 3
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.status for one in answers) == [200] + [409] * 5
    assert len(Rounds(Archive()).all("S01")) == 1


def test_what_changed_meanwhile_is_left_out_of_the_rest_and_said(school: School) -> None:
    school.many(12)
    begun_ = school.begin()
    school.decide_sample(begun_)
    drawn = {(one["student"], one["record"]) for one in begun_.json["sample"]}
    round = Rounds(Archive()).find("S01", begun_.json["round"])
    assert round
    left = round.rest[0]
    assert (left.student, left.key.replace("#", ":")) not in drawn
    school.decide("refuse", left.key, student=left.student, reason="twice")
    outcomes = {one["record"]: one["code"] for one in school.end("rest", round.id).json["outcomes"]}
    assert outcomes.pop(left.key.replace("#", ":")) == "changed-meanwhile"
    assert set(outcomes.values()) == {""}
    assert record(left.key, left.student).state == "refused"


def test_a_press_that_was_interrupted_goes_on_where_it_stopped(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    made = school.many(12)
    begun_ = school.begin()
    school.decide_sample(begun_)
    with monkeypatch.context() as patched:
        patched.setattr(Rounds, "_end", lambda *_: (_ for _ in ()).throw(KilledError()))
        with pytest.raises(KilledError):
            school.end("rest", begun_.json["round"])
    assert states(made) == ["certified"] * 12
    ended = school.end("rest", begun_.json["round"])
    assert ended.json["state"] == "passed" and {one["code"] for one in ended.json["outcomes"]} == {""}
    assert [record(one.key, one.student).version for one in made] == [2] * 12


class KilledError(BaseException):
    """As a process that is no more: nothing catches it."""


def test_what_a_student_says_is_wrong_is_in_no_round(school: School) -> None:
    made = school.many(6)
    who = student(int(made[0].student[-3:]))
    school.dispute(made[0].key, who=who)
    assert school.begin().json["members"] == 5


def test_filters_say_which_records_are_in_a_round(school: School) -> None:
    school.many(10)
    assert school.begin(counsellor="T0404").json["code"] == "nothing-to-certify"
    assert school.begin(origin="imported").json["code"] == "nothing-to-certify"
    assert school.begin(kind="magic").json["code"] == "invalid-form"
    assert school.begin(origin="magic").json["code"] == "invalid-form"
    assert school.begin(**{"class": "中文 2201"}, counsellor="T0001", origin="claim").json["members"] == 10


# --- who may what --------------------------------------------------------------------------------------------
def everybody() -> dict[str, Session]:
    return {role: Session(f"X-{role}", role, "x", "S01", "student-affairs") for role in ROLES}


def test_only_a_students_own_school_decides(school: School, claim: str) -> None:
    for role, session in everybody().items():
        through = role in ("counsellor", "school-officer")
        for deed in DEEDS:
            answer = school.decide(
                deed, claim, session, version=999, reason="other", words="xx", verdict="stays", answer="xx"
            )
            assert answer.json["code"] == ("changed-meanwhile" if through else "forbidden"), (role, deed)
            gone = school.decide(deed, claim, session, student="2022S01999", reason="other", words="xx", version=1)
            assert gone.json["code"] == "forbidden", "nobody learns who has no archive"
        for deed, answer in {
            "begin": school.begin("award", session), "rest": school.end("rest", "x", session),
            "give-up": school.end("give-up", "x", session),
        }.items():  # fmt: skip
            assert (answer.status == 403) != through, (role, deed)
    assert school.decide("certify", claim, ELSEWHERE).json["code"] == "forbidden"
    assert record(claim).state == "pending"


def test_who_stands_in_for_a_colleague_is_kept_with_for_whom(school: School, claim: str) -> None:
    lent = Session("T0077", "counsellor", "x", "S01", acts_for="T0001")
    assert school.decide("certify", claim, lent).status == 200
    last = Archive().events(SU.student, claim)[-1]
    assert (last.who, last.acts_for) == ("T0077", "T0001")
