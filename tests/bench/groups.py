"""The group library of a grade of 4,000: built from its portraits, and how exact counting compares with sorting all."""

from __future__ import annotations

import json
import random
import statistics
import time
import tracemalloc
import zlib
from collections.abc import Mapping, Sequence
from unittest.mock import patch

from yinji.archive.bulk import wire
from yinji.archive.glance import glance, glance_document
from yinji.archive.groups import Distribution, Group, group_document, stored_group, year
from yinji.archive.groups_store import Groups
from yinji.archive.items import LEAN
from yinji.archive.kinds import dimensions, hundreds, kinds
from yinji.archive.store import Archive, Member
from yinji.archive.student import cohort

from tests.bench.measuring import answered, console, interleaved, tell

STUDENTS, SCHOOLS, PROGRAMMES = 4_000, 25, 4
TERMS = [f"{year}-{year + 1}-{half}" for year in range(2021, 2025) for half in (1, 2)]
LARGEST_ITEM = 400 * 1024
BAR = 60


def run() -> None:
    told = [portrait(number) for number in range(STUDENTS)]
    members = [member(one) for one in told]
    _counting(members)
    _sizes(members)
    _build(told)


def portrait(number: int) -> dict[str, object]:
    """A portrait as the index by cohort holds it, with all features and eight terms, of plausible spread."""
    chance = random.Random(number)
    by_term = {
        term: {f"dimension.{id}": chance.randint(0, 180) for id in dimensions()}
        | {"overall": chance.randint(0, 160), "records": int(chance.lognormvariate(2.2, 0.7))}
        for term in TERMS
    }
    features = {f"dimension.{id}": sum(one[f"dimension.{id}"] for one in by_term.values()) for id in dimensions()}
    features |= {"overall": sum(one["overall"] for one in by_term.values())}
    features |= {f"hundred.{id}": chance.randint(0, 160) for id in hundreds()}
    features |= {f"kind.{id}": chance.randint(0, 220) for id in kinds()}
    school = number % SCHOOLS + 1
    return {
        "student": f"2021S{number:06}",
        "name": "学生",
        "school": f"S{school:02}",
        "grade": "2021",
        "category": "undergraduate",
        "programme": f"专业 {school}-{number // SCHOOLS % PROGRAMMES}",
        "class_name": "2101",
        "counsellor": "T0001",
        "features": features,
        "by_term": by_term,
        "first_day": "2021-09-10",
        "last_day": "2025-06-10",
        "waiting": 0,
    }


def member(told: Mapping[str, object]) -> Member:
    names = (
        "student",
        "name",
        "school",
        "grade",
        "category",
        "programme",
        "class_name",
        "counsellor",
        "features",
        "by_term",
    )
    return Member(**{name: told[name] for name in names}, last_day=None, waiting=0)  # type: ignore[arg-type]


def _counting(members: Sequence[Member]) -> None:
    """All quantiles of all features and terms of all groups: exact histograms, or every list sorted."""

    def counted() -> int:
        found = year("2021", "undergraduate", members)
        return len(glance(found).schools)

    def sorted_() -> int:
        groups: dict[str, list[Member]] = {}
        for one in members:
            for name in ("*", one.school, f"{one.school} {one.programme}"):
                groups.setdefault(name, []).append(one)
        made = 0
        for some in groups.values():
            for name in some[0].features:
                made += len(statistics.quantiles([one.features[name] for one in some], n=100, method="inclusive"))
            for term in TERMS:
                for name in some[0].by_term[term]:
                    every = [one.by_term[term][name] for one in some]
                    made += len(statistics.quantiles(every, n=100, method="inclusive"))
        return made

    works = {"exact histograms": counted, "sorting all": sorted_}
    timings = interleaved(works, rounds=3)
    tell(f"{STUDENTS:,} students, {SCHOOLS} schools, {SCHOOLS * PROGRAMMES} programmes", timings,
         per_second=dict.fromkeys(works, STUDENTS))  # fmt: skip
    values = [one.features["overall"] for one in members]
    exact = Distribution.of({value: values.count(value) for value in set(values)}, len(values))
    assert [exact.quantile(percent) for percent in (25, 50, 75)] == [
        sorted(values)[-(-len(values) * percent // 100) - 1] for percent in (25, 50, 75)
    ]


def _sizes(members: Sequence[Member]) -> None:
    found = year("2021", "undergraduate", members)
    whole = packed(group_document(found.whole))
    schools = [packed(group_document(one)) for one in found.schools.values()]
    at_a_glance = packed(glance_document(glance(found)))
    for name, size in (("whole grade", whole), ("largest school", max(schools)), ("grade at a glance", at_a_glance)):
        console.print(f"{name}: {size / 1024:,.0f} kB of the {LARGEST_ITEM // 1024} an item may have")
        if size >= LARGEST_ITEM:
            raise RuntimeError(f"{name} is too large for an item")


def packed(document: object) -> int:
    return len(zlib.compress(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(), 6))


def _build(told: Sequence[Mapping[str, object]]) -> None:
    """A whole build as the function does it, from what the index sends over the wire to the items that are put."""
    by_cohort: dict[str, list[str]] = {}
    for one in told:
        name = cohort(str(one["school"]), str(one["grade"]), str(one["category"]))
        kept = {name: one[name] for name in ["student", *LEAN]}
        texts = {name: json.dumps(one[name]) for name in ("features", "by_term")}
        by_cohort.setdefault(name, []).append(json.dumps(wire(kept | texts)))
    archive = Archive()
    read = 0

    def query(key: str, value: str, wanted: object = (), *, index: str = "", **more: object) -> object:
        # each item is parsed as botocore hands it over: from JSON, values with their types
        nonlocal read
        for text in by_cohort[value]:
            read += len(text)
            yield json.loads(text)

    groups = Groups(archive)
    put: list[int] = []
    stored: dict[str, bytes | None] = {}

    def keep(pk: str, group: bytes | None, began: object) -> None:
        put.append(1)
        stored[pk] = group

    def get(cohort: str, *, consistent: bool) -> Group | None:
        text = stored.get(f"GROUP#{cohort}")
        return stored_group(json.loads(zlib.decompress(text))) if text else None

    with (
        patch.object(archive._bulk, "query", query),
        patch.object(groups._cohorts, "every", lambda: dict.fromkeys(by_cohort)),
        patch("yinji.archive.groups_store.one", lambda *_, **__: None),
        patch("yinji.archive.groups_store.kept", lambda write: put.append(1)),
        patch("yinji.archive.groups_store._put", keep),
        patch("yinji.archive.groups_store._group", get),
        # the term that is looked at is one that the grade was here in, with two before it
        patch("yinji.archive.groups_store.term_looked_at", lambda today: TERMS[-1]),
        patch("yinji.archive.items.YearItem.query", lambda *_, **__: iter(())),
        answered(PutItem={}),
    ):
        tracemalloc.start()
        start = time.perf_counter()
        built = groups.build(whole=True)
        taken = time.perf_counter() - start
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        start = time.perf_counter()
        groups.build(whole=True)
        plain = time.perf_counter() - start
    console.print(
        f"whole build of {built.students:,} students: {plain:.1f} s ({taken:.1f} s while memory was traced), "
        f"{read / 2 / 2**20:.0f} MB of JSON read, {len(put) // 2} items put, {peak / 2**20:.0f} MB at most; "
        f"ratio to the bar of {BAR} s: {plain / BAR:.3f}"
    )
    if plain >= BAR:
        raise RuntimeError("the group library takes too long")
