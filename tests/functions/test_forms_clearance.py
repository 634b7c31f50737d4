"""Steps of clearance ask for nothing that is known, and what is answered there is known everywhere."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from yinji.forms import clearance
from yinji.forms.facts import Fact
from yinji.forms.facts_store import Facts
from yinji.forms.filling import mark
from yinji.identity.session import Session
from yinji.platform.clock import now, stamp

from tests import portal
from tests.functions.conftest import Cloud
from tests.graduates import graduate

IBAN = "KZ86125KZT5004100100"
WHO = graduate(11, category="international", flags=frozenset({"scholarship", "abroad", "lives_in"}))
ME = Session(WHO.student, "student", "x")
ACCOUNT = {"account_holder": "Aigerim", "swift": "HSBKKZKX", "bank_abroad": "Halyk Bank", "iban": IBAN}


@pytest.fixture
def abroad(cloud: Cloud) -> Cloud:
    cloud.open(WHO)
    cloud.feed("library-loans", {"student": WHO.student, "loans": 0, "fines": "0.00", "titles": ""})
    return cloud


def told(cloud: Cloud, step: str) -> None:
    """The bus tells that `step` was answered."""
    detail = {"student": WHO.student, "step": step, "version": 2, "at": stamp(now())}
    cloud.invoke("forms/learn_step", {"detail-type": "step-answered", "detail": detail})


def uses(known: dict[str, Fact]) -> dict[str, str]:
    kinds = {
        "account_holder": "account-holder",
        "iban": "account-abroad",
        "swift": "swift",
        "bank_abroad": "bank-abroad",
    }
    return {f"use.{name}": mark(known[kind]) for name, kind in kinds.items()}


def test_an_account_declared_once_is_confirmed_at_the_next_step(abroad: Cloud) -> None:
    good = abroad.act(ME, "scholarship-settlement", "declare-account", WHO.student, **ACCOUNT)
    assert good.json["state"] == "submitted"
    told(abroad, "scholarship-settlement")
    known = Facts().of(WHO.student)
    assert {"account-holder", "account-abroad", "swift", "bank-abroad"} <= known.keys()
    assert IBAN not in str(known["account-abroad"].value), "it is kept sealed"

    page = portal.visit("/me", ME).body
    form = next(
        one for one in re.findall(r"<form.*?</form>", page, re.DOTALL) if "/steps/campus-card/choose-from-abroad" in one
    )
    assert "•••• 0100" in form and IBAN not in form and "Halyk Bank" in form
    sent = dict(re.findall(r'name="(use\.[a-z_]+)" value="([0-9a-f]+)"', form))
    assert sent == uses(known)
    done = abroad.act(
        ME, "campus-card", "choose-from-abroad", WHO.student, balance_abroad="transfer", mailbox_abroad="close", **sent
    )
    assert done.json["state"] == "submitted", done.json
    answers = abroad.case(WHO.student).steps["campus-card"].facts.answers
    assert (
        answers["swift"] == "HSBKKZKX"
        and answers["iban"].startswith("sealed:")
        and not any(name.startswith("use.") for name in answers)
    )


def test_a_fact_that_changed_since_the_page_was_opened_is_looked_at_again(abroad: Cloud) -> None:
    abroad.act(ME, "scholarship-settlement", "declare-account", WHO.student, **ACCOUNT)
    told(abroad, "scholarship-settlement")
    sent = uses(Facts().of(WHO.student))
    Facts().learn(
        WHO.student, [Fact(WHO.student, "swift", "DEUTDEFF", "self", "another-form", now() + timedelta(seconds=1))]
    )
    refused = abroad.act(
        ME, "campus-card", "choose-from-abroad", WHO.student, balance_abroad="transfer", mailbox_abroad="close", **sent
    )
    assert refused.json["errors"] == [{"field": "swift", "code": "changed"}]


def test_what_is_typed_beside_a_known_fact_is_meant(abroad: Cloud) -> None:
    abroad.act(ME, "scholarship-settlement", "declare-account", WHO.student, **ACCOUNT)
    told(abroad, "scholarship-settlement")
    sent = uses(Facts().of(WHO.student)) | {"swift": "DEUTDEFF"}
    abroad.act(
        ME, "campus-card", "choose-from-abroad", WHO.student, balance_abroad="transfer", mailbox_abroad="close", **sent
    )
    assert abroad.case(WHO.student).steps["campus-card"].facts.answers["swift"] == "DEUTDEFF"
    told(abroad, "campus-card")
    assert Facts().of(WHO.student)["swift"].value == "DEUTDEFF"


def test_a_message_that_comes_twice_or_for_nobody_changes_nothing(abroad: Cloud) -> None:
    abroad.act(ME, "scholarship-settlement", "declare-account", WHO.student, **ACCOUNT)
    detail = {"student": WHO.student, "step": "scholarship-settlement", "version": 2, "at": stamp(now())}
    for _ in range(2):
        abroad.invoke("forms/learn_step", {"detail-type": "step-answered", "detail": detail})
    assert [one.version for one in Facts().history(WHO.student, "swift")] == [1]
    for other in ({"student": "2022S99999"}, {"step": "no-such-step"}):
        abroad.invoke("forms/learn_step", {"detail-type": "step-answered", "detail": detail | other})


def test_another_persons_facts_are_not_used_by_their_mark(abroad: Cloud) -> None:
    other = graduate(12, category="international", flags=frozenset({"scholarship", "abroad"}))
    abroad.open(WHO, other)
    abroad.act(ME, "scholarship-settlement", "declare-account", WHO.student, **ACCOUNT)
    told(abroad, "scholarship-settlement")
    sent = uses(Facts().of(WHO.student))
    refused = abroad.act(
        Session(other.student, "student", "y"), "scholarship-settlement", "declare-account", other.student, **sent
    )
    assert {error["code"] for error in refused.json["errors"]} == {"changed"}


def test_each_form_of_clearance_is_a_form_of_one_form() -> None:
    every = clearance.forms()
    assert len(every) >= 12
    pointing = {id for id, form in every.items() if any(one.fact for one in form.fields)}
    assert (
        "clearance-housing-deposit-declare-account" in pointing
        and "clearance-personal-file-declare-destination" in pointing
    )
    for form in every.values():
        assert form.validator  # its schema is one that forms may have
