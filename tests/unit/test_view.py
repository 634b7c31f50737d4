"""What people see: whose turn it is, in their language, and no more than is theirs to see."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from yinji.clearance import definition
from yinji.clearance.case import Case, Reason, State, blocked
from yinji.clearance.document import case_document
from yinji.clearance.store import Lean
from yinji.clearance.view import Turn, case_view, flow_title, row_view, turn_of
from yinji.identity.session import Session

from tests.graduates import LIN, opened
from tests.unit.test_case import FULL, MASTER, act, feed, settled

STUDENT = Session(LIN.student, "student", LIN.name)
COUNSELLOR = Session("T1", "counsellor", "x", school="S01")
LIBRARIAN = Session("T2", "department-officer", "x", department="library")
AUDITOR = Session("T3", "auditor", "x")
NONE: frozenset[str] = frozenset()
LOAN = frozenset({"student_loan"})


@pytest.mark.parametrize(
    ("step", "state", "flags", "turn"),
    [
        ("graduation-audit", "ready", NONE, "feed"),
        ("graduation-audit", "blocked", NONE, "student"),
        ("library-loans", "ready", NONE, "feed"),
        ("library-loans", "submitted", NONE, "office"),
        ("tuition", "ready", NONE, "feed"),
        ("tuition", "ready", LOAN, "feed"),
        ("dormitory", "ready", NONE, "student"),
        ("dormitory", "submitted", NONE, "office"),
        ("dormitory", "blocked", NONE, "student"),
        ("campus-card", "ready", NONE, "student"),
        ("campus-card", "waiting", NONE, "nobody"),
        ("school-approval", "ready", NONE, "office"),
        ("lab-equipment", "ready", NONE, "feed"),
        ("lab-equipment", "submitted", NONE, "office"),
        ("school-approval", "waiting", NONE, "nobody"),
        ("diploma", "ready", NONE, "student"),
        ("diploma", "done", NONE, "nobody"),
        ("exit-survey", "waived", NONE, "nobody"),
    ],
)
def test_whose_turn_it_is(step: str, state: State, flags: frozenset[str], turn: Turn) -> None:
    assert turn_of(definition.steps()[step], state, "undergraduate", flags) == turn


def test_a_student_is_offered_their_own_part_and_an_officer_theirs() -> None:
    case = feed(opened(), "library-loans", loans="1", titles="围城")

    def offered(session: Session) -> dict[str, set[str]]:
        view = case_view(case, session, "en")
        return {step.id: {action.id for action in step.actions} for step in view.steps if step.actions}

    assert offered(STUDENT)["library-loans"] == {"declare-lost"}
    assert "dormitory" in offered(STUDENT) and "school-approval" not in offered(STUDENT)
    assert offered(LIBRARIAN) == {"library-loans": {"waive"}}
    assert offered(COUNSELLOR) == {}, "the school's turn has not come"
    assert offered(AUDITOR) == {}
    assert offered(Session("2022S01999", "student", "x")) == {}


def test_reopening_is_offered_for_what_somebody_signed_and_not_for_what_the_facts_say() -> None:
    def offered(case: Case) -> set[str]:
        view = case_view(case, LIBRARIAN, "en")
        return {action.id for step in view.steps if step.id == "library-loans" for action in step.actions}

    lost = act(feed(opened(), "library-loans", loans="1"), "library-loans", "declare-lost")
    assert offered(feed(opened(), "library-loans")) == set()
    assert offered(act(lost, "library-loans", "sign-off")) == {"reopen"}
    assert offered(act(opened(), "library-loans", "waive")) == {"reopen"}


def test_reasons_are_sentences_in_the_reader_s_language() -> None:
    case = feed(opened(), "library-loans", loans="1", titles="围城")
    case = act(act(case, "library-loans", "declare-lost"), "library-loans", "send-back")
    zh, en = (case_view(case, STUDENT, language).steps[1] for language in ("zh", "en"))
    assert zh.reasons[0] == "图书馆退回：请补充材料"
    assert en.reasons[0] == "Library sent it back: 请补充材料"
    assert "围城" in zh.reasons[1] and "围城" in en.reasons[1]
    assert [code["code"] for code in en.reason_codes] == ["sent-back", "books-on-loan"]
    assert (zh.title, en.title) == ("图书归还", "Library loans")


def test_a_reason_that_the_definition_no_longer_knows_is_told_by_neither_words_nor_code() -> None:
    case = feed(opened(), "library-loans", loans="1", titles="围城")
    record = case.steps["library-loans"]
    stands = blocked(Reason("of-old", {"fee": "3"}), *record.standing.reasons)
    case = replace(case, steps={**case.steps, "library-loans": replace(record, standing=stands)})
    step = case_view(case, STUDENT, "zh").steps[1]
    assert [code["code"] for code in step.reason_codes] == ["books-on-loan"] and len(step.reasons) == 1


def test_a_waiting_step_names_what_it_waits_for() -> None:
    view = {step.id: step for step in case_view(opened(), STUDENT, "en").steps}
    assert list(view["campus-card"].waits_for) == ["Library loans"]
    assert view["dormitory"].waits_for == []
    assert "Exit survey" in view["school-approval"].waits_for


def test_answers_are_shown_to_who_needs_them_only() -> None:
    case = act(opened(), "personal-file", "declare-destination")

    def answers(session: Session) -> list[tuple[str, str]]:
        steps = {step.id: step for step in case_view(case, session, "en").steps}
        return list(steps["personal-file"].answers)

    expected = [
        ("Employment agreement", "Signed"),
        ("Who receives the file", "人才中心一部"),
        ("Address to send it to", "海滨路 1 号"),
    ]
    assert answers(STUDENT) == answers(COUNSELLOR) == expected
    assert answers(Session("T", "department-officer", "x", department="student-affairs")) == expected
    assert answers(LIBRARIAN) == answers(AUDITOR) == answers(Session("A", "administrator", "x")) == []


def test_what_a_graduate_says_in_the_survey_is_not_shown_to_their_school() -> None:
    case = act(opened(), "exit-survey", "answer")

    def answered(session: Session) -> bool:
        return any(step.id == "exit-survey" and step.answers for step in case_view(case, session, "en").steps)

    affairs = Session("T", "department-officer", "x", department="student-affairs")
    assert answered(STUDENT) and answered(affairs) and not answered(COUNSELLOR)


def test_a_case_is_told_as_mine_others_and_settled() -> None:
    view = case_view(act(opened(), "exit-survey", "answer"), STUDENT, "zh")
    assert [step.id for step in view.mine] == ["dormitory", "personal-file"]
    assert [step.id for step in view.settled] == ["exit-survey"]
    assert view.left == len(view.steps) - 1
    assert flow_title(view.case, "en") == "Undergraduate clearance"


def lean(case: object) -> Lean:
    document = case_document(case)  # type: ignore[arg-type]
    return Lean(
        student=document["student"],
        name=document["name"],
        school=document["school"],
        flow=document["flow"],
        class_name="",
        counsellor="",
        programme="",
        batch=document["batch"],
        deadline=date(2026, 6, 30),
        marks=document["marks"],
        version=document["version"],
        finished_at="",
        certified=False,
    )


def test_a_row_of_the_matrix_says_what_the_case_says() -> None:
    for case in (opened(), opened(FULL), settled(opened()), feed(opened(), "tuition", arrears="3")):
        row = row_view(lean(case))
        assert row.states == case.states()
        assert row.left == case_view(case, COUNSELLOR, "zh").left
        assert row.needs_school == (case.state("school-approval") == "ready")
    assert row_view(lean(settled(opened()))).needs_school


@pytest.mark.parametrize(("flow", "turn"), [("international-on-campus", "feed"), ("international-overseas", "student")])
def test_from_abroad_it_can_be_the_graduate_s_turn_where_it_is_the_data_s_here(flow: str, turn: Turn) -> None:
    assert turn_of(definition.steps()["housing-deposit"], "ready", flow) == turn


def test_what_a_supervisor_signs_is_theirs_and_not_counted_as_the_school_s() -> None:
    case = feed(opened(MASTER), "lab-equipment")
    row = row_view(lean(case))
    assert row.needs_supervisor and not row.needs_school
    theirs, others = (Session(staff, "supervisor", "x") for staff in ("T0123", "T0124"))

    def signable(session: Session) -> dict[str, list[str]]:
        steps = case_view(case, session, "en").steps
        return {step.id: [action.id for action in step.actions] for step in steps if step.actions}

    assert signable(theirs) == {"lab-equipment": ["sign-off", "send-back", "waive"]}
    assert signable(others) == {}
    assert "lab-equipment" in signable(COUNSELLOR)
    (step,) = (step for step in case_view(case, theirs, "en").steps if step.id == "lab-equipment")
    assert step.office.startswith("The supervisor, or ")


def test_a_supervisor_sees_how_it_stands_and_not_what_was_answered() -> None:
    case = act(opened(MASTER), "personal-file", "declare-destination")
    supervisor = Session("T0123", "supervisor", "x")
    assert not any(step.answers for step in case_view(case, supervisor, "en").steps)
