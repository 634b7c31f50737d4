"""Messages: what follows from a change, when it may be sent, how it is said, and who can stop it."""

from __future__ import annotations

import re
import string
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yinji.clearance import definition, university
from yinji.clearance.case import DONE, Case, Certificate, Facts, Reason, blocked, certify, correct, settle
from yinji.clearance.document import MARKS
from yinji.clearance.step import SENT_BACK
from yinji.clearance.store import Lean
from yinji.clearance.view import row_view
from yinji.identity.session import Session
from yinji.messages import stop, words
from yinji.messages.compose import QueueFigures, needing_student, of_change, of_deadline, of_office, of_reminder
from yinji.messages.letter import Reader, letter
from yinji.messages.model import (
    KINDS,
    OF_ACTIVITIES,
    OF_EDITIONS,
    OF_FAULTS,
    OF_FORMS,
    OF_RECORDS,
    OF_VISITS,
    QUIET_FROM,
    QUIET_UNTIL,
    TOPIC_OF,
    Message,
    Settings,
    awake,
    box_of,
    report_box,
    topics_of,
    visit_box,
)
from yinji.platform import clock
from yinji.platform.clock import CAMPUS

from tests.graduates import BATCH, LIN, NOW, event, opened
from tests.sessions import begun
from tests.unit.test_case import FULL, settled

CASE = opened()
KEYS = ["new", "old"]


def moved(case: Case, step: str, standing: Any, **facts: Any) -> Case:
    """`case` after `step` came to stand so."""
    known = replace(case.steps[step].facts, **facts) if facts else Facts(answers={"n": str(case.version)})
    change = settle(case, step, known, standing, event(f"k{case.version}", at=NOW + timedelta(minutes=case.version)))
    assert change
    return change.after


def sent_back(case: Case, why: str = "照片不清楚") -> Case:
    return moved(case, "dormitory", blocked(Reason(SENT_BACK, {"reason": why})))


# --- what follows from a change -------------------------------------------------------------------------------


def test_a_case_that_opens_says_one_welcome_with_everything_that_needs_the_student() -> None:
    [welcome] = of_change(None, CASE)
    assert (welcome.kind, welcome.box, welcome.at) == ("welcome", LIN.student, CASE.updated_at)
    assert len(welcome.params["steps"]) > 1
    assert welcome.params["steps"] == needing_student(CASE.states(), CASE.flow, LIN.flags)


def test_a_step_that_became_the_students_is_told_once() -> None:
    loan = Reason("loan", {"titles": "乡土中国", "count": "1"})
    after = moved(CASE, "library-loans", blocked(loan))
    [message] = of_change(CASE, after)
    assert (message.kind, message.params["steps"]) == ("yours", ["library-loans"])
    again = moved(after, "library-loans", blocked(Reason("loan", {"titles": "乡土中国", "count": "2"})))
    assert of_change(after, again) == []


def test_several_steps_at_once_are_one_message() -> None:
    later = moved(moved(CASE, "library-loans", blocked(Reason("loan"))), "tuition", blocked(Reason("arrears")))
    [message] = of_change(CASE, later)
    assert message.params["steps"] == ["library-loans", "tuition"]


def test_what_is_sent_back_is_told_as_that_and_not_as_a_new_step_besides() -> None:
    waiting = moved(CASE, "dormitory", replace(DONE, state="submitted"))
    after = sent_back(waiting)
    [message] = of_change(waiting, after)
    assert (message.kind, message.params) == ("sent-back", {"steps": ["dormitory"], "reason": "照片不清楚"})
    assert of_change(after, moved(after, "exit-survey", DONE)) == []
    [second] = of_change(after, sent_back(after, "还是不清楚"))
    assert second.id != message.id


def test_the_certificate_is_what_says_that_everything_is_done() -> None:
    case = settled(opened(FULL), until="")
    assert case.finished and of_change(opened(FULL), case) == []
    change = certify(case, Certificate("0000111122223333", NOW), event("c", at=NOW))
    assert change
    assert [message.kind for message in of_change(case, change.after)] == ["done"]


def test_a_deadline_that_moved_is_told() -> None:
    change = correct(CASE, LIN, replace(BATCH, deadline=date(2026, 7, 31)), event("roster"))
    assert change
    [message] = of_change(CASE, change.after)
    assert (message.kind, message.params) == ("deadline-moved", {"deadline": "2026-07-31"})


def test_nobody_is_written_to_about_a_practice_case() -> None:
    practice = replace(CASE, practice="library")
    assert of_change(None, practice) == []
    assert of_reminder(practice, "", "k" * 8, NOW) is None


def test_nobody_is_written_to_about_a_withdrawn_case_and_who_comes_back_is_welcomed() -> None:
    gone = replace(CASE, withdrawn_at=NOW, version=2)
    assert of_change(CASE, gone) == [] and of_reminder(gone, "", "k" * 8, NOW) is None
    assert [message.kind for message in of_change(gone, replace(CASE, version=3))] == ["welcome"]


def test_before_the_opening_day_a_welcome_says_when_it_is_and_nothing_else_is_asked_for() -> None:
    early = replace(CASE, opens_on=(NOW + timedelta(days=3)).date())
    [welcome] = of_change(None, early)
    lines = words.told(welcome, "en").lines
    assert lines[0].startswith("Clearance begins on 18 June 2026") and len(lines) == 3
    assert of_change(early, moved(early, "library-loans", blocked(Reason("loan")))) == []
    assert of_reminder(early, "", "k" * 8, NOW) is None
    assert of_reminder(early, "", "k" * 8, NOW + timedelta(days=3)) is not None


def test_an_extension_granted_to_one_graduate_is_told_as_a_deadline_that_moved() -> None:
    until = date(2026, 7, 20)
    [message] = of_change(CASE, replace(CASE, extended_to=until, deadline=until, version=2))
    assert (message.kind, message.params) == ("deadline-moved", {"deadline": "2026-07-20"})


STANDINGS = st.sampled_from([blocked(Reason("loan")), blocked(Reason(SENT_BACK, {"reason": "x"})), DONE])


@given(st.lists(st.tuples(st.sampled_from(sorted(CASE.steps)), STANDINGS), max_size=8))
def test_whatever_happens_an_occasion_has_one_id_and_replays_have_the_same(moves: list[tuple[str, Any]]) -> None:
    history: list[tuple[Case | None, Case]] = [(None, CASE)]
    for step, standing in moves:
        case = history[-1][1]
        facts = Facts(answers={"version": str(case.version)})
        change = settle(case, step, facts, standing, event(f"k{case.version}", at=NOW + timedelta(hours=case.version)))
        assert change
        history.append((case, change.after))
    first = [of_change(before, after) for before, after in history]
    second = [of_change(before, after) for before, after in history]
    assert first == second
    ids = [message.id for messages in first for message in messages]
    assert len(ids) == len(set(ids))
    for (before, after), messages in zip(history, first, strict=True):
        had = set(needing_student(before.states(), before.flow, LIN.flags)) if before else set()
        told = [step for message in messages for step in message.params.get("steps", ())]
        assert len(told) == len(set(told))
        assert set(needing_student(after.states(), after.flow, LIN.flags)) - had <= set(told)


# --- the deadline, a reminder, the digest ---------------------------------------------------------------------


def row(case: Case = CASE, **changes: Any) -> Any:
    lean = Lean(
        student=case.graduate.student, name=case.graduate.name, school=case.graduate.school, flow=case.flow,
        class_name="", counsellor="", programme="", batch=case.batch, deadline=case.deadline,
        marks={step: MARKS[state] for step, state in case.states().items()}, version=1, finished_at="",
        certified=False,
    )  # fmt: skip
    return row_view(replace(lean, **changes))


@pytest.mark.parametrize("days", range(-1, 10))
def test_seven_three_and_one_days_before_the_deadline_who_has_something_to_do_is_told(days: int) -> None:
    message = of_deadline(row(), CASE.deadline - timedelta(days=days), NOW)
    assert (message is not None) == (days in (7, 3, 1))
    if message:
        assert message.params["days"] == days and "exit-survey" in message.params["steps"]
        later = of_deadline(row(), CASE.deadline - timedelta(days=days), NOW + timedelta(hours=1))
        assert later and later.id == message.id


def test_who_waits_for_others_or_has_finished_is_not_told_of_the_deadline() -> None:
    week = CASE.deadline - timedelta(days=7)
    assert of_deadline(row(marks={"tuition": "r", "dormitory": "s"}), week, NOW) is None
    assert of_deadline(row(finished_at="2026-06-01T00:00:00Z"), week, NOW) is None


def test_a_department_reminds_of_its_own_steps_and_a_school_of_all() -> None:
    all_of_them = of_reminder(CASE, "", "k" * 8, NOW)
    housing = of_reminder(CASE, "housing", "k" * 8, NOW)
    assert all_of_them and housing
    assert housing.params["steps"] == ["dormitory"] and set(all_of_them.params["steps"]) > {"dormitory"}
    assert of_reminder(CASE, "finance", "k" * 8, NOW) is None


def test_an_office_is_told_once_a_day_when_something_waits_and_only_then() -> None:
    assert of_office("library", [QueueFigures("library-loans", 0)], NOW.date(), NOW) is None
    queues = [QueueFigures("library-loans", 3, "2026-06-12T04:00:00.000Z", held=True, stale=True)]
    digest = of_office("library", queues, NOW.date(), NOW)
    again = of_office("library", queues, NOW.date(), NOW + timedelta(minutes=5))
    assert digest and again and digest.id == again.id == "digest#2026-06-15"
    assert digest.box == "office:library"
    for language, parts in (
        ("zh", ("3 人", "3 天", "人工确认", "26 小时")),
        ("en", ("3 waiting", "3 days", "confirm")),
    ):
        lines = "\n".join(words.told(digest, language).lines)
        assert all(part in lines for part in parts), lines


# --- when it may be sent --------------------------------------------------------------------------------------


def at(hour: int, minute: int, day: int = 15) -> datetime:
    return datetime(2026, 6, day, hour, minute, tzinfo=CAMPUS)


@pytest.mark.parametrize(
    ("moment", "sent"),
    [
        (at(7, 29), at(7, 30)),
        (at(7, 30), at(7, 30)),
        (at(21, 59), at(21, 59)),
        (at(22, 0), at(7, 30, 16)),
        (at(23, 59), at(7, 30, 16)),
        (at(0, 0), at(7, 30)),
    ],
)
def test_between_ten_at_night_and_half_past_seven_it_waits_for_the_morning(moment: datetime, sent: datetime) -> None:
    assert awake(moment) == sent
    assert awake(moment.astimezone(UTC)) == sent


@given(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1), timezones=st.just(UTC)))
def test_whenever_it_is_it_waits_for_less_than_a_night_and_never_ends_in_one(moment: datetime) -> None:
    sent = awake(moment)
    assert timedelta() <= sent - moment <= timedelta(hours=9, minutes=30)
    assert QUIET_UNTIL <= sent.astimezone(CAMPUS).time() < QUIET_FROM
    assert awake(sent) == sent


# --- how it is said -------------------------------------------------------------------------------------------

JAZZ = {
    "activity": "A1", "title": "Jazz", "begins_at": "2026-06-20T11:00:00.000Z", "place": "",
    "until": "2026-06-20T13:00:00.000Z",
}  # fmt: skip
SENT_FORM = {
    "submission": "0" * 24,
    "state": "returned",
    "title": {"zh": "困难补助申请", "en": "Aid for hardship"},
    "called": LIN.name,
    "reason": "320.00",
}
HOME_VISIT = {"day": "2026-07-01", "from": "2026-06-24", "window": "morning", "place": "meiyuan", "why": ""}
SAMPLES = [
    Message("a", LIN.student, "welcome", NOW, {"steps": ["exit-survey"], "deadline": "2026-06-30", "flow": "x"}),
    Message("b", LIN.student, "yours", NOW, {"steps": ["library-loans", "tuition"]}),
    Message("c", LIN.student, "sent-back", NOW, {"steps": ["dormitory"], "reason": "金额 320.00 不对"}),
    Message("d", LIN.student, "done", NOW, {}),
    Message("e", LIN.student, "deadline-moved", NOW, {"deadline": "2026-07-01"}),
    Message("f", LIN.student, "deadline", NOW, {"steps": ["tuition"], "deadline": "2026-06-30", "days": 1}),
    Message("g", LIN.student, "reminder", NOW, {"steps": ["tuition"], "deadline": "2026-06-30", "office": "S01"}),
    Message(
        "h",
        "office:library",
        "digest",
        NOW,
        {
            "queues": [{"step": "library-loans", "waiting": 1, "oldest": "2026-06-15T01:00:00.000Z"}],
            "held": ["library-loans"],
            "stale": ["library-loans"],
            "office": "library",
        },
    ),
    *(
        Message(kind, LIN.student, kind, NOW, {"record": "award", "title": "320.00", "why": "evidence: 320.00"})
        for kind in KINDS
        if kind in OF_RECORDS
    ),
    *(Message(kind, LIN.student, kind, NOW, JAZZ) for kind in KINDS if kind in OF_ACTIVITIES),
    *(Message(kind, LIN.student, kind, NOW, {"why": "320.00"}) for kind in KINDS if kind in OF_EDITIONS),
    *(
        Message(kind, report_box("r"), kind, NOW, {"place": {"zh": "图书馆 101 室", "en": "Library Room 101"}})
        for kind in KINDS
        if kind in OF_FAULTS
    ),
    *(Message(kind, visit_box("1"), kind, NOW, HOME_VISIT) for kind in KINDS if kind in OF_VISITS),
    Message("i", "office:finance", "fact-corrected", NOW, {"fact": "bank-card", "source": "finance"}),
    *(Message(kind, LIN.student, kind, NOW, SENT_FORM) for kind in KINDS if kind in OF_FORMS),
    Message("i", "office:finance", "form-layout", NOW, SENT_FORM | {"form": "a-form", "version": 2, "why": "3"}),
]


def test_there_is_a_sample_of_every_kind() -> None:
    assert [message.kind for message in SAMPLES] == list(KINDS)


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: message.kind)
def test_a_message_is_said_in_the_language_of_its_reader(message: Message) -> None:
    for language in ("zh", "en"):
        told = words.told(message, language)
        text = "\n".join([told.title, *told.lines])
        assert bool(re.search("[\u4e00-\u9fff]", text)) == (language == "zh"), text
        assert "{" not in text and told.lines


def test_one_thing_is_not_said_as_many() -> None:
    def title(*steps: str) -> str:
        return words.told(Message("b", LIN.student, "yours", NOW, {"steps": list(steps)}), "en").title

    every = definition.steps()
    assert title("tuition") == f"1 thing needs you: {every['tuition'].title['en']}"
    loans, tuition = every["library-loans"].title["en"], every["tuition"].title["en"]
    assert title("library-loans", "tuition") == f"2 things need you: {loans}, {tuition}"
    assert title(*list(every)[:4]) == "4 things need you"


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: message.kind)
def test_a_mail_says_what_to_do_and_no_reasons_amounts_or_numbers_of_students(message: Message) -> None:
    topic = TOPIC_OF.get(message.kind)
    link = "https://yinji.example.edu/api/messages/stop/token" if topic else ""
    for language in ("zh", "en"):
        found = letter(message, Reader("林<晓>雨", "a@example.edu", language), "https://yinji.example.edu", link)
        both = found.subject + found.text + found.html
        assert LIN.student not in both and "320.00" not in both
        assert found.url in found.text and found.url.startswith("https://yinji.example.edu/")
        # who reports a fault does not say what they are called
        named = message.kind not in OF_FAULTS
        assert ("林<晓>雨" in found.text) == ("林&lt;晓&gt;雨" in found.html) == named and "<晓>" not in found.html
        assert (link in found.text and link in found.html) if link else "/stop/" not in both


def test_both_catalogues_say_the_same_with_the_same_blanks() -> None:
    def flat(language: str) -> dict[str, set[str]]:
        return {
            f"{section}.{name}": {
                blank
                for one in ([text] if isinstance(text, str) else text.values())
                for _, blank, _, _ in string.Formatter().parse(one)
                if blank
            }
            for section, table in words.catalogue(language).items()
            for name, text in table.items()
        }

    assert flat("zh") == flat("en")
    assert set(words.catalogue("zh")["title"]) == {*KINDS, "yours-many"}
    assert not re.search("[\u4e00-\u9fff]", str(dict(words.catalogue("en"))))


def test_every_office_can_be_written_to() -> None:
    offices = {**university.departments(), **university.schools()}
    assert all(re.fullmatch(r"[a-z0-9-]+@office\.example\.edu", office["email"]) for office in offices.values())
    assert {step.department for step in definition.steps().values()} <= {*university.departments(), "school"}


# --- what may be stopped --------------------------------------------------------------------------------------


def test_reminders_and_news_can_be_stopped_and_what_was_sent_back_or_is_done_cannot() -> None:
    settings = Settings(stopped=frozenset(TOPIC_OF.values()))
    assert {kind for kind in KINDS if settings.mails(kind)} == {
        "welcome", "sent-back", "done", "deadline-moved", "fact-corrected", "form-layout",
        *OF_RECORDS, *OF_EDITIONS, *OF_FORMS,
    }  # fmt: skip
    assert all(Settings().mails(kind) for kind in KINDS)


def test_a_box_is_a_students_own_or_an_offices() -> None:
    assert box_of(Session("1", "student", "x")) == "1"
    assert box_of(Session("2", "counsellor", "x", school="S01")) == "office:S01"
    assert box_of(Session("3", "department-officer", "x", department="library")) == "office:library"
    assert box_of(Session("4", "administrator", "x")) == ""
    assert box_of(Session("5", "supervisor", "x", school="S01")) == "", "what the school's office is told is not theirs"
    assert topics_of(visit_box("1", "relative")) == ("visits",)
    assert topics_of("office:library") == ("digest",) and "digest" not in topics_of("1")


def test_a_stop_link_holds_over_a_rotation_and_nobody_can_make_one() -> None:
    token = stop.token("1", "yours", ["old"])
    assert stop.read(token, KEYS) == ("1", "yours")
    assert stop.read(token, ["another"]) is None
    assert stop.read(stop.token("1", "digest", KEYS), KEYS) is None
    assert stop.read("x" * 1000, KEYS) is None


@given(st.data())
def test_a_stop_link_that_was_tampered_with_stops_nothing(data: st.DataObject) -> None:
    token = stop.token(LIN.student, "yours", KEYS)
    place = data.draw(st.integers(0, len(token) - 1))
    letter_ = data.draw(st.sampled_from(string.ascii_letters + string.digits + "-_."))
    forged = token[:place] + letter_ + token[place + 1 :]
    known = stop.read(forged, KEYS)
    assert known is None or (forged == token) or known == (LIN.student, "yours")


def test_a_session_is_no_stop_link_and_the_other_way_round() -> None:
    from yinji.identity.session import read, sign

    session = sign(begun(Session(LIN.student, "student", "x")), KEYS)
    assert stop.read(session, KEYS) is None and read(session, KEYS, clock.now())
    assert read(stop.token(LIN.student, "yours", KEYS), KEYS, clock.now()) is None
