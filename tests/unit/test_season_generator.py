"""The season that is made up: always the same for the same wish, and readable as what universities send."""

import hashlib
import unicodedata
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from yinji.clearance import definition, feed, flow, roster, university
from yinji.clearance.case import Case, Graduate, settles_itself
from yinji.clearance.step import Row
from yinji.forms import facts
from yinji.forms.records import read_table
from yinji.platform.text import BYTE_ORDER_MARK

from infra.local.season import Options, generate
from infra.local.season import facts as of_records
from infra.local.season.debts import DAYS, ROWS
from infra.local.season.expected import differences, unsettled
from infra.local.season.people import FULL, joined, programmes, shares
from tests import handlers
from tests.graduates import event, opened
from tests.unit.test_case import ready

pytestmark = pytest.mark.slow

TODAY = date(2026, 6, 10)
SMALL = Options(graduates=240, seed=7, today=TODAY)
LATER = datetime(2026, 6, 20, 4, 0, tzinfo=UTC)
SCRIPTS = ("LATIN", "CYRILLIC", "ARABIC", "CJK UNIFIED", "COMBINING", "MIDDLE DOT", "APOSTROPHE", "HYPHEN", "SPACE",
           "FULL STOP", "RIGHT SINGLE QUOTATION")  # fmt: skip


def read_feed(step: str, data: bytes) -> feed.Snapshot:
    return feed.parse(data, definition.steps()[step], handlers.steps()[step].read, LATER)


def feed_row(case: Case, step: str, row: Row) -> Case:
    change = handlers.steps()[step].learn(case, row, "2026-06-09T14:30:00.000Z", event(f"feed {step}", "feed"))
    return change.after if change else case


def test_the_same_wish_gives_the_same_bytes_and_another_seed_other_people() -> None:
    assert generate(SMALL).files == generate(SMALL).files
    other = generate(Options(graduates=240, seed=8, today=TODAY))
    assert {one.name for one in other.graduates} != {one.name for one in generate(SMALL).graduates}


def test_a_full_season_has_the_figures_of_the_university() -> None:
    season = generate(Options(today=TODAY))
    assert Counter(one.category for one in season.graduates) == FULL
    assert sum("abroad" in one.flags for one in season.graduates) == 170
    assert {one.school for one in season.graduates} == set(university.schools())
    assert len({one.student for one in season.graduates}) == len(season.graduates)


def test_rates_of_a_full_season_are_believable() -> None:
    season = generate(Options(today=TODAY))
    mine = [one for one in season.graduates if one.category == "undergraduate"]
    for flag, rate in {
        "party_member": 0.12,
        "household_on_campus": 0.2,
        "lives_in": 0.92,
        "student_loan": 0.15,
    }.items():
        assert sum(flag in one.flags for one in mine) / len(mine) == pytest.approx(rate, abs=0.02)
    for step, accounts in season.facts.items():
        owing = sum(one.owes for one in accounts.values()) / len(accounts)
        settings = definition.steps()[step].feed
        assert settings and 0.01 < owing < settings.hold_share / 2, step


@pytest.mark.parametrize("graduates", [0, 1, 2, 5, 17, 18, 60, 600, 10_020, 12_345])
def test_a_smaller_season_keeps_the_proportions_and_adds_up(graduates: int) -> None:
    counts = shares(graduates)
    assert sum(counts.values()) == graduates
    assert min(counts.values()) >= (3 if graduates >= 18 else 0)
    assert len(generate(Options(graduates, 1, TODAY)).graduates) == graduates


def test_every_roster_is_taken_and_holds_exactly_the_graduates() -> None:
    season = generate(SMALL)
    read = [
        roster.parse(data)
        for key, data in season.files.items()
        if key.startswith(f"rosters/{season.batch}/") and key.endswith(".csv")
    ]
    assert sorted((one for found in read for one in found.graduates), key=lambda one: one.student) == sorted(
        season.graduates, key=lambda one: one.student
    )


def test_late_additions_show_a_newcomer_what_rejected_rows_look_like() -> None:
    season = generate(SMALL)
    read = roster.parse(season.files[f"rosters/{season.batch}/late-additions.csv"])
    assert len(read.graduates) == 3
    assert [(row.line, row.code, row.field) for row in read.rejected] == [
        (3, "school", "school"),
        (6, "value", "name"),
        (7, "duplicate", "student"),
    ]


@pytest.mark.parametrize(("today", "batch"), [(TODAY, "2026-summer"), (date(2026, 12, 1), "2026-winter")])
def test_the_season_is_open_on_the_day_it_is_looked_at(today: date, batch: str) -> None:
    season = generate(Options(20, 1, today))
    read = roster.parse_batch(season.batch, season.files[f"rosters/{season.batch}/batch.json"])
    assert season.batch == batch
    assert read.opens_on < today < read.deadline <= today + timedelta(days=31)


def test_there_is_a_snapshot_for_every_step_with_a_feed_and_it_tells_of_everybody_it_applies_to() -> None:
    season = generate(SMALL)
    steps = {step.id for step in definition.steps().values() if step.feed}
    assert steps == set(ROWS)
    for step in steps:
        (data,) = (data for key, data in season.files.items() if key.startswith(f"feeds/{step}/"))
        applies = {one.student for one in season.graduates if step in flow.applicable(one)}
        assert read_feed(step, data).rows.keys() == applies


def test_departments_send_the_encodings_that_they_have() -> None:
    files = {key.split("/")[1]: data for key, data in generate(SMALL).files.items() if key.startswith("feeds/")}
    assert files["library-loans"].startswith(BYTE_ORDER_MARK)
    with pytest.raises(UnicodeDecodeError):
        files["tuition"].decode("utf-8")
    assert "学年" in files["tuition"].decode("gb18030")
    assert not files["campus-card"].startswith(BYTE_ORDER_MARK)


def test_debts_are_paid_one_by_one_and_in_the_end_by_everybody() -> None:
    season = generate(SMALL)

    def owing(snapshots: dict[str, bytes]) -> int:
        count = 0
        for key, data in snapshots.items():
            step = key.split("/")[1]
            rows = read_feed(step, data).rows
            count += sum(rows[student] != account.settled for student, account in season.facts[step].items())
        return count

    over_time = [owing(season.snapshots(LATER, day)) for day in range(DAYS + 1)]
    assert over_time == sorted(over_time, reverse=True)
    assert over_time[0] > over_time[DAYS // 2] > 0
    assert over_time[DAYS] == owing(season.snapshots(LATER)) == 0


def test_a_later_snapshot_is_another_delivery_of_a_later_instant() -> None:
    season = generate(SMALL)
    later = season.snapshots(LATER)
    assert not later.keys() & season.files.keys()
    for key, data in later.items():
        step = key.split("/")[1]
        first = next(data for key, data in season.files.items() if key.startswith(f"feeds/{step}/"))
        assert read_feed(step, data).as_of > read_feed(step, first).as_of


def test_names_are_as_hard_as_real_ones_and_can_be_drawn() -> None:
    names = {one.name for one in generate(Options(today=TODAY)).graduates}
    signs = set("".join(names))
    assert {sign for sign in signs if not unicodedata.name(sign, "").startswith(SCRIPTS)} == set()
    assert any(ord(sign) > 0xFFFF for sign in signs), "a character beyond the basic plane"
    assert max(map(len, names)) > 60
    for mark in "·-'’":
        assert any(mark in name for name in names), mark
    assert any(name.startswith(("欧阳", "诸葛", "司马")) for name in names)
    assert any(name.isascii() and " " not in name for name in names), "a single name"
    assert any(len(name) == 2 and not name.isascii() for name in names)
    assert all(name == unicodedata.normalize("NFC", name) for name in names)


def test_every_name_has_a_latin_spelling_in_latin_letters() -> None:
    for one in generate(Options(today=TODAY)).graduates:
        assert one.name_latin, one.name
        assert all(
            unicodedata.name(sign).startswith(("LATIN", "SPACE", "APOS", "HYPHEN", "FULL")) for sign in one.name_latin
        )


def test_pinyin_keeps_syllables_apart_that_would_be_read_together() -> None:
    assert joined("Xi", "An") == "Xi'an"
    assert joined("Xiao", "Yu") == "Xiaoyu"


def test_every_school_of_the_university_teaches_something() -> None:
    assert all(programmes(school) for school in university.schools())


def test_who_lives_in_has_a_room_and_who_does_not_has_none() -> None:
    assert all(bool(one.room) == ("lives_in" in one.flags) for one in generate(SMALL).graduates)


def test_another_process_makes_the_same_people() -> None:
    """Whoever changes the people on purpose changes this figure too."""
    season = generate(Options(60, 1, TODAY))
    rosters = b"".join(season.files[key] for key in sorted(season.files) if key.startswith("rosters/"))
    assert hashlib.sha256(rosters).hexdigest()[:16] == "c44c76ceb80df388"


# --- what a season should come to ----------------------------------------------------------------------------
def test_the_rules_written_down_apart_say_of_a_full_season_what_the_definitions_say() -> None:
    season = generate(Options(today=TODAY))
    cases = Counter(step for one in season.graduates for step in flow.applicable(one))
    assert season.expected() == cases
    assert {flow.flow_of(one) for one in season.graduates} == set(flow.TITLES)
    assert all(season.expected()[step] > 100 for step in definition.steps()), "every step occurs, and often"


def test_cases_that_only_the_departments_have_touched_stand_as_the_season_says() -> None:
    """The states that follow from the files alone, worked out by the steps that run."""
    season = generate(SMALL)
    found: dict[str, Counter[str]] = {}
    for one in season.graduates:
        case = opened(one)
        for step, accounts in season.facts.items():
            if step in case.steps:
                case = feed_row(case, step, accounts[one.student].now)
        for step in case.steps:
            case = ready(case, step) if settles_itself(case, step) else case
        for step, state in case.states().items():
            found.setdefault(step, Counter())[state] += 1
    wanted = season.at_first()
    assert differences(wanted, found) == []
    assert wanted["lab-equipment"].keys() == {"submitted", "blocked"}
    assert wanted["campus-card"].keys() == {"waiting", "blocked", "ready"}


def test_what_is_not_as_expected_is_named() -> None:
    wanted = {"tuition": Counter(done=3, blocked=1), "dormitory": Counter(ready=2)}
    assert differences(wanted, {"tuition": Counter(done=2, blocked=1, ready=1), "dormitory": Counter(ready=2)}) == [
        "tuition: 2 done, 3 expected",
        "tuition: 1 ready, 0 expected",
    ]
    season = generate(Options(18, 1, TODAY))
    settled = {step: Counter(done=count - 1, waived=1) for step, count in season.expected().items() if count}
    assert unsettled(season, settled) == []
    settled["exit-survey"] = Counter(done=17, ready=1)
    assert unsettled(season, settled) == ["exit-survey: 1 ready, 0 expected", "exit-survey: 17 settled, 18 expected"]


def test_supervisors_have_a_few_graduates_each_and_some_graduates_none() -> None:
    season = generate(Options(today=TODAY))
    supervised = Counter(one.supervisor for one in season.graduates if one.category == "postgraduate")
    assert 0.02 < supervised.pop("") / FULL["postgraduate"] < 0.06
    assert len(supervised) > 600 and max(supervised.values()) <= 6
    assert not any(one.supervisor for one in season.graduates if one.category != "postgraduate")
    assert not supervised.keys() & {one.counsellor for one in season.graduates}


@pytest.mark.parametrize("graduates", [18, 60, 600])
def test_a_small_season_has_all_four_flows_and_what_only_international_students_have_in_both(graduates: int) -> None:
    season = generate(Options(graduates, 1, TODAY))
    assert {flow.flow_of(one) for one in season.graduates} == set(flow.TITLES)
    for abroad in (True, False):
        theirs = {step for one in season.graduates if _foreign(one, abroad) for step in flow.applicable(one)}
        assert {"scholarship-settlement", "housing-deposit", "dormitory"} <= theirs


def _foreign(one: Graduate, abroad: bool) -> bool:
    return one.category == "international" and ("abroad" in one.flags) == abroad


def test_systems_of_record_know_something_of_everybody_and_all_of_it_can_be_right() -> None:
    season = generate(SMALL)
    files = of_records.files(season)
    assert files == of_records.files(generate(SMALL))
    tables = {key.split("/")[1]: read_table(key, data) for key, data in files.items()}
    assert tables.keys() == facts.sources().keys()
    assert [(source, one.document) for source, table in tables.items() for one in table.rejected] == []
    everybody = {one.student for one in season.graduates}
    assert set(tables["student-registry"].people) == set(tables["finance"].people) == everybody
    assert set(tables["international-education"].people) == {
        one.student for one in season.graduates if one.category == "international"
    }
    assert {"identity-card", "name", "student-number"} <= set(tables["student-registry"].kinds)
