"""What counts: hours and their limits, samples that nobody can dodge, decisions, what the transcript says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from urllib.parse import quote, unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yinji.archive import claims, transcript
from yinji.archive.deciding import OTHER, Decision, decide, reason_of, reasons, said, worth
from yinji.archive.hours import HOUR
from yinji.archive.kinds import dimensions, hundreds, kinds, rules
from yinji.archive.portrait import portrait
from yinji.archive.record import STATES, Certification, Record, RecordEvent, key_of, path_of
from yinji.archive.sampling import FEWEST, MOST, Member, Round, draw, failures, level_of, round_id, size, standing
from yinji.platform.problem import Problem

from tests.archives import AT, SU, record

# --- the transcript ------------------------------------------------------------------------------------------
DAYS = st.dates(date(2022, 9, 1), date(2024, 8, 31))
RECORDS = st.lists(
    st.builds(
        lambda number, kind, day, minutes, dimension, state, entity: record(
            number, kind, day=day, minutes=minutes, dimension=dimension, state=state, entity=entity
        ),
        st.integers(1, 10_000),
        st.sampled_from(sorted(kinds())),
        DAYS,
        st.sampled_from([0, 30, 90, 600, 3000]),
        st.sampled_from(["", *dimensions()]),
        st.sampled_from(STATES),
        st.sampled_from(["", "e1", "e2", "e3"]),
    ),
    max_size=40,
    unique_by=lambda one: one.key,
)


@given(RECORDS, st.sampled_from(["", "音乐学", "学前教育"]), st.randoms())
def test_the_transcript_says_what_the_portrait_says_in_whatever_order(
    records: list[Record], programme: str, chance: Random
) -> None:
    who = replace(SU, programme=programme)
    told, found = transcript.transcript(who, records), portrait(who, records)
    assert {one.dimension: one.credited for one in told.parts} == dict(found.credited)
    assert {one.hundred: one.reached for one in told.hundreds} == dict(found.hundreds)
    chance.shuffle(records)
    assert transcript.transcript(who, records) == told


@given(RECORDS)
def test_every_record_that_counts_is_behind_a_line_and_every_other_one_is_explained(records: list[Record]) -> None:
    told = transcript.transcript(SU, records)
    behind = [one.key for part in told.parts for entry in part.entries for one in entry.records]
    assert len(behind) == len(set(behind))
    timed = {one.key for one in records if one.counts and (one.minutes or one.kind in rules("").record_hours)}
    assert set(behind) == timed
    for progress in told.hundreds:
        shown = [thing.record for thing in progress.things]
        left = [one for some in progress.left.values() for one in some]
        of_it = [one for one in records if one.kind in hundreds()[progress.hundred].kinds and one.state != "void"]
        assert sorted(one.key for one in [*shown, *left]) == sorted(one.key for one in of_it)


@given(RECORDS)
def test_no_kind_counts_for_more_than_its_limit_in_a_term(records: list[Record]) -> None:
    for part in transcript.transcript(SU, records).parts:
        assert part.missing == max(part.asked - part.credited, 0) and part.capped >= 0
        for entry in part.entries:
            assert 0 <= entry.line.credited <= entry.line.minutes
            assert entry.line.limit is None or entry.line.credited <= entry.line.limit


def test_a_programme_with_rules_of_its_own_is_counted_by_them() -> None:
    served = [record(1, "service", minutes=30 * HOUR)]
    plain, own = (transcript.transcript(replace(SU, programme=name), served) for name in ("汉语言文学", "学前教育"))
    assert (plain.parts[0].credited, plain.parts[0].capped, plain.own_rules) == (20 * HOUR, 10 * HOUR, False)
    assert (own.parts[0].credited, own.parts[0].capped, own.own_rules) == (30 * HOUR, 0, True)
    assert (plain.tenths, own.tenths) == (10, 18)
    assert own.parts[0].asked == 60 * HOUR and rules("学前教育").record_hours["book"] == 2


def test_what_is_too_much_in_one_dimension_makes_up_for_nothing_in_another() -> None:
    told = transcript.transcript(SU, [record(1, "work", minutes=40 * HOUR), record(2, "sport", minutes=6 * HOUR)])
    asked = rules(SU.programme).hours
    assert told.credited == 46 * HOUR and asked["labour"] < 40
    assert told.met == (asked["labour"] + 6) * HOUR and not told.fulfilled


def test_the_table_adds_up_to_what_is_credited() -> None:
    told = transcript.transcript(SU, [record(one, "service", minutes=600) for one in range(1, 4)])
    for language in ("zh", "en"):
        table = transcript.table(told, language)
        assert len(table.rows) == 3 and all(len(row) == len(table.head) == len(table.widths) for row in table.rows)
        assert sum(float(row[-1]) for row in table.rows if row[-1] is not None) == 20  # type: ignore[arg-type]


# --- samples -------------------------------------------------------------------------------------------------
MEMBERS = st.integers(1, 300).map(
    lambda number: [Member(f"2022S01{one:03}", f"claim#{one}", 1) for one in range(number)]
)


@given(MEMBERS, st.integers(0, 6), st.integers())
def test_a_sample_is_a_part_of_what_waits_as_large_as_it_must_be(members: list[Member], level: int, seed: int) -> None:
    drawn = draw(members, level, Random(seed))
    assert len(drawn) == len(set(drawn)) == size(len(members), level) and set(drawn) <= set(members)
    assert len(drawn) >= min(FEWEST, len(members)) and len(drawn) * 10 >= min(len(members), MOST * 10)
    assert size(len(members), level + 1) == min(2 * size(len(members), level), len(members)) or level == 0


@given(MEMBERS, st.integers())
def test_what_a_client_does_to_the_order_does_not_change_the_sample(members: list[Member], seed: int) -> None:
    assert draw(members, 0, Random(seed)) == draw(list(reversed(members)), 0, Random(seed))


@given(st.lists(st.sampled_from(["certify", "refuse", "certify-after-all", "revoke", "wait", "gone"]), min_size=1))
def test_the_rest_follows_only_when_all_of_the_sample_are_certified_and_none_was_refused(deeds: list[str]) -> None:
    made = [record(one, "service", source="claim", state="pending", certification=None) for one in range(len(deeds))]
    sample = [Member(one.student, one.key, 1) for one in made]
    round = Round("r", "T1", "counsellor", "S01", "service", AT, sample, sample)
    later = AT + timedelta(minutes=1)
    records: dict[str, Record | None] = {}
    events: dict[str, Sequence[RecordEvent]] = {}
    for member, one, deed in zip(sample, made, deeds, strict=True):
        mark = Certification("T1", later)
        state = {"certify": "certified", "certify-after-all": "certified", "refuse": "refused", "revoke": "revoked"}
        is_now = {"wait": one, "gone": replace(one, state="void")}.get(deed)
        records[member.id] = is_now or replace(one, state=state[deed], certification=mark)  # type: ignore[arg-type]
        what = {"refuse": ["refused"], "certify-after-all": ["refused", "certified"], "revoke": ["revoked"]}
        events[member.id] = [RecordEvent(each, "T1", "counsellor", later) for each in what.get(deed, ())]
    found = standing(round, records, events).state
    assert (found == "passed") == (set(deeds) == {"certify"})
    if set(deeds) & {"refuse", "certify-after-all", "revoke"}:
        assert found == "refused"


def test_what_was_certified_before_the_round_began_vouches_for_nothing() -> None:
    one = record(1, "service", state="certified", certification=Certification("T1", AT - timedelta(days=1)))
    member = Member(one.student, one.key, 1)
    round = Round("r", "T1", "counsellor", "S01", "service", AT, [member], [member])
    assert standing(round, {member.id: one}, {}).state == "open"


def test_whoever_was_in_a_round_that_failed_doubles_the_next_sample_and_again() -> None:
    members = [Member("2022S01001", f"claim#{one}", 1) for one in range(30)]
    round = Round("r", "T1", "counsellor", "S01", "service", AT, members, members[:3])
    failed = failures(round.ended("refused", "T1", AT), {})
    assert level_of(members[5:], failed) == 1 and level_of([Member("x", "y", 1)], failed) == 0
    again = failures(round.ended("given-up", "T1", AT), failed)
    assert level_of([members[7], Member("x", "y", 1)], again) == 2
    assert failures(round.ended("spoilt", "T1", AT), {}) == failures(round.ended("passed", "T1", AT), {}) == {}


def test_nobody_guesses_the_id_of_somebody_elses_round() -> None:
    assert round_id("T1", "S01", "12345678") == round_id("T1", "S01", "12345678")
    assert len({round_id(who, school, "12345678") for who in ("T1", "T2") for school in ("S01", "S02")}) == 4


# --- decisions -----------------------------------------------------------------------------------------------
def test_a_reason_is_said_in_both_languages() -> None:
    for deed, some in reasons().items():
        for code, text in some.items():
            kept = reason_of(deed, code, "42")  # type: ignore[arg-type]
            assert said(kept, "en") == ("42" if code == OTHER else f"{text['en']}: 42")
            assert "42" in said(kept, "zh")
    assert said(reason_of("refuse", "evidence", ""), "en") == reasons()["refuse"]["evidence"]["en"]
    assert said("an answer in words", "zh") == "an answer in words"


def test_codes_of_reasons_say_one_thing() -> None:
    assert reasons()["refuse"].keys() & reasons()["revoke"].keys() == {OTHER}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("deed", ["certify", "refuse", "revoke", "settle"])
def test_a_decision_leads_where_it_may_and_nowhere_else(deed: str, state: str) -> None:
    one = record(1, state=state)
    allowed = {"certify": {"pending", "refused", "revoked"}, "refuse": {"pending"}, "revoke": {"certified"}}
    decision = Decision(deed, "T1", "counsellor", AT, "key")  # type: ignore[arg-type]
    if state in allowed.get(deed, ()):
        after, event = decide(one, decision, AT.date())
        assert after.state == event.what and after.certification == Certification("T1", AT)
    else:
        with pytest.raises(Problem) as raised:
            decide(one, decision, AT.date())
        assert raised.value.code in ("decided-already", "not-decidable", "not-disputed")


def test_what_a_record_is_worth_is_what_certifying_it_adds() -> None:
    others = [record(one, minutes=0) for one in range(1, 16)]
    one = record(99, "book", state="pending", certification=None, entity="isbn-1")
    found = worth(SU, [*others, one], one)
    assert (found.points, found.hundreds) == (0, ()), "the term's limit is reached, and the book is known"
    new = worth(SU, [one], one)
    assert (new.points, new.minutes, new.hundreds) == (5, 2 * HOUR, ("books",))


# --- small things --------------------------------------------------------------------------------------------
@given(st.from_regex(r"[a-z][a-z0-9-]{1,30}", fullmatch=True), st.text(st.characters(codec="utf-8"), min_size=1))
@example("library-loans", "S/1")
@example("library-loans", "~2F")
@example("library-loans", "%2F:#?~/")
@example("library-loans", "借阅 1")
def test_a_record_is_one_part_of_a_path_whatever_its_id(source: str, id: str) -> None:
    path = path_of(f"{source}#{id}")
    assert key_of(path) == f"{source}#{id}"
    assert re.fullmatch(r"[A-Za-z0-9._~:@-]+", path), "nothing that has to be encoded"
    assert unquote(path) == path == unquote(quote(path, safe="")), "decoded never, once or twice, it is the same"
    assert key_of(quote(path, safe="")) == key_of(path)


@given(st.text(st.characters(codec="utf-8")))
@example("library-loans:a/b")
@example("library-loans:a%2Fb")
@example("library-loans:a~2fb")
@example("library-loans:~FF")
@example("library-loans:a~")
@example("library-loans")
def test_each_record_has_one_path_only(path: str) -> None:
    key = key_of(path)
    assert not key or path_of(key) == unquote(path)


@pytest.mark.parametrize(
    "path", ["library-loans:a/b", "library-loans:a%2Fb", "library-loans:a~2fb", "library-loans:~FF", "library-loans"]
)
def test_what_is_no_path_of_a_record_is_nobodys(path: str) -> None:
    assert key_of(path) == ""


@given(st.integers(0, 100_000))
def test_hours_are_written_as_they_are_read(minutes: int) -> None:
    assert abs(claims.minutes_of(claims.hours_of(minutes)) - minutes) <= 0


def test_the_form_of_a_claim_offers_what_archives_are_made_of() -> None:
    asked = {one.name: one for one in claims.form().fields}
    assert {one["value"] for one in asked["kind"].options} == kinds().keys() - {"library-visit"}
    assert {one["value"] for one in asked["dimension"].options} == dimensions().keys()
    assert asked["evidence"].evidence and not asked["evidence"].required
