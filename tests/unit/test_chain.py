"""A history that was exported whole is whole; whatever is done to it afterwards is found, and said where."""

from __future__ import annotations

import copy
import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from yinji.clearance import case as cases
from yinji.clearance import chain
from yinji.clearance.case import Change, Event
from yinji.clearance.chain import Finding, Head, Tree, Witness, verify

from infra.local import verify_history
from tests.graduates import BATCH, LIN, event

Export = dict[str, Any]
DAY = "2026-06-15"


def grown(number: int = 6) -> tuple[list[Event], Head]:
    """A case that was corrected again and again, and where its history ends."""
    change: Change | None = chain.sealed(cases.open_case(LIN, BATCH, event("open")))
    events: list[Event] = []
    for at in range(number):
        assert change
        events.append(change.event)
        wanted = replace(LIN, room=f"梅园 {at}")
        change = cases.correct(change.after, wanted, BATCH, event(f"k{at}", why=f"理由 {at}", evidence={"n": at}))
        change = change and chain.sealed(change)
    assert change and change.before
    return events, Head(LIN.student, change.before.version, change.before.chain)


def exported(number: int = 6, witnessed: int = 4) -> Export:
    """An export of `number` events, of which an anchor saw the first `witnessed`."""
    events, head = grown(number)
    others = [Head(f"2022S01{at:03d}", at, "ab" * 32) for at in range(2, 9)]
    then = Head(LIN.student, witnessed, events[witnessed - 1].hash)
    heads = [then, *others]
    made = chain.anchor(DAY, "2026-06-15T00:00:00.000Z", heads, None)
    found = Tree(heads).find(LIN.student)
    assert found
    return chain.history(head, events, "2026-06-16T00:00:00.000Z", Witness(made, *found))


def bad(document: Export, noted: str = "") -> list[str]:
    return [finding.code for finding in verify(document, noted) if finding.bad]


def changed(how: Callable[[Export], Any]) -> Export:
    document = copy.deepcopy(exported())
    how(document)
    return document


def resealed(document: Export) -> Export:
    """`document` with every hash and the head made anew, as somebody would who owns the table."""
    before = chain.genesis(document["student"])
    for one in document["events"]:
        before = one["hash"] = chain.link(before, one)
    document["head"] = {"version": len(document["events"]), "chain": before}
    return document


def test_what_was_exported_whole_is_whole() -> None:
    assert [finding.code for finding in verify(exported())] == ["anchored"]
    anchor = exported()["witness"]["anchor"]
    assert bad(exported(), chain.anchor_hash(anchor)) == []


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (lambda told: told["events"][2].update(why="别的理由"), [("changed", 3)]),
        (lambda told: told["events"][0].update(who="nobody"), [("changed", 1)]),
        (lambda told: told["events"][2]["evidence"].update(n=99), [("changed", 3)]),
        (lambda told: told["events"][2].update(more="x"), [("changed", 3)]),
        (lambda told: told["events"].pop(2), [("missing", 4)]),
        (lambda told: told["events"].pop(0), [("missing", 2)]),
        (
            lambda told: told["events"].insert(2, told["events"].pop(3)),
            [("moved", 4), ("moved", 3), ("changed", 5)],
        ),
        (lambda told: told["events"].insert(2, dict(told["events"][1])), [("inserted", 2)]),
        (lambda told: told["events"].pop(), [("cut", 6)]),
        (lambda told: told["head"].update(version=7), [("cut", 7)]),
        (lambda told: told["head"].update(chain="0" * 64), [("head", 6)]),
        (lambda told: told["events"][-1].update(hash="0" * 64), [("changed", 6), ("head", 6)]),
        (lambda told: told["events"][1].pop("hash"), [("changed", 2), ("changed", 3)]),
    ],
)
def test_whatever_is_done_to_the_events_is_said_and_where(
    how: Callable[[Export], Any], expected: list[tuple[str, int]]
) -> None:
    found = [(one.code, one.params["n"]) for one in verify(changed(how)) if one.bad]
    assert [one for one in found if not one[0].startswith("anchor")] == expected


@pytest.mark.parametrize(
    "how",
    [
        lambda told: told["events"][1].update(why="别的理由"),
        lambda told: told["events"].pop(1) and [one.update(version=at) for at, one in enumerate(told["events"], 1)],
        lambda told: [told["events"].reverse()] + [one.update(version=at) for at, one in enumerate(told["events"], 1)],
        lambda told: [told["events"].pop() for _ in range(3)],
    ],
)
def test_who_makes_all_hashes_anew_is_found_by_the_anchor(how: Callable[[Export], Any]) -> None:
    document = resealed(changed(how))
    assert bad(document) == ["anchor-head"]


def test_who_makes_the_anchor_anew_as_well_is_found_by_whoever_noted_its_hash() -> None:
    noted = chain.anchor_hash(exported()["witness"]["anchor"])
    document = resealed(changed(lambda told: told["events"][1].update(why="别的理由")))
    head = Head(LIN.student, 6, document["head"]["chain"])
    document["witness"] = {"anchor": chain.anchor(DAY, "x", [head], None), "version": 6, "chain": head.chain, "way": []}
    assert bad(document) == []
    assert bad(document, noted) == ["anchor-noted"]


@pytest.mark.parametrize(
    "how",
    [
        lambda told: told["witness"]["anchor"].update(root="0" * 64),
        lambda told: told["witness"]["way"][0].__setitem__(1, "0" * 64),
        lambda told: told["witness"]["way"].pop(),
        lambda told: told["witness"]["way"][0].__setitem__(
            0, "left" if told["witness"]["way"][0][0] == "right" else "right"
        ),
    ],
)
def test_a_proof_that_was_changed_leads_nowhere(how: Callable[[Export], Any]) -> None:
    assert bad(changed(how)) == ["anchor-proof"]


def leaves_of(document: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(document, dict):
        return [place for name, one in document.items() for place in leaves_of(one, (*at, name))]
    if isinstance(document, list) and document:
        return [place for number, one in enumerate(document) for place in leaves_of(one, (*at, number))]
    return [at]


PLACES = [place for place in leaves_of(exported()) if place[0] in ("student", "events", "head")]


@given(st.data())
def test_no_word_of_the_events_can_change_unseen(data: st.DataObject) -> None:
    document = exported()
    *way, last = data.draw(st.sampled_from(PLACES))
    inside: Any = document
    for part in way:
        inside = inside[part]
    value = inside[last]
    other = data.draw(st.text(max_size=5)) if isinstance(value, str) else data.draw(st.integers(0, 99))
    if other != value:
        inside[last] = other
        assert bad(document)


@given(st.permutations(range(6)), st.integers(0, 5))
def test_no_order_and_no_beginning_but_its_own_is_whole(order: list[int], kept: int) -> None:
    document = exported()
    document["events"] = [document["events"][place] for place in order][: kept + 1]
    if [one["version"] for one in document["events"]] != [1, 2, 3, 4, 5, 6]:
        assert bad(document)


@pytest.mark.parametrize(
    "document",
    [{}, [], {"format": chain.FORMAT}, {"format": "other"}, exported() | {"events": [{"version": "x"}]}, None],
)
def test_what_is_no_export_is_said_to_be_none(document: Any) -> None:
    assert verify(document) == [Finding("unreadable", {})]


def test_a_history_from_before_events_were_sealed_goes_on_sealed() -> None:
    old = cases.open_case(LIN, BATCH, event("open"))
    change = cases.correct(old.after, replace(LIN, room="x"), BATCH, event("k"))
    assert change
    new = chain.sealed(change)
    head = Head(LIN.student, new.after.version, new.after.chain)
    found = verify(chain.history(head, [old.event, new.event], "", None))
    assert [one.code for one in found] == ["uncovered", "no-anchor"] and not any(one.bad for one in found)
    unsealed = chain.history(Head(LIN.student, 1, ""), [old.event], "", None)
    assert bad(unsealed) == []


def test_sealing_twice_is_sealing_once() -> None:
    once = chain.sealed(cases.open_case(LIN, BATCH, event("open")))
    assert chain.sealed(once) == once
    assert once.after.chain == once.event.hash


def test_a_document_is_hashed_alike_however_its_numbers_came_back() -> None:
    written = {"n": 3, "table": {"b": True, "a": None}, "list": (1,)}
    read = {"list": [Decimal(1)], "table": {"b": True}, "n": 3.0}
    assert chain.canonical(written) == chain.canonical(read) == b'{"list":[1],"n":3,"table":{"b":true}}'
    for fraction in (0.5, Decimal("0.1"), {1, 2}):
        with pytest.raises(ValueError, match="hashed"):
            chain.canonical({"x": fraction})


@given(st.lists(st.integers(0, 999), min_size=1, max_size=40, unique=True))
def test_every_head_of_a_tree_has_its_way_to_the_root(numbers: list[int]) -> None:
    heads = [Head(f"S{number:06d}", number, f"{number:064x}") for number in numbers]
    tree = Tree(heads)
    for head in heads:
        assert (found := tree.find(head.student))
        assert found[0] == head and chain.climbed(head.leaf, found[1]) == tree.root
    assert tree.find("nobody") is None
    assert Tree(reversed(heads)).root == tree.root
    assert Tree([*heads, Head("T", 1, "")]).root != tree.root
    assert Tree([]).root == chain.EMPTY


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ([Head("A", 3, "a3")], []),
        ([Head("A", 4, "a4"), Head("B", 1, "b1")], []),
        ([Head("A", 3, "xx")], ["A"]),
        ([Head("A", 2, "a2")], ["A"]),
        ([], ["A"]),
    ],
)
def test_a_history_may_only_go_on(now: list[Head], expected: list[str]) -> None:
    assert [head.student for head in chain.rewritten([Head("A", 3, "a3")], now)] == expected


def test_anchors_are_sealed_to_one_another() -> None:
    anchors: list[dict[str, Any]] = []
    for day in range(1, 5):
        heads = [Head("A", day, f"{day:064x}")]
        anchors.append(chain.anchor(f"2026-06-0{day}", "x", heads, anchors[-1] if anchors else None))
    told = {"format": chain.ANCHORS, "anchors": anchors}
    assert chain.verify_anchors(told) == []
    told["anchors"] = [*anchors[:1], *anchors[2:]]
    assert [one.params["date"] for one in chain.verify_anchors(told)] == ["2026-06-03"]
    told["anchors"] = [anchors[0], anchors[1] | {"cases": 9}, *anchors[2:]]
    assert [one.params["date"] for one in chain.verify_anchors(told)] == ["2026-06-03"]
    assert [one.code for one in chain.verify_anchors({})] == ["unreadable"]


# --- the command ---------------------------------------------------------------------------------------------
def ran(file: Path, *more: str) -> tuple[int, str]:
    result = CliRunner().invoke(verify_history.main, [str(file), *more])
    return result.exit_code, result.output


def test_the_command_says_in_both_languages_that_a_history_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "history.json"
    file.write_text(json.dumps(exported(), ensure_ascii=False, indent=1), "utf-8")
    code, told = ran(file)
    assert code == 0
    assert (
        f"✓ {LIN.student}  6 条记录 events" in told and "the anchor of 2026-06-15 witnesses the events up to 4" in told
    )
    code, told = ran(file, "--anchor", "0" * 64)
    assert code == 1 and "is not the one that was noted" in told


def test_the_command_finds_the_one_that_was_changed_among_many(tmp_path: Path) -> None:
    other = changed(lambda told: told["events"][2].update(why="别的理由"))
    file = tmp_path / "histories.ndjson"
    lines = [json.dumps(one, ensure_ascii=False) for one in (exported(), other, {"next": LIN.student})]
    file.write_text("\n".join(lines) + "\n", "utf-8")
    code, told = ran(file)
    assert code == 1
    assert "2 份，1 份不完整  2 checked, 1 not whole" in told and f"after={LIN.student}" in told
    assert "第 3 条记录" in told and "event 3 (2026-06-15T04:00:00.000Z, test) is not what was sealed" in told


@pytest.mark.parametrize("content", [b"", b"no json", b"\xff\xfe", b"[1, 2]"])
def test_the_command_refuses_what_is_no_export(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x"
    file.write_bytes(content)
    assert ran(file)[0] == 1


def test_every_finding_has_its_sentence_in_both_languages_and_no_sentence_is_idle() -> None:
    source = Path(chain.__file__)
    codes = set(re.findall(r'Finding\("([a-z-]+)"', source.read_text("utf-8")))
    told = tomllib.loads(source.with_name("findings.toml").read_text("utf-8"))
    assert codes == set(told)
    for texts in told.values():
        assert set(texts) == {"zh", "en"}
        assert re.search("[\u4e00-\u9fff]", texts["zh"]) and not re.search("[\u4e00-\u9fff]", texts["en"])
