"""What is arranged for a case beside its steps, and how a flow changes while cases are open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yinji.clearance import arrangements, definition, flow
from yinji.clearance.appointments import bookings
from yinji.clearance.arrangements import arrange, behind, carry_over, migrate, possible, preview
from yinji.clearance.case import Case, Certificate, Change, correct
from yinji.clearance.document import case_document, case_of
from yinji.clearance.queue import entries
from yinji.platform.problem import Problem

from tests.graduates import BATCH, LIN, NOW, event, opened
from tests.unit.test_case import FULL, act, feed, settled

TODAY = date(2026, 6, 15)
AMINA = replace(LIN, category="international", school="S25", nationality="PK", flags=frozenset({"lives_in", "thesis"}))
WINTER = replace(BATCH, id="2026-winter", opens_on=date(2026, 11, 1), deadline=date(2026, 12, 31))


def arranged(case: Case, name: str, **answers: str) -> Case:
    return arrange(case, name, answers, BATCH, TODAY, event(name)).after


def begun(case: Case) -> Case:
    """`case` with what its first departments know, which settles their steps."""
    for step in ("graduation-audit", "library-loans", "tuition"):
        case = feed(case, step)
    return case


def over(case: Case) -> Case:
    """`case` with everything settled and its certificate made."""
    return replace(settled(case, until=""), certificate=Certificate("0" * 16, NOW))


def test_a_student_who_leaves_the_country_keeps_what_is_done() -> None:
    before = begun(opened(AMINA))
    abroad = arranged(before, "move-abroad")
    assert (before.flow, abroad.flow) == ("international-on-campus", "international-overseas")
    assert {step: before.state(step) for step in before.steps} == {step: abroad.state(step) for step in before.steps}
    again = arranged(abroad, "return-to-campus")
    assert again.flow == "international-on-campus" and again.steps.keys() == before.steps.keys()


def test_what_was_declared_about_the_case_outranks_the_next_roster() -> None:
    abroad = arranged(opened(AMINA), "move-abroad")
    assert correct(abroad, AMINA, BATCH, event("roster"), "2026-06-16T00:00:00Z") is None
    named = correct(abroad, replace(AMINA, name="Amina K."), BATCH, event("roster"), "2026-06-16T00:00:00Z")
    assert named and named.after.flow == "international-overseas" and named.after.graduate.name == "Amina K."


def test_an_extension_outlives_the_batch_s_own_changes() -> None:
    later = arranged(opened(), "extend", until="2026-08-01", reason="生病")
    assert later.deadline == date(2026, 8, 1)
    moved = correct(later, LIN, replace(BATCH, deadline=date(2026, 7, 15)), event("batch"))
    assert moved is None
    moved = correct(later, LIN, replace(BATCH, deadline=date(2026, 9, 15)), event("batch"))
    assert moved and moved.after.deadline == date(2026, 9, 15)


@pytest.mark.parametrize("until", ["2026-06-30", "2026-06-14", "2028-01-01"])
def test_an_extension_is_a_later_day_not_too_far_ahead(until: str) -> None:
    with pytest.raises(Problem) as refused:
        arranged(opened(), "extend", until=until, reason="生病")
    assert refused.value.code == "date-not-possible"


def test_who_is_withdrawn_waits_nowhere_and_comes_back_as_they_were() -> None:
    before = act(begun(opened(FULL)), "party-transfer", "declare-destination")
    out = arranged(before, "withdraw", reason="延期毕业")
    assert entries(before) and not entries(out)
    assert out.shelf == f"withdrawn:{FULL.school}" and case_of(case_document(out)) == out
    assert correct(out, FULL, BATCH, event("roster"), "2026-06-16T00:00:00Z") is None
    back = arranged(out, "restore")
    assert back.states() == before.states() and entries(back).keys() == entries(before).keys()


def test_the_roster_of_another_batch_takes_a_withdrawn_graduate_in() -> None:
    out = arranged(opened(), "withdraw", reason="延期毕业")
    taken = correct(out, LIN, WINTER, event("roster"))
    assert taken and taken.after.withdrawn_at is None and taken.after.batch == "2026-winter"


def test_a_reopened_case_has_lost_its_certificate_and_only_its_last_step() -> None:
    before = over(opened())
    again = arranged(before, "reopen", reason="证书退回")
    assert again.certificate is None and again.finished_at is None and not again.closed
    assert {step for step in again.steps if again.state(step) != before.state(step)} == {"diploma"}
    assert again.state("diploma") == "ready"


def test_nothing_but_reopening_is_possible_once_the_diploma_is_handed_over() -> None:
    closed, running = over(opened(AMINA)), opened(AMINA)
    assert [name for name in arrangements.forms() if possible(name, closed)] == ["reopen"]
    assert [name for name in arrangements.forms() if possible(name, running)] == ["extend", "move-abroad", "withdraw"]
    with pytest.raises(Problem) as refused:
        arranged(closed, "withdraw", reason="不行")
    assert refused.value.code == "not-possible-now"


@given(st.lists(st.sampled_from(["extend", "move-abroad", "return-to-campus", "withdraw", "restore"]), max_size=8))
def test_whatever_is_arranged_what_is_done_stays_done(names: list[str]) -> None:
    case = begun(opened(AMINA))
    done = {step for step, state in case.states().items() if state == "done"}
    for number, name in enumerate(names):
        if not possible(name, case):
            continue
        answers = {"until": (case.deadline + timedelta(days=1)).isoformat(), "reason": "理由"}
        change = arrange(case, name, answers, BATCH, TODAY, event(f"{name}-{number}"))
        assert change.after.version == case.version + 1
        case = change.after
        assert done <= {step for step, state in case.states().items() if state == "done"}
        assert case_of(case_document(case)) == case


def test_an_unfinished_case_is_carried_over_and_a_finished_one_is_not() -> None:
    carried = carry_over(opened(), BATCH, WINTER, event("over"))
    assert carried and (carried.after.batch, carried.after.deadline) == (WINTER.id, WINTER.deadline)
    assert carry_over(carried.after, BATCH, WINTER, event("over")) is None
    assert carry_over(over(opened()), BATCH, WINTER, event("over")) is None


# --- versions of flows ---------------------------------------------------------------------------------------
NEW_STEP = """
id = "{id}"
order = 45
department = "security"
flows = {flows}
title = {{ zh = "钥匙归还", en = "Keys" }}

[actions.sign-off]
by = "department"
from = ["ready"]
to = "done"
title = {{ zh = "确认", en = "Sign off" }}
"""


@pytest.fixture
def changed_flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    """An open case, and after it was opened a flow that has one step more and one less."""
    case = settled(opened(FULL), until="")
    case = replace(case, steps={**case.steps, "diploma": opened(FULL).steps["diploma"]}, finished_at=None)
    for folder in definition.folder().iterdir():
        if (folder / "step.toml").exists():
            (tmp_path / folder.name).mkdir()
            text = (folder / "step.toml").read_text("utf-8")
            if folder.name == "personal_file":
                text = text.replace('"undergraduate"', '"undergraduate@1-1"')
            (tmp_path / folder.name / "step.toml").write_text(text, "utf-8")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "step.toml").write_text(NEW_STEP.format(id="keys", flows='["undergraduate@2"]'), "utf-8")
    monkeypatch.setenv("YINJI_STEPS", str(tmp_path))
    for cached in (definition.steps, definition.flow_version):
        cached.cache_clear()
    yield case
    monkeypatch.undo()
    for cached in (definition.steps, definition.flow_version):
        cached.cache_clear()


def test_open_cases_keep_their_version_and_new_ones_open_with_the_newest(changed_flow: Case) -> None:
    assert flow.version("undergraduate") == 2 and flow.version("postgraduate") == 1
    assert behind(changed_flow) and "keys" not in changed_flow.steps
    corrected = correct(changed_flow, replace(FULL, room="兰园 1-101"), BATCH, event("roster"))
    assert corrected and corrected.after.flow_version == 1 and corrected.after.steps.keys() == changed_flow.steps.keys()
    fresh = opened(FULL)
    assert fresh.flow_version == 2 and "keys" in fresh.steps and "personal-file" not in fresh.steps


def test_the_preview_tells_what_migrating_does(changed_flow: Case) -> None:
    told = preview([changed_flow, opened(FULL), over(changed_flow)])
    assert told.cases == 1
    assert dict(told.comes) == {"keys": 1} and dict(told.goes) == dict(told.goes_done) == {"personal-file": 1}
    assert told.unsettled == 1  # the school's approval comes after the new step
    change = migrate(changed_flow, event("migrate"))
    assert isinstance(change, Change) and change.after.flow_version == 2
    assert change.after.state("keys") == "ready" and "personal-file" not in change.after.steps
    assert change.after.state("school-approval") == "waiting"
    assert change.event.states == {"keys": "ready", "personal-file": "not_applicable", "school-approval": "waiting",
                                   "diploma": "waiting"}  # fmt: skip
    assert migrate(change.after, event("migrate")) is None


def test_a_flow_that_is_named_wrongly_is_no_flow() -> None:
    for wrong in ("undergraduate@", "undergraduate@2-1", "@2", "Undergraduate", "undergraduate@x"):
        with pytest.raises(ValueError, match="flows"):
            definition.membership(wrong)
    assert definition.membership("undergraduate@2-") == ("undergraduate", definition.Membership(2))


def test_who_is_withdrawn_gives_their_appointment_back() -> None:
    booked = act(opened(LIN), "dormitory", "book-inspection")
    assert bookings(booked)
    out = arranged(booked, "withdraw", reason="延期毕业")
    assert not bookings(out) and not bookings(arranged(out, "restore"))
    assert arranged(out, "restore").state("dormitory") == "ready"
