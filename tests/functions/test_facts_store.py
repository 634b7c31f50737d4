"""Facts in their table, whoever says something at once, again, late, or dies while doing so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws
from yinji.forms.facts import SELF, Fact, kinds, learnt
from yinji.forms.facts_store import AT_ONCE, LONGEST_RUN, Begun, Facts
from yinji.platform import clock
from yinji.platform.problem import Problem

from tests.functions.conftest import ONE_SESSION, Cloud

AT = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
WHO, REGISTRY, FINANCE = "2022S01001", "student-registry", "finance"
CARD, OTHER_CARD = "6222021234567894", "6222021234567886"


def word(kind: str, value: Any, minute: int = 0, source: str = SELF, person: str = WHO) -> Fact:
    return Fact(person, kind, value, source, "a form" if source == SELF else "a file", AT + timedelta(minutes=minute))


@pytest.fixture
def facts(cloud: Cloud) -> Facts:
    return Facts()


def agree(facts: Facts, person: str = WHO) -> None:
    """Facts, their histories and the queue of conflicts say the same of one another."""
    known = facts.of(person)
    for kind, fact in known.items():
        past = facts.history(person, kind)
        assert [one.version for one in past] == list(range(1, fact.version + 1)) and past[-1] == fact
    waiting = [one for source in ("finance", REGISTRY) for one in facts.conflicts(source)]
    assert {one.conflict.id: (one.conflict, one.version) for one in waiting if one.conflict.person == person} == {
        fact.conflict.id: (fact.conflict, fact.version) for fact in known.values() if fact.conflict
    }


def everything(cloud: Cloud) -> str:
    return json.dumps(cloud.dynamodb.scan(TableName="Facts")["Items"], default=repr, ensure_ascii=False)


def test_what_is_said_is_known_with_where_it_came_from(facts: Facts) -> None:
    contact = {"name": "王芳", "relation": "母亲", "phone": "13800138000"}
    assert facts.learn(WHO, [word("phone", "13800138000"), word("emergency-contact", contact)]) == []
    assert facts.learn(WHO, [word("phone", "13900139000", 5)]) == []
    known = facts.of(WHO)
    assert list(known) == ["phone", "emergency-contact"], "in the order of the registry"
    assert known["emergency-contact"] == word("emergency-contact", contact)
    assert known["phone"] == replace(word("phone", "13900139000", 5), version=2)
    assert [one.value for one in facts.history(WHO, "phone")] == ["13800138000", "13900139000"]
    assert facts.histories(WHO)["phone"] == facts.history(WHO, "phone")
    agree(facts)


def test_more_than_one_transaction_holds_and_several_words_on_one_fact(facts: Facts) -> None:
    some = ["name", "programme", "class", "school", "supervisor", "bank-name", "employer", "job-title", "file-address"]
    said = [word(kind, f"值{number}值值", number) for number in range(4) for kind in some]
    assert len(said) > AT_ONCE
    facts.learn(WHO, said)
    assert {fact.value for fact in facts.of(WHO).values()} == {"值3值值"}
    assert all(fact.version == 4 for fact in facts.of(WHO).values())
    agree(facts)


def test_what_is_none_of_its_kind_is_not_kept(facts: Facts) -> None:
    for wrong in (word("bank-card", "62220212"), word("bank-card", "sealed:1:7894:AAAA"), word("phone", 5)):
        with pytest.raises(ValueError, match=wrong.kind):
            facts.learn(WHO, [word("name", "林"), wrong])
    with pytest.raises(ValueError, match="name"):
        facts.learn(WHO, [word("name", "林", person="2022S01002")])
    assert facts.of(WHO) == {}


def test_what_is_sensitive_lies_nowhere_in_clear(facts: Facts, cloud: Cloud) -> None:
    facts.learn(WHO, [word("bank-card", CARD, 1, FINANCE), word("name", "林")])
    facts.learn(WHO, [word("bank-card", OTHER_CARD, 2)])
    lies = everything(cloud)
    assert "sealed:1:7894:" in lies and CARD not in lies and OTHER_CARD not in lies
    sealed = facts.of(WHO)["bank-card"]
    clear = facts.opened(sealed)
    assert (clear.value, clear.claim and clear.claim.value) == (CARD, OTHER_CARD)
    assert facts.opened_all(WHO, facts.of(WHO).values()) == [facts.of(WHO)["name"], clear]
    name = facts.of(WHO)["name"]
    assert facts.opened(name) == name
    agree(facts)


def test_the_same_number_said_again_is_the_same_though_it_was_sealed(facts: Facts) -> None:
    facts.learn(WHO, [word("bank-card", CARD, 1, FINANCE)])
    before = facts.of(WHO)
    assert facts.take(WHO, [word("bank-card", CARD, 1, FINANCE)]).changed == 0
    assert facts.take(WHO, [word("bank-card", CARD, 9, FINANCE)], quietly=True).changed == 0
    assert facts.of(WHO) == before
    assert facts.learn(WHO, [word("bank-card", CARD, 3)]) == []
    after = facts.of(WHO)["bank-card"]
    assert after.confirmed and after.value == before["bank-card"].value, "it is not sealed anew"


def test_without_the_key_it_is_gone_and_what_is_said_next_is_kept(facts: Facts) -> None:
    facts.learn(WHO, [word("bank-card", CARD)])
    facts.destroy_key(WHO)
    fact = facts.of(WHO)["bank-card"]
    with pytest.raises(Problem, match="sealed-for-good"):
        facts.opened(fact)
    assert facts.opened_all(WHO, [fact]) == [fact]
    facts.learn(WHO, [word("bank-card", OTHER_CARD, 1)])
    assert facts.opened(facts.of(WHO)["bank-card"]).value == OTHER_CARD
    with pytest.raises(Problem, match="sealed-for-good"):
        facts.opened(facts.history(WHO, "bank-card")[0])


def test_what_is_sealed_of_one_is_worth_nothing_under_another(facts: Facts) -> None:
    facts.learn(WHO, [word("bank-card", CARD)])
    facts.learn("2022S01002", [word("bank-card", OTHER_CARD, person="2022S01002")])
    stolen = replace(facts.of(WHO)["bank-card"], person="2022S01002")
    with pytest.raises(Problem, match="sealed-for-good"):
        facts.opened(stolen)


def test_two_who_say_something_at_once_are_both_heard(facts: Facts) -> None:
    def says(number: int) -> None:
        source = REGISTRY if number % 2 else SELF
        Facts().learn(WHO, [word("programme", f"专业{number}", number, source), word("bank-card", CARD, number)])

    with ThreadPoolExecutor(8) as people:
        list(people.map(says, range(16)))
    known = facts.of(WHO)
    assert (known["programme"].value, known["programme"].recorded) == ("专业15", True)
    assert known["programme"].claim and known["programme"].claim.value == "专业14"
    assert facts.opened(known["bank-card"]).at == AT + timedelta(minutes=15)
    agree(facts)


def test_who_is_overtaken_all_the_time_is_told_so(facts: Facts) -> None:
    with (
        patch("yinji.forms.facts_store.transacted", return_value=False),
        patch("yinji.forms.facts_store.BREATH", 0),
        pytest.raises(Problem, match="too-busy"),
    ):
        facts.learn(WHO, [word("name", "林")])


def test_who_dies_between_two_transactions_says_it_again(facts: Facts) -> None:
    from yinji.clearance.items import transacted

    every = [kind for kind, one in kinds().items() if one.schema == kinds()["bank-name"].schema or kind in TEXTS]
    said = [word(kind, f"值{number}值值", number) for number in range(3) for kind in every]
    calls = iter(range(99))

    def dies(*arguments: Any) -> bool:
        if next(calls) == 1:
            raise KeyboardInterrupt
        return transacted(*arguments)

    with patch("yinji.forms.facts_store.transacted", dies), pytest.raises(KeyboardInterrupt):
        facts.learn(WHO, said)
    assert facts.of(WHO)
    agree(facts)
    for _ in range(2):
        facts.learn(WHO, said)
        assert {fact.value for fact in facts.of(WHO).values()} == {"值2值值"}
    agree(facts)


TEXTS = ("name", "class", "school", "supervisor")

words = st.builds(
    word,
    st.just("programme"),
    st.sampled_from(["文学", "理学", "工学"]),
    st.integers(0, 5),
    st.sampled_from([SELF, REGISTRY]),
) | st.builds(
    word, st.just("bank-card"), st.sampled_from([CARD, OTHER_CARD]), st.integers(0, 5), st.just(FINANCE) | st.just(SELF)
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(words, max_size=8))
def test_the_table_knows_what_the_rules_say(transactions: None, said: list[Fact]) -> None:
    with mock_aws(config=ONE_SESSION):
        Cloud()
        facts = Facts()
        known: dict[str, Fact] = {}
        for one in said:
            before = known.get(one.kind)
            known[one.kind], conflict = learnt(before, one)
            assert [told.id for told in facts.learn(WHO, [one])] == ([conflict.id] if conflict else [])
        assert {kind: facts.opened(fact) for kind, fact in facts.of(WHO).items()} == known
        agree(facts)


# --- conflicts --------------------------------------------------------------------------------------------------------
@pytest.fixture
def disputed(facts: Facts) -> Facts:
    facts.learn(WHO, [word("bank-card", CARD, 1, FINANCE)])
    [conflict] = facts.learn(WHO, [word("bank-card", OTHER_CARD, 2)])
    assert (conflict.recorded, conflict.typed) == (CARD, OTHER_CARD)
    return facts


LATE = AT + timedelta(hours=1)


def test_whoever_waits_longest_is_first(disputed: Facts) -> None:
    for number in (3, 2):
        person = f"2022S0100{number}"
        disputed.learn(
            person, [word("bank-card", CARD, 0, FINANCE, person), word("bank-card", OTHER_CARD, number, person=person)]
        )
    people = [one.conflict.person for one in disputed.conflicts(FINANCE)]
    assert people[0] in (WHO, "2022S01002") and people[-1] == "2022S01003"
    assert disputed.conflicts(REGISTRY) == []


@pytest.mark.parametrize(("deed", "stands"), [("keep", CARD), ("take", OTHER_CARD)])
def test_it_is_decided_once(disputed: Facts, deed: Any, stands: str) -> None:
    [waiting] = disputed.conflicts(FINANCE)
    id, version = waiting.conflict.id, waiting.version
    told = disputed.decide(id, FINANCE, version, deed, "F001", LATE)
    assert told and (told.person, told.kind) == (WHO, "bank-card")
    assert disputed.decide(id, FINANCE, version, deed, "F002", LATE) is None
    with pytest.raises(Problem, match="changed-meanwhile"):
        disputed.decide(id, FINANCE, version, "take" if deed == "keep" else "keep", "F002", LATE)
    fact = disputed.opened(disputed.of(WHO)["bank-card"])
    assert (fact.value, fact.claim, fact.source, fact.version) == (stands, None, FINANCE, version + 1)
    assert disputed.conflicts(FINANCE) == []
    agree(disputed)
    # a record that says every night what it said before brings nothing back
    disputed.take(WHO, [word("bank-card", CARD, 90, FINANCE)], quietly=True)
    assert disputed.opened(disputed.of(WHO)["bank-card"]).value == stands


def test_two_who_decide_at_once_decide_once(disputed: Facts) -> None:
    [waiting] = disputed.conflicts(FINANCE)

    def decides(number: int) -> str:
        deed: Any = "take" if number % 2 else "keep"
        try:
            told = Facts().decide(waiting.conflict.id, FINANCE, waiting.version, deed, f"F{number}", LATE)
        except Problem as problem:
            return problem.code
        return deed if told else "again"

    with ThreadPoolExecutor(8) as people:
        found = list(people.map(decides, range(8)))
    assert len([one for one in found if one in ("take", "keep")]) == 1
    assert set(found) <= {"take", "keep", "again", "changed-meanwhile"}
    agree(disputed)


def test_who_saw_something_else_does_not_decide(disputed: Facts) -> None:
    [waiting] = disputed.conflicts(FINANCE)
    disputed.learn(WHO, [word("bank-card", "6222021234567852", 5, FINANCE)])
    with pytest.raises(Problem, match="changed-meanwhile"):
        disputed.decide(waiting.conflict.id, FINANCE, waiting.version, "keep", "F001", LATE)
    disputed.learn(WHO, [word("bank-card", "6222021234567878", 6)])
    with pytest.raises(Problem, match="not-found"):
        disputed.decide(waiting.conflict.id, FINANCE, waiting.version, "keep", "F001", LATE)
    [now] = disputed.conflicts(FINANCE)
    assert disputed.decide(now.conflict.id, FINANCE, now.version, "keep", "F001", LATE)
    agree(disputed)


def test_what_there_is_not_or_is_of_another_source_is_not_found(disputed: Facts) -> None:
    [waiting] = disputed.conflicts(FINANCE)
    for id, source in ((waiting.conflict.id, REGISTRY), ("x", FINANCE), ("x" * 2000, FINANCE), ("", FINANCE)):
        with pytest.raises(Problem, match="not-found"):
            disputed.decide(id, source, waiting.version, "keep", "F001", LATE)


# --- deliveries, and what is forgotten --------------------------------------------------------------------------------
def test_marks_go_forward_only(facts: Facts) -> None:
    def begin(run: str, some: list[str], at: datetime, source: str = FINANCE) -> Begun:
        found = facts.begin(source, run, some, at)
        facts.end(source, run)
        return found

    both = ["bank-card", "bank-name"]
    assert begin("1", both, LATE) == begin("1", both, LATE) == Begun(frozenset(), alone=True)
    assert begin("2", both, AT).late == set(both)
    assert begin("3", ["bank-name"], LATE + timedelta(hours=1)).late == set()
    assert begin("4", both, LATE + timedelta(minutes=1)).late == {"bank-name"}
    assert begin("5", ["name"], AT, REGISTRY).late == set()


def test_who_takes_a_table_knows_whether_another_is_being_taken(facts: Facts) -> None:
    assert facts.begin(FINANCE, "1", ["bank-card"], AT).alone
    assert facts.begin(FINANCE, "1", ["bank-card"], AT).alone, "the same once more, for it died"
    assert facts.begin(REGISTRY, "2", ["name"], AT).alone
    assert not facts.begin(FINANCE, "3", ["bank-card"], LATE).alone
    facts.end(FINANCE, "1")
    assert facts.begin(FINANCE, "3", ["bank-card"], LATE).alone
    with patch("yinji.forms.facts_store.now", lambda: clock.now() + LONGEST_RUN):
        assert facts.begin(FINANCE, "4", ["bank-card"], LATE).alone, "whoever began so long ago is gone"


def test_who_is_forgotten_leaves_nothing(disputed: Facts, cloud: Cloud) -> None:
    disputed.learn("2022S01002", [word("name", "王", person="2022S01002")])
    disputed.forget(WHO)
    disputed.forget(WHO)
    assert disputed.of(WHO) == {} and disputed.conflicts(FINANCE) == [] and WHO not in everything(cloud)
    assert disputed.of("2022S01002")


def test_who_dies_while_forgetting_does_it_again(disputed: Facts, cloud: Cloud) -> None:
    disputed.learn(WHO, [word("name", "林"), word("phone", "13800138000")])
    from yinji.clearance.items import transacted

    calls = iter(range(99))

    def dies(*arguments: Any) -> bool:
        if next(calls) == 1:
            raise KeyboardInterrupt
        return transacted(*arguments)

    with patch("yinji.forms.facts_store.transacted", dies), pytest.raises(KeyboardInterrupt):
        disputed.forget(WHO)
    with pytest.raises(Problem, match="sealed-for-good"):
        disputed.opened(disputed.of(WHO)["bank-card"])
    disputed.forget(WHO)
    assert WHO not in everything(cloud)


def test_who_says_something_while_they_are_forgotten_leaves_no_conflict_behind(disputed: Facts, cloud: Cloud) -> None:
    from yinji.clearance.items import transacted

    again: Iterator[int] = iter(range(1))

    def overtaken(*arguments: Any) -> bool:
        if next(again, None) is not None:
            with patch("yinji.forms.facts_store.transacted", transacted):
                Facts().learn(WHO, [word("bank-card", "6222021234567878", 6)])
        return transacted(*arguments)

    with patch("yinji.forms.facts_store.transacted", overtaken):
        disputed.forget(WHO)
    assert disputed.conflicts(FINANCE) == [] and WHO not in everything(cloud)
