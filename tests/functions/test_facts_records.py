"""What systems of record deliver: read, kept once, in whatever order it comes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from urllib.parse import quote_plus

import pytest
from yinji.archive.refusing import Refused
from yinji.forms.facts import SELF, Fact
from yinji.forms.facts_store import Facts
from yinji.forms.records import apply, read_table

from tests.functions.conftest import Cloud
from tests.functions.test_facts_store import everything

AT = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
REGISTRY, KEY = "student-registry", "facts/student-registry/a.csv"
WHO = "2022S01001"
CARD = "6222021234567894"
HEAD = "学号,姓名,性别,programme,birth-date"
LIN = f"{WHO},林小满,女,物理学,2002-05-01"
WANG = "2022S01002,王大力,男,化学,2001-01-31"


@pytest.fixture
def facts(cloud: Cloud) -> Facts:
    return Facts()


def csv(*lines: str, head: str = HEAD) -> bytes:
    return "\r\n".join([head, *lines]).encode()


def take(facts: Facts, *lines: str, at: datetime = AT, head: str = HEAD) -> dict[str, int]:
    return dict(apply(facts, read_table(KEY, csv(*lines, head=head)), at, KEY))


def deliver(cloud: Cloud, data: bytes, key: str = KEY) -> dict[str, Any]:
    cloud.s3.put_object(Bucket="forms", Key=key, Body=data)
    told = {"bucket": {"name": "forms"}, "object": {"key": quote_plus(key, safe="/")}}
    cloud.invoke("forms/records_intake", {"Records": [{"eventSource": "aws:s3", "s3": told}]})
    report = cloud.s3.get_object(Bucket="forms", Key=f"reports/{key}.json")["Body"].read()
    return json.loads(report)


def values(facts: Facts, person: str = WHO) -> dict[str, Any]:
    return {kind: fact.value for kind, fact in facts.of(person).items()}


# --- reading ----------------------------------------------------------------------------------------------------------
def test_columns_are_called_as_people_call_them_in_either_encoding() -> None:
    for data in (csv(LIN), csv(LIN).decode().encode("gb18030")):
        table = read_table(KEY, data)
        assert table.people == {
            WHO: {
                "student-number": WHO, "name": "林小满", "sex": "female", "programme": "物理学",
                "birth-date": "2002-05-01",
            }
        }  # fmt: skip
        assert table.kinds == ("student-number", "name", "sex", "programme", "birth-date")


def test_whose_line_it_is_is_a_fact_where_it_is_the_number_of_a_student() -> None:
    key = "facts/housing/a.csv"
    assert read_table(key, csv(f"{WHO},梅园 1-101", head="学号,宿舍")).people == {WHO: {"dormitory-room": "梅园 1-101"}}
    assert read_table(KEY, csv("T0001,王", head="person,name")).people == {"T0001": {"name": "王"}}


def test_an_empty_cell_says_nothing() -> None:
    assert read_table(KEY, csv(f"{WHO},林小满,,,")).people == {WHO: {"student-number": WHO, "name": "林小满"}}


def test_lines_that_cannot_be_right_are_told_and_the_others_taken() -> None:
    table = read_table(
        KEY,
        csv(
            LIN,
            f"{WHO},林小满,女,物理学,2002-02-30",
            "x y,王,男,化学,2001-01-31",
            f"{WHO},一",
            LIN,
            f"{WHO},林,女,,",
            WANG,
        ),
    )
    assert [one.document for one in table.rejected] == [
        [3, "value", "birth-date"], [4, "value", "学号"], [5, "cells", ""], [7, "twice", "学号"],
    ]  # fmt: skip
    assert (table.lines, table.repeated, set(table.people)) == (7, 1, {WHO, "2022S01002"})


@pytest.mark.parametrize(
    ("key", "data", "code"),
    [
        ("facts/a.csv", csv(LIN), "facts-place"),
        ("facts/rumour/a.csv", csv(LIN), "facts-place"),
        (KEY, csv(LIN, head="学号,姓名,性别,programme,bank-card"), "facts-columns"),
        (KEY, csv(LIN, head="学号,姓名,name,programme,birth-date"), "facts-columns"),
        (KEY, csv(LIN, head="姓名,性别,programme,birth-date,class"), "columns"),
        (KEY, csv(WHO, head="学号"), "columns"),
        (KEY, b"\xff\xfe\x00\xff", "encoding"),
        (KEY, b"", "facts-columns"),
    ],
)
def test_what_is_no_table_of_the_source_is_refused(key: str, data: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read_table(key, data)
    assert refused.value.code == code and refused.value.reason["zh"]


def test_what_is_too_large_is_refused() -> None:
    with patch("yinji.forms.records.LARGEST", 10), pytest.raises(Refused, match="too-large"):
        read_table(KEY, csv(LIN))
    with patch("yinji.forms.records.MOST", 1), pytest.raises(Refused, match="too-long"):
        read_table(KEY, csv(LIN, WANG))


# --- keeping ----------------------------------------------------------------------------------------------------------
def test_it_is_kept_once_however_often_it_comes(facts: Facts, cloud: Cloud) -> None:
    assert take(facts, LIN, WANG) == {"changed": 10, "conflicts": 0, "unchanged": 0}
    before = everything(cloud)
    assert take(facts, LIN, WANG) == {"changed": 0, "conflicts": 0, "unchanged": 2}
    assert everything(cloud) == before
    # a night later nothing of it is written either, but as of when it was told
    assert take(facts, LIN, WANG, at=AT + DAY)["changed"] == 0
    assert facts.of(WHO)["name"].at == AT
    assert facts.begin(REGISTRY, "x", ["name"], AT).late == {"name"}


def test_an_older_table_that_comes_late_adds_what_is_missing_and_changes_nothing(facts: Facts) -> None:
    changed = LIN.replace("物理学", "化学")
    take(facts, changed)
    take(facts, changed, at=AT + 2 * DAY)
    late = take(facts, LIN, WANG, at=AT + DAY)
    assert late == {"changed": 5, "conflicts": 0, "unchanged": 1}
    assert values(facts)["programme"] == "化学" and values(facts, "2022S01002")["name"] == "王大力"
    take(facts, LIN, at=AT + 3 * DAY)
    assert values(facts)["programme"] == "物理学"


def test_it_wins_over_what_was_typed_and_the_conflict_is_counted(facts: Facts) -> None:
    facts.learn(WHO, [Fact(WHO, "programme", "化学", SELF, "a form", AT + DAY)])
    assert take(facts, LIN, at=AT + 2 * DAY)["conflicts"] == 1
    assert values(facts)["programme"] == "物理学"
    [waiting] = facts.conflicts(REGISTRY)
    assert waiting.conflict.typed == "化学"
    assert take(facts, LIN, at=AT + 3 * DAY) == {"changed": 0, "conflicts": 0, "unchanged": 1}


def test_who_is_stopped_halfway_does_it_again(facts: Facts) -> None:
    real, calls = Facts.take, iter(range(9))

    def dies(self: Facts, *arguments: Any, **more: Any) -> Any:
        if next(calls) == 1:
            raise KeyboardInterrupt
        return real(self, *arguments, **more)

    with patch.object(Facts, "take", dies), pytest.raises(KeyboardInterrupt):
        take(facts, LIN, WANG)
    take(facts, LIN, WANG)
    assert len(values(facts)) == len(values(facts, "2022S01002")) == 5


@pytest.mark.parametrize("older_first", [True, False])
def test_of_two_tables_that_are_taken_at_once_the_newer_stands(facts: Facts, older_first: bool) -> None:
    """Each goes on in the middle of the other, whoever began."""
    take(facts, LIN, WANG)
    changed = LIN.replace("物理学", "化学")
    real, calls = Facts.take, iter(range(9))
    tables = [([changed, WANG], AT + DAY), ([LIN, WANG], AT + 2 * DAY)]
    first, second = tables if older_first else reversed(tables)

    def meanwhile(self: Facts, *arguments: Any, **more: Any) -> Any:
        if next(calls) == 0:
            take(facts, *second[0], at=second[1])
        return real(self, *arguments, **more)

    with patch.object(Facts, "take", meanwhile), patch("yinji.forms.records.THREADS", 1):
        take(facts, *first[0], at=first[1])
    assert values(facts)["programme"] == "物理学"


# --- the function -----------------------------------------------------------------------------------------------------
def test_a_delivery_is_reported_and_taken_away(cloud: Cloud, facts: Facts) -> None:
    report = deliver(cloud, csv(LIN, "x,y"))
    assert report["state"] == "loaded" and report["lines"] == 2
    assert report["counts"] == {"changed": 5, "conflicts": 0, "unchanged": 0, "repeated": 0, "rejected": 1}
    assert [(one["line"], one["code"]) for one in report["rejected"]] == [(3, "cells")]
    assert "林小满" not in json.dumps(report, ensure_ascii=False)
    keys = [one["Key"] for one in cloud.s3.list_objects_v2(Bucket="forms")["Contents"]]
    assert keys == [f"reports/{KEY}.json"]
    assert facts.of(WHO)["name"].through == KEY


def test_what_is_refused_says_why_and_stays_to_be_looked_at(cloud: Cloud) -> None:
    report = deliver(cloud, b"\xff\xfe\x00\xff")
    assert report["state"] == "refused" and report["reason"]["code"] == "encoding"
    assert cloud.s3.get_object(Bucket="forms", Key=KEY)["Body"].read()


def test_an_event_that_comes_again_finds_it_gone(cloud: Cloud, facts: Facts) -> None:
    deliver(cloud, csv(LIN))
    record = {"eventSource": "aws:s3", "s3": {"bucket": {"name": "forms"}, "object": {"key": KEY}}}
    cloud.invoke("forms/records_intake", {"Records": [record]})
    assert facts.of(WHO)["name"].version == 1


def test_accounts_are_sealed_as_they_come(cloud: Cloud, facts: Facts) -> None:
    key = "facts/finance/cards.csv"
    deliver(cloud, csv(f"{WHO},{CARD},中国银行", head="学号,银行卡号,开户行"), key)
    assert CARD not in everything(cloud)
    assert facts.opened(facts.of(WHO)["bank-card"]).value == CARD


def test_what_was_delivered_meanwhile_is_not_taken_away(cloud: Cloud, facts: Facts) -> None:
    cloud.s3.put_bucket_versioning(Bucket="forms", VersioningConfiguration={"Status": "Enabled"})

    def delivered_meanwhile(*arguments: Any) -> Any:
        cloud.s3.put_object(Bucket="forms", Key=KEY, Body=csv(WANG))
        return apply(*arguments)

    from tests import handlers

    with patch.object(handlers.warm("forms/records_intake"), "apply", delivered_meanwhile):
        deliver(cloud, csv(LIN))
    assert cloud.s3.get_object(Bucket="forms", Key=KEY)["Body"].read() == csv(WANG)
