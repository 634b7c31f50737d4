"""What a year of visits was like, and that nobody is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from yinji.visits.figures import Part, of_year, part, table
from yinji.visits.told import year_document
from yinji.visits.visit import Face, Record, State, Visit

from tests.visits import FIRST, NOW, visit


def one(number: int, state: State = "done", *, on: date = FIRST, face: Face | None = None, **more: object) -> Visit:
    record = Record(30, ("network",), True, face=face)
    told = {"record": record} if state == "done" else {}
    return replace(visit(number, on=on)[0], state=state, **(told | more))  # type: ignore[arg-type]


def test_what_became_of_those_who_asked() -> None:
    found = part(
        [one(1, face="good"), one(2, face="poor"), one(3, "not-met"), one(4, "cancelled"), one(5, "booked"),
         one(6, "waiting")]
    )  # fmt: skip
    assert (found.asked, found.done, found.missed, found.cancelled, found.open) == (6, 2, 1, 1, 2)
    assert (found.people, found.solved, found.hours, found.solved_share) == (2, 2, 1.0, 1.0)
    assert found.faces == {"good": 1, "fair": 0, "poor": 1} and found.troubles == {"network": 2}
    assert found.days_waited == 8.0 and found.missed_share == 1 / 3
    assert part([]) == Part(0, 0, 0, 0, 0, 0, 0, 0, 0, {}, {"good": 0, "fair": 0, "poor": 0}, 0)
    assert (part([]).days_waited, part([]).solved_share, part([]).missed_share) == (None, None, None)


def test_a_trouble_that_comes_back_is_the_same_persons_with_another_way_to_write_the_number() -> None:
    first, later = one(1), one(1, on=FIRST + timedelta(days=7))
    later = replace(later, person=replace(later.person, phone="01062750001"))
    found = part([first, later, one(2)])
    assert (found.people, found.again, found.done) == (2, 1, 3)
    other = replace(later, record=Record(10, ("phone", "account"), False))
    assert part([first, other]).again == 0 and part([first, other]).solved == 1
    assert part([first, other]).troubles == {"network": 1, "phone": 1, "account": 1}


def test_a_year_by_month_and_community_names_nobody() -> None:
    december = [one(1), one(2, "not-met")]
    november = replace(one(3, on=date(2026, 11, 25), asked_at=NOW), person=replace(one(3).person, community="xishan"))
    gone = replace(one(4), person=replace(one(4).person, community="old"))
    months = {"2026-11": [november], "2026-12": [*december, gone]}
    found = of_year("2026", lambda month: months.get(month, []))
    assert list(found.months) == ["2026-11", "2026-12"] and list(found.communities) == ["meiyuan", "xishan", "old"]
    assert found.cells[("2026-12", "meiyuan")].done == 1 and ("2026-11", "meiyuan") not in found.cells
    assert found.whole.done == 3 and found.months["2026-11"].days_waited == 1.0
    told = str(year_document(found)) + str(table(found, "zh")) + str(table(found, "en"))
    for visited in (*december, november, gone):
        for secret in (visited.person.name, visited.person.phone, visited.person.address, visited.id):
            assert secret not in told
    rows = table(found, "en").rows
    assert [row[:4] for row in rows] == [
        ["2026-11", "Xishan", 1, 1],
        ["2026-12", "Meiyuan", 2, 1],
        ["2026-12", "old", 1, 1],
    ]
    assert {len(row) for row in rows} == {len(table(found, "zh").head)} == {len(table(found, "en").widths)}
