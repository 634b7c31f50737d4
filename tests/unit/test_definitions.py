"""Every step.toml is complete, in both languages, and fits the handler beside it."""

from __future__ import annotations

import re
import string
from typing import Any

import pytest
from yinji.clearance import definition, flow, university
from yinji.clearance.case import STATES, Facts
from yinji.clearance.definition import Action, StepDefinition
from yinji.clearance.roster import FLAGS
from yinji.clearance.step import Step, TurnedDown

from tests import handlers
from tests.graduates import graduate

STEPS = list(definition.steps().values())
ACTIONS = [(step, action) for step in STEPS for action in step.actions.values()]
FORMS = [(step, action, field) for step, action in ACTIONS for field in action.fields]
each_step = pytest.mark.parametrize("step", STEPS, ids=lambda step: step.id)
each_action = pytest.mark.parametrize(("step", "action"), ACTIONS, ids=lambda thing: thing.id)
each_field = pytest.mark.parametrize(
    ("step", "action", "field"), FORMS, ids=lambda thing: getattr(thing, "id", "") or thing.name
)
CJK = re.compile(r"[\u4e00-\u9fff]")
KEBAB = re.compile(r"[a-z]+(-[a-z]+)*")


def both(text: Any) -> None:
    assert set(text) >= {"zh", "en"}, text
    assert text["zh"].strip() and text["en"].strip(), text
    assert not CJK.search(text["en"]), f"Chinese in the English text: {text['en']}"
    assert placeholders(text["zh"]) == placeholders(text["en"])


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_the_folders_are_the_steps() -> None:
    folders = {path.name for path in definition.folder().iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert {step.module for step in STEPS} == folders
    assert all(step.id.replace("-", "_") == step.module for step in STEPS)
    assert len({step.order for step in STEPS}) == len(STEPS)


@each_step
def test_a_step_is_said_in_both_languages(step: StepDefinition) -> None:
    both(step.title)
    for text in step.reasons.values():
        both(text)


@each_step
def test_a_step_names_only_what_there_is(step: StepDefinition) -> None:
    assert KEBAB.fullmatch(step.id)
    assert step.department == "school" or step.department in university.departments()
    assert step.flows and step.flows <= set(flow.TITLES)
    assert not step.applies or step.applies in FLAGS
    assert step.signer in ("", "supervisor")
    assert not step.signer or step.department == "school", "their school signs in a supervisor's place"
    known = definition.steps()
    for need in step.needs:
        assert need == definition.EVERY_EARLIER_STEP or known[need].order < step.order
    if step.feed:
        assert step.feed.columns[0] == "student"
        assert len(set(step.feed.columns)) == len(step.feed.columns)
        assert 0 < step.feed.hold_share <= 1


@each_step
def test_a_guide_is_there_in_both_languages_or_not_at_all(step: StepDefinition) -> None:
    found = {path.name for path in step.folder.glob("guide.*.md")}
    own = {name.split(".")[1] for name in found if name.count(".") == 3}
    assert own <= step.flows, "a guide of its own is of a flow the step is part of"
    named = {"", *(f"{flow}." for flow in own)} if found else set()
    assert found == {f"guide.{flow}{language}.md" for flow in named for language in ("zh", "en")}
    for language in ("zh", "en") if found else ():
        assert all(step.guide(language, flow).strip() for flow in ("", *own))
        assert len({step.guide(language, flow) for flow in ("", *own)}) == len(own) + 1


@each_action
def test_an_action_is_said_in_both_languages(step: StepDefinition, action: Action) -> None:
    both(action.title)
    if action.by == "student":
        both(action.done)
    for field in action.fields:
        both(field.title)


@each_action
def test_an_action_leads_somewhere_from_where_somebody_can_be(step: StepDefinition, action: Action) -> None:
    assert KEBAB.fullmatch(action.id)
    assert action.by in ("student", "department")
    assert action.sources and action.sources <= set(STATES) - {"waiting", "not_applicable"}
    assert action.to in ("submitted", "done", "blocked", "waived", "ready")
    assert not action.only or action.only in FLAGS
    assert not (action.bulk and action.by == "student"), "students act for themselves"


@each_field
def test_a_form_asks_for_text_of_bounded_length(step: StepDefinition, action: Action, field: Any) -> None:
    schema = field.schema
    assert schema["type"] == "string", "a form without script sends text"
    assert {"enum", "const", "maxLength", "format"} & set(schema), "or somebody sends a novel"
    assert field.name not in ("step_version", "idempotency_key", "next", "case", "cases")
    choices = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    assert [option["value"] for option in field.options] == list(choices)
    for option in field.options:
        both(option)
    if field.required and "maxLength" in schema:
        assert schema["minLength"] >= 1


@each_step
def test_answers_of_different_actions_do_not_meet_under_one_name(step: StepDefinition) -> None:
    names = [field.name for action in step.actions.values() if not action.standard for field in action.fields]
    assert len(set(names)) == len(names)


@each_step
def test_an_office_can_end_every_step_it_is_waited_for(step: StepDefinition) -> None:
    """Whatever state a step may be left in, somebody has an action or the department's data end it."""
    own = [action for action in step.actions.values() if not action.standard]
    if any(action.to == "submitted" for action in own) and not step.feed:
        assert any(action.by == "department" and "submitted" in action.sources for action in own)
    if not step.feed:
        assert any("ready" in action.sources for action in own)
    blocks = [action for action in step.actions.values() if action.to == "blocked"]
    if blocks and not step.feed:
        assert any(action.by == "student" and "blocked" in action.sources for action in own)


def test_exactly_one_step_ends_a_case_and_it_comes_last() -> None:
    assert [step.id for step in STEPS if step.final] == [STEPS[-1].id]
    final = STEPS[-1]
    assert final.needs == ("*",) and not final.applies and final.flows == set(flow.TITLES)
    assert not {"waive", "reopen"} & set(final.actions)


@each_step
def test_a_step_that_needs_another_and_knows_something_is_told_when_it_is_ready(step: StepDefinition) -> None:
    """What arrived while it waited would otherwise never settle it."""
    if step.needs and step.feed:
        assert step.ready


# --- the handler beside it -----------------------------------------------------------------------------------
ROWS: dict[str, list[dict[str, str]]] = {
    "graduation-audit": [{"passed": "yes", "missing": ""}, {"passed": "no", "missing": "体育;英语"}],
    "library-loans": [
        {"loans": "0", "fines": "0", "titles": ""},
        {"loans": "2", "fines": "0", "titles": "围城;边城"},
        {"loans": "0", "fines": "1.5", "titles": ""},
        {"loans": "1", "fines": "3", "titles": "围城"},
    ],
    "tuition": [{"arrears": "0", "items": ""}, {"arrears": "12", "items": "住宿费"}],
    "campus-card": [{"balance": "0"}, {"balance": "-3"}, {"balance": "12.5"}],
    "lab-equipment": [{"items": "0", "names": ""}, {"items": "2", "names": "示波器;相机"}],
    "housing-deposit": [{"refunded": "yes", "amount": "800"}, {"refunded": "no", "amount": "800"}],
}
ALL_FLAGS = frozenset(FLAGS)


@each_step
def test_a_handler_reads_what_its_feed_promises(step: StepDefinition) -> None:
    reactions: Step = handlers.steps()[step.id]
    assert (step.feed is not None) == (reactions._read is not None) == (step.id in ROWS)
    for row in ROWS.get(step.id, []):
        assert step.feed
        assert set(row) | {"student"} == set(step.feed.columns)
        reactions.read(row)


@each_step
def test_the_reasons_a_handler_gives_are_the_reasons_defined(step: StepDefinition) -> None:
    """Both ways: each reason has its sentence, each sentence is given by something, and their places are filled."""
    reactions: Step = handlers.steps()[step.id]
    given: dict[str, set[str]] = {"sent-back": {"reason"}} if "send-back" in step.actions else {}
    for row in ROWS.get(step.id, []):
        for flags in (frozenset(), ALL_FLAGS):
            assert reactions._settle
            standing = reactions._settle(Facts(feed=reactions.read(row)), graduate(1, flags=flags))
            for reason in standing.reasons:
                given[reason.code] = set(reason.params)
    for action, signer in reactions._signers.items():
        signed = signer({"code_tries": "4"}, {field.name: "wrong" for field in step.actions[action].fields})
        if isinstance(signed, TurnedDown) and signed.reason:
            given[signed.reason.code] = set(signed.reason.params)
    assert set(given) == set(step.reasons)
    for code, params in given.items():
        assert placeholders(step.reasons[code]["zh"]) <= params | {"office"}


@each_step
def test_a_handler_reacts_to_actions_there_are(step: StepDefinition) -> None:
    reactions: Step = handlers.steps()[step.id]
    assert set(reactions._checks) <= {action.id for action in step.actions.values() if action.by == "student"}
    with pytest.raises(KeyError):
        reactions.on("no-such-action")(lambda answers, graduate, today: answers)
    with pytest.raises(KeyError):
        Step("no-such-step")


def test_the_university_is_said_in_both_languages() -> None:
    both(university.name())
    assert len(university.schools()) == 25
    for place in [*university.schools().values(), *university.departments().values()]:
        both(place)
        both(place["place"])
        assert place["phone"]
    for department in university.departments().values():
        both(department["hours"])
        if "postgraduate" in department:
            both(department["postgraduate"])
    for title in flow.TITLES.values():
        both(title)


def test_the_graduate_school_audits_postgraduates() -> None:
    assert university.office("academic-affairs", "S01")["en"] == "Academic Affairs"
    assert university.office("academic-affairs", "S01", "postgraduate")["en"] == "Graduate School"
    assert university.office("school", "S02")["zh"] == "历史学院"
