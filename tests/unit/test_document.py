"""A case and its events come back from their documents as they went in."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st
from yinji.clearance import definition
from yinji.clearance.case import (
    STATES,
    Case,
    Certificate,
    Event,
    Facts,
    Graduate,
    Reason,
    Standing,
    StepRecord,
)
from yinji.clearance.document import (
    MARKS,
    STATE_OF_MARK,
    case_document,
    case_of,
    event_document,
    event_of,
)

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
some = text.filter(bool)
moments = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
values = st.dictionaries(some, st.booleans() | st.integers(0, 10**6) | text, max_size=3)
records = st.builds(
    StepRecord,
    standing=st.builds(
        Standing,
        st.sampled_from([None, "submitted", "blocked", "done", "waived"]),
        st.lists(st.builds(Reason, some, st.dictionaries(some, text, max_size=2)), max_size=2).map(tuple),
    ),
    facts=st.builds(
        Facts,
        feed=st.none() | values,
        as_of=text,
        answers=st.dictionaries(some, text, max_size=2),
        signed_off=st.booleans(),
    ),
    version=st.integers(0, 99),
    since=st.none() | moments,
    by=text,
    noticed=st.booleans(),
)
cases = st.builds(
    Case,
    graduate=st.builds(
        Graduate,
        student=some,
        name=some,
        category=some,
        school=some,
        name_latin=text,
        programme=text,
        class_name=text,
        counsellor=text,
        supervisor=text,
        email=text,
        language=st.sampled_from(["zh", "en"]),
        nationality=some,
        room=text,
        flags=st.frozensets(some, max_size=3),
    ),
    batch=some,
    deadline=st.dates(date(2000, 1, 1)),
    flow=some,
    flow_version=st.integers(1, 9),
    steps=st.dictionaries(st.sampled_from(list(definition.steps())), records, max_size=4),
    opened_at=moments,
    updated_at=moments,
    version=st.integers(1, 999),
    finished_at=st.none() | moments,
    certificate=st.none() | st.builds(Certificate, some, moments),
)
events = st.builds(
    Event,
    key=some,
    what=some,
    who=some,
    role=some,
    at=moments,
    version=st.integers(0, 99),
    step=text,
    why=text,
    fingerprint=text,
    evidence=st.dictionaries(some, text, max_size=2),
    states=st.dictionaries(some, st.sampled_from(STATES), max_size=2),
)


def streamed(document: dict[str, Any]) -> dict[str, Any]:
    """As DynamoDB stores and its stream delivers it: numbers become Decimals."""
    stored = TypeSerializer().serialize(json.loads(json.dumps(document), parse_float=Decimal))
    return TypeDeserializer().deserialize(stored)


@given(cases)
def test_a_case_survives_being_stored_and_streamed(case: Case) -> None:
    document = case_document(case)
    assert case_of(document) == case
    assert case_of(streamed(document)) == case
    assert case_document(case_of(document)) == document


@given(cases)
def test_marks_are_the_states(case: Case) -> None:
    marks = case_document(case)["marks"]
    assert {step: STATE_OF_MARK[mark] for step, mark in marks.items()} == case.states()


@given(events)
def test_an_event_survives_being_stored(event: Event) -> None:
    document = event_document(event)
    assert event_of(document) == event
    assert event_of(streamed(document)) == event


def test_every_state_of_an_applicable_step_has_a_mark_of_its_own() -> None:
    assert set(MARKS) == set(STATES) - {"not_applicable"}
    assert len(set(MARKS.values())) == len(MARKS)
