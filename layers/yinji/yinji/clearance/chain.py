"""What proves that a history was not changed afterwards: events sealed to one another, and witnesses of all heads.

Every event bears a hash over the hash before it and its own document; the case keeps the last one, its head. Whoever
changes, removes, inserts or moves an event must make every later hash anew, and the head. Once a day an anchor keeps
the root of a Merkle tree over the heads of all cases and the hash of the anchor before it: who rewrites a history with
its head must rewrite every anchor since, and those that were noted elsewhere do not change.

Documents are hashed as JSON with sorted keys, without spaces and without fractions, in UTF-8 (the part of RFC 8785
that such documents need). The tree is that of RFC 6962: leaves and nodes are told apart by their first byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any, Literal, cast

from yinji.clearance.case import Change, Event
from yinji.clearance.document import event_document

FORMAT = "yinji-history-1"
ANCHORS = "yinji-anchors-1"
LEAF, NODE = b"\x00", b"\x01"
EMPTY = hashlib.sha256(b"").hexdigest()
"""The root over no case at all."""

Side = Literal["left", "right"]
Proof = Sequence[tuple[Side, str]]
"""From a leaf to the root: the hash beside it at each level, and on which side it stands."""


# --- one history -------------------------------------------------------------------------------------------
def canonical(document: Any) -> bytes:
    """`document` as the bytes that are hashed. Raises ValueError for a fraction or what JSON does not know."""
    return json.dumps(_plain(document), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    """`value` as it comes back from wherever it was stored: whole numbers, no missing values."""
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, Mapping):
        table = cast(Mapping[str, Any], value)
        return {str(name): _plain(one) for name, one in table.items() if one is not None}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in cast(Sequence[Any], value)]
    if isinstance(value, float | Decimal) and value == int(value):
        return int(value)
    raise ValueError(f"no part of a document that can be hashed: {type(value).__name__}")


def genesis(student: str) -> str:
    """What the first event of a student's case is sealed to."""
    return hashlib.sha256(f"{FORMAT}\n{student}".encode()).hexdigest()


def link(before: str, document: Mapping[str, Any]) -> str:
    """The hash of an event's `document` that follows the hash `before`; a hash in it does not count."""
    told = {name: value for name, value in document.items() if name != "hash"}
    return hashlib.sha256(before.encode() + b"\n" + canonical(told)).hexdigest()


def sealed(change: Change) -> Change:
    """`change` with its event sealed to the one before and the case's head moved; sealing twice is sealing once."""
    before = change.before.chain if change.before else ""
    hash = link(before or genesis(change.after.graduate.student), event_document(change.event))
    return Change(change.before, replace(change.after, chain=hash), replace(change.event, hash=hash))


# --- all heads ---------------------------------------------------------------------------------------------
@dataclass(frozen=True, order=True)
class Head:
    """Where a case's history ends: after which version, with which hash (empty before anything was sealed)."""

    student: str
    version: int
    chain: str

    @property
    def leaf(self) -> str:
        return hashlib.sha256(LEAF + canonical([self.student, self.version, self.chain])).hexdigest()


class Tree:
    """The Merkle tree over `heads`, sorted by student; who has nobody beside it moves up a level as it is."""

    def __init__(self, heads: Iterable[Head]) -> None:
        self._heads = sorted(heads)
        self._places = {head.student: place for place, head in enumerate(self._heads)}
        self._levels = [[head.leaf for head in self._heads]]
        while len(self._levels[-1]) > 1:
            below = self._levels[-1]
            pairs = [_above(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)]
            self._levels.append(pairs + below[len(pairs) * 2 :])

    @property
    def root(self) -> str:
        return self._levels[-1][0] if self._heads else EMPTY

    def find(self, student: str) -> tuple[Head, Proof] | None:
        """The head of `student` and its way to the root; None when it is not in the tree."""
        at = self._places.get(student)
        if at is None:
            return None
        head, way = self._heads[at], list[tuple[Side, str]]()
        for level in self._levels[:-1]:
            beside = at ^ 1
            if beside < len(level):
                way.append(("left" if beside < at else "right", level[beside]))
            at //= 2
        return head, way


def _above(left: str, right: str) -> str:
    return hashlib.sha256(NODE + bytes.fromhex(left) + bytes.fromhex(right)).hexdigest()


def climbed(leaf: str, way: Proof) -> str:
    """The root that `way` leads to from `leaf`. Raises ValueError for what is no way."""
    for side, beside in way:
        if side not in ("left", "right"):
            raise ValueError(side)
        leaf = _above(beside, leaf) if side == "left" else _above(leaf, beside)
    return leaf


def anchor(date: str, at: str, heads: Sequence[Head], previous: Mapping[str, Any] | None) -> dict[str, Any]:
    """The anchor of the day `date`, made at the instant `at`, over `heads`, sealed to the one before it."""
    return {
        "date": date,
        "at": at,
        "cases": len(heads),
        "root": Tree(heads).root,
        "previous": anchor_hash(previous) if previous else None,
        "previous_date": previous["date"] if previous else None,
    }


def anchor_hash(document: Mapping[str, Any]) -> str:
    """What names an anchor, for whoever notes it elsewhere and for the next one."""
    return hashlib.sha256(canonical(document)).hexdigest()


def rewritten(before: Iterable[Head], now: Iterable[Head]) -> list[Head]:
    """The heads of `before` whose history is no continuation of what it was: gone, shorter, or with another head."""
    known = {head.student: head for head in now}
    found: list[Head] = []
    for was in before:
        head = known.get(was.student)
        if head is None or head.version < was.version or (head.version == was.version and head.chain != was.chain):
            found.append(was)
    return found


# --- what is exported, and whether it holds ----------------------------------------------------------------
@dataclass(frozen=True)
class Witness:
    """An anchor that knows a case: the anchor's document, the head it knows, and that head's way to its root."""

    anchor: Mapping[str, Any]
    head: Head
    way: Proof


def history(head: Head, events: Sequence[Event], at: str, witness: Witness | None) -> dict[str, Any]:
    """The export of one history at the instant `at`: every event, the head, and the newest anchor that knows it."""
    return {
        "format": FORMAT,
        "student": head.student,
        "exported_at": at,
        "head": {"version": head.version, "chain": head.chain},
        "events": [event_document(event) for event in events],
        "witness": {
            "anchor": dict(witness.anchor),
            "version": witness.head.version,
            "chain": witness.head.chain,
            "way": [list(step) for step in witness.way],
        }
        if witness
        else None,
    }


@dataclass(frozen=True)
class Finding:
    """Something about an export: `code` is a key of findings.toml and `params` fill its sentence.

    What is not `bad` is worth knowing but no contradiction.
    """

    code: str
    params: Mapping[str, Any]
    bad: bool = True


def verify(document: Mapping[str, Any], noted: str = "") -> list[Finding]:
    """What is wrong with an exported history, in the order of its events; only notes when it is whole.

    `noted` is the hash of the anchor as somebody noted it, if they did. Nothing but the document is needed. A document
    of another form gives the one finding "unreadable".
    """
    try:
        return [*_events(document), *_witnessed(document, noted)]
    except (KeyError, TypeError, ValueError, AttributeError):
        return [Finding("unreadable", {})]


def _events(document: Mapping[str, Any]) -> list[Finding]:
    if document["format"] != FORMAT:
        raise ValueError("format")
    events: Sequence[Mapping[str, Any]] = document["events"]
    head, found = document["head"], list[Finding]()
    before, expected, uncovered, seen = genesis(document["student"]), 1, 0, set[int]()
    all_versions = {int(event["version"]) for event in events}
    for event in events:
        version = int(event["version"])
        told = {"n": version, "at": event["at"], "what": event["what"]}
        if version in seen:
            found.append(Finding("inserted", told))
        elif version > expected and (gap := sorted(set(range(expected, version)) - all_versions)):
            found.append(Finding("missing", told | {"first": gap[0], "last": gap[-1]}))
        elif version != expected:
            found.append(Finding("moved", told))
        elif not event.get("hash") and len(seen) == uncovered:
            uncovered += 1  # from before events were sealed
        elif event.get("hash") != link(before, event):
            found.append(Finding("changed", told))
        seen.add(version)
        before = event.get("hash") or before
        expected = max(expected, version + 1)
    if int(head["version"]) != expected - 1:
        found.append(Finding("cut", {"last": expected - 1, "n": int(head["version"])}))
    elif head["chain"] != (before if len(events) > uncovered else ""):
        found.append(Finding("head", {"n": int(head["version"])}))
    if uncovered:
        found.append(Finding("uncovered", {"n": uncovered}, bad=False))
    return found


def _witnessed(document: Mapping[str, Any], noted: str) -> list[Finding]:
    witness = document["witness"]
    if not witness:
        return [Finding("no-anchor", {}, bad=bool(noted))]
    made: Mapping[str, Any] = witness["anchor"]
    told = {"date": made["date"], "n": int(witness["version"]), "hash": anchor_hash(made)}
    head = Head(document["student"], int(witness["version"]), witness["chain"])
    way: list[tuple[Side, str]] = [(side, beside) for side, beside in witness["way"]]
    found: list[Finding] = []
    if climbed(head.leaf, way) != made["root"]:
        found.append(Finding("anchor-proof", told))
    sealed_then = [event.get("hash", "") for event in document["events"] if int(event["version"]) == head.version]
    if sealed_then != [head.chain]:
        found.append(Finding("anchor-head", told))
    if noted and noted != told["hash"]:
        found.append(Finding("anchor-noted", told))
    return found or [Finding("anchored", told, bad=False)]


def verify_anchors(document: Mapping[str, Any]) -> list[Finding]:
    """What is wrong with an exported list of anchors, oldest first: each must name the one before it."""
    try:
        if document["format"] != ANCHORS:
            raise ValueError("format")
        found: list[Finding] = []
        anchors: Sequence[Mapping[str, Any]] = document["anchors"]
        for before, after in pairwise(anchors):
            if after["previous"] != anchor_hash(before):
                found.append(Finding("anchor-broken", {"date": after["date"], "before": before["date"]}))
        return found
    except (KeyError, TypeError, ValueError, AttributeError):
        return [Finding("unreadable", {})]
