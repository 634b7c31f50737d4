"""The data map tells of everything that is kept, and says of each thing how long: held against the items themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest
from yinji.archive import catalogue, readers_store
from yinji.clearance import evidence, rounds
from yinji.clearance import store as clearance
from yinji.forms import facts_store
from yinji.forms import store as forms_store
from yinji.identity import looks
from yinji.identity import store as identity
from yinji.identity.session import ROLES
from yinji.messages import model
from yinji.privacy.map import By, about_nobody, groups, terms
from yinji.privacy.retention import NEVER_CLOSED, due, over
from yinji.repair import incidents_store, photos, reports_store
from yinji.visits import store as visits_store

from tests.graduates import BATCH
from tests.models import models

ATTRIBUTES = {f"{kind.__name__}.{name}" for kind in models().values() for name in kind.get_attributes()}
TOLD = [item for group in groups() for item in group.items] + list(about_nobody())


def covers(told: str, attribute: str) -> bool:
    return told == attribute or (told.endswith(".*") and attribute.startswith(told[:-1]))


def test_every_attribute_of_every_item_is_in_the_map() -> None:
    assert len(ATTRIBUTES) > 100
    assert sorted(one for one in ATTRIBUTES if not any(covers(told, one) for told in TOLD)) == []


def test_the_map_tells_of_nothing_that_there_is_not() -> None:
    assert [told for told in TOLD if not any(covers(told, one) for one in ATTRIBUTES)] == []


def test_what_is_about_nobody_is_not_about_somebody_as_well() -> None:
    of_people = [item for group in groups() for item in group.items]
    doubtful = {
        one
        for one in ATTRIBUTES
        if any(covers(told, one) for told in of_people) and any(covers(told, one) for told in about_nobody())
    }
    assert doubtful == {
        "SlotItem.set_by",  # who closed a time, among counters
        "FormItem.changed_by",  # who worked on a form, in what tells of the form
        "VersionItem.published_by",
    }


def test_the_code_keeps_things_for_as_long_as_the_map_says() -> None:
    kept = {
        "unused": evidence.KEPT_UNUSED,
        "outcomes": rounds.KEPT,
        "messages": model.KEPT,
        "activities": catalogue.KEPT,
        "passes": readers_store.KEPT,
        "sign-ins": identity.SIGN_INS_KEPT,
        "roles": identity.GRANTS_KEPT,
        "audits": clearance.AUDITS_KEPT,
        "looks": looks.KEPT,
        "faults": reports_store.KEPT,
        "work": incidents_store.KEPT,
        "visits": visits_store.KEPT,
        "forms": forms_store.FORM_EVENTS_KEPT,
        "form-draft": forms_store.DRAFTS_KEPT,
        "facts": facts_store.KEPT,
        "past-facts": facts_store.PAST_KEPT,
    }
    assert {name: term.length for name, term in terms().items() if term.by == "expiry"} == kept
    # what goes with the reports it is about
    assert photos.KEPT_FOR == model.KEPT_OF_FAULTS == reports_store.KEPT


def test_each_group_has_a_term_and_roles_there_are_and_both_languages() -> None:
    assert {term.id for group in groups() for term in group.kept} == terms().keys()
    for group in groups():
        assert group.kept and set(group.seen_by) <= set(ROLES), group.id
        for text in (group.title, group.facts, group.purpose, group.source, group.ground):
            assert text["zh"] and text["en"] and text["zh"] != text["en"], group.id
    assert all(term.by in get_args(By) for term in terms().values())


@pytest.mark.parametrize(
    ("days", "numbers", "whole"),
    [(0, False, False), (179, False, False), (180, True, False), (1825, True, False), (1826, True, True)],
)
def test_numbers_go_first_and_the_case_years_later(days: int, numbers: bool, whole: bool) -> None:
    closed = datetime(2026, 7, 1, tzinfo=UTC)
    found = due(BATCH, closed, closed.date() + timedelta(days=days))
    assert (found.numbers, found.cases) == (numbers, whole)


def test_a_batch_that_nobody_closes_is_over_a_year_after_its_deadline() -> None:
    assert over(BATCH, None) == BATCH.deadline + NEVER_CLOSED
    assert not due(BATCH, None, date(2027, 6, 30) + timedelta(days=179)).numbers
