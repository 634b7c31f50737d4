"""Snapshots are taken whole or not at all, and the first thing that is wrong is named."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yinji.clearance import definition, feed
from yinji.clearance.feed import MOST_ROWS, digest, news, parse, to_be_held
from yinji.clearance.roster import Refused

from tests import handlers
from tests.graduates import NOW, snapshot

LIBRARY = definition.steps()["library-loans"]
READ = handlers.steps()["library-loans"].read
COLUMNS = ["student", "loans", "fines", "titles"]


def row(number: int = 1, **more: Any) -> dict[str, Any]:
    return {"student": f"2022S01{number:03d}", "loans": 0, "fines": "0.00", "titles": ""} | more


def refusal(data: bytes) -> tuple[str, int, str]:
    with pytest.raises(Refused) as refused:
        parse(data, LIBRARY, READ, NOW)
    return refused.value.code, refused.value.line, refused.value.field


rows = st.lists(
    st.builds(
        lambda student, loans, fines, titles: {
            "student": student, "loans": str(loans), "fines": f"{fines:.2f}", "titles": titles.strip()
        },
        st.text("AS0123456789", min_size=6, max_size=16),
        st.integers(0, 999_999),
        st.decimals(0, 9999, places=2),
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda one: one["student"],
)  # fmt: skip


@given(rows, st.sampled_from(["utf-8", "utf-8-sig"]))
def test_a_snapshot_is_read_as_it_was_written(many: list[dict[str, str]], encoding: str) -> None:
    found = parse(snapshot("library-loans", COLUMNS, many, encoding=encoding), LIBRARY, READ, NOW)
    assert dict(found.rows) == {one["student"]: one for one in many}
    assert found.as_of == "2026-06-15T03:00:00.000Z"


def test_a_snapshot_of_an_old_system_is_read() -> None:
    data = snapshot("library-loans", COLUMNS, [row(titles="乡土中国")], encoding="gb18030")
    found = parse(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n", 1), LIBRARY, READ, NOW)
    assert found.rows["2022S01001"]["titles"] == "乡土中国"


@given(st.data())
def test_no_byte_of_the_table_can_change_or_be_lost(data: st.DataObject) -> None:
    whole = snapshot("library-loans", COLUMNS, [row(1), row(2, loans=1, titles="围城"), row(3)])
    start = whole.index(b"\n") + 1
    place = data.draw(st.integers(start, len(whole) - 1))
    before, behind = whole[:place], whole[place:]
    changed = data.draw(st.sampled_from([before, before + behind[1:], whole + behind, before + b"9" + behind[1:]]))
    if changed != whole:
        assert refusal(changed) == ("hash", 1, "")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ("head", 1, "")),
        (b"student,loans,fines,titles\n", ("head", 1, "")),
        (b"#yinji-feed step=library-loans\n", ("head", 1, "")),
        ("#yinji-feed".encode("utf-16"), ("head", 1, "")),
        (snapshot("library-loans", COLUMNS, [row()], rows="x"), ("head", 1, "")),
        (snapshot("library-loans", COLUMNS, [row()], sha256="abc"), ("head", 1, "")),
        (snapshot("tuition", COLUMNS, [row()]), ("other-step", 1, "")),
        (snapshot("library-loans", COLUMNS, [row()], as_of="2026-06-15T04:00:00"), ("as-of", 1, "")),
        (snapshot("library-loans", COLUMNS, [row()], as_of="0001-01-01T00:00:00+08:00"), ("as-of", 1, "")),
        (snapshot("library-loans", COLUMNS, [row()], as_of="2026-99-99T04:00:00Z"), ("as-of", 1, "")),
        (snapshot("library-loans", COLUMNS, [row()], as_of=NOW + timedelta(minutes=11)), ("as-of", 1, "")),
        (snapshot("library-loans", COLUMNS, [row()], sha256="0" * 64), ("hash", 1, "")),
        (snapshot("library-loans", COLUMNS, [row()], rows=2), ("count", 1, "")),
        (snapshot("library-loans", ["student", "fines", "loans", "titles"], [row()]), ("columns", 2, "")),
        (snapshot("library-loans", COLUMNS, [row(1), row(1)]), ("duplicate", 4, "student")),
        (snapshot("library-loans", COLUMNS, [row(1), row(2, student="x")]), ("value", 4, "student")),
        (snapshot("library-loans", COLUMNS, [row(1, loans=-1)]), ("number", 3, "loans")),
        (snapshot("library-loans", COLUMNS, [row(1, fines="abc")]), ("amount", 3, "fines")),
        (snapshot("library-loans", COLUMNS, [row(1, titles="长" * 501)]), ("value", 3, "titles")),
    ],
)
def test_the_first_thing_that_is_wrong_is_named_with_its_line(data: bytes, expected: tuple[str, int, str]) -> None:
    assert refusal(data) == expected


def with_table(table: bytes, count: int) -> bytes:
    head = f"step=library-loans as_of=2026-06-15T03:00:00Z rows={count} sha256={hashlib.sha256(table).hexdigest()}"
    return f"#yinji-feed {head}\n".encode() + table


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (b"", ("columns", 2, "")),
        (b"student,loans,fines,titles\n2022S01001,0,0\n", ("cells", 3, "")),
        (b"student,loans,fines,titles\n2022S01001,0,0,x,y\n", ("cells", 3, "")),
        (b"student,loans,fines,titles\n\n", ("cells", 3, "")),
        (b'student,loans,fines,titles\n"2022S01001,0,0,\n', ("csv", 4, "")),
        (b"student,loans,fines,titles\n2022S01001,0,0,\xff\xff\n", ("encoding", 0, "")),
    ],
)
def test_a_table_with_the_right_hash_can_still_be_malformed(table: bytes, expected: tuple[str, int, str]) -> None:
    code, line, field = refusal(with_table(table, 1))
    assert (code, field) == (expected[0], expected[2])
    assert line in (expected[1], expected[1] - 1)


def test_a_clock_may_be_a_little_ahead() -> None:
    data = snapshot("library-loans", COLUMNS, [row()], as_of=NOW + timedelta(minutes=9))
    assert parse(data, LIBRARY, READ, NOW).as_of == "2026-06-15T04:09:00.000Z"


@given(st.binary(max_size=400))
def test_garbage_is_refused(data: bytes) -> None:
    assert refusal(data)[0] == "head"
    assert refusal(with_table(data, 1))[0] in ("encoding", "columns", "csv")


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_ROWS >= 10_000
    monkeypatch.setattr(feed, "MOST_ROWS", 2)
    assert refusal(snapshot("library-loans", COLUMNS, [row(1), row(2), row(3)]))[0] == "too-long"


def test_as_of_is_told_in_any_zone() -> None:
    data = snapshot("library-loans", COLUMNS, [row()], as_of="2026-06-15T11:00:00+08:00")
    assert parse(data, LIBRARY, READ, datetime(2026, 6, 15, 4, tzinfo=UTC)).as_of == "2026-06-15T03:00:00.000Z"


# --- what is news, and what is too much of it ----------------------------------------------------------------
def test_only_rows_that_differ_are_news() -> None:
    first = parse(snapshot("library-loans", COLUMNS, [row(1), row(2), row(3)]), LIBRARY, READ, NOW)
    applied = {student: digest(one) for student, one in first.rows.items()}
    assert news(first, {}) == first.rows
    assert news(first, applied) == {}
    second = parse(snapshot("library-loans", COLUMNS, [row(1), row(2, loans=1), row(4)]), LIBRARY, READ, NOW)
    assert set(news(second, applied)) == {"2022S01002", "2022S01004"}


@pytest.mark.parametrize(
    ("changing", "known", "held"),
    [(0, 0, False), (20, 20, False), (21, 21, True), (30, 100, False), (31, 100, True), (3000, 10_000, False)],
)
def test_a_snapshot_that_changes_too_much_is_held(changing: int, known: int, held: bool) -> None:
    assert to_be_held(LIBRARY, changing, known) is held
