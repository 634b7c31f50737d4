"""Where facts live: the table `Facts`; facts_items.py lists its items.

A fact, its history and the conflict about it are written by one transaction, under the version that the fact had.
What is sensitive is sealed with a key of the person's before it is written, and opened to be compared; whoever looks
at facts sees it sealed, and may open what they may read.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pynamodb.exceptions import DoesNotExist
from pynamodb.transactions import TransactWrite

from yinji.archive.bulk import CHANCE, Bulk
from yinji.clearance.items import connection, forget, kept, one, transacted, values
from yinji.clearance.keys import Keys
from yinji.clearance.reading import plains, text
from yinji.clearance.sealing import Broken, PersonKey, is_sealed
from yinji.forms.facts import (
    Claim,
    Conflict,
    Deed,
    Fact,
    decided,
    kinds,
    learnt,
    validator,
    worth_keeping,
)
from yinji.forms.facts_items import (
    TABLE,
    ConflictItem,
    DecidedItem,
    FactItem,
    FactKeyItem,
    MarkItem,
    PastItem,
    RecordsRunItem,
)
from yinji.platform.clock import instant, now, stamp
from yinji.platform.problem import Problem

KEPT = timedelta(days=4383)
"""How long a fact is kept after it last changed, where nothing takes it away before (the data map's term `facts`)."""
PAST_KEPT = timedelta(days=1095)
"""How long a version of a fact, and what was decided of a conflict, are kept after they were written (the data map's
term `past-facts`)."""
LONGEST_RUN = timedelta(minutes=20)
"""How long taking a table may last; no function runs for so long."""
AT_ONCE = 24
"""Facts that one transaction writes: up to four items each, of the hundred that it may hold."""
TRIES = 12
BREATH = 0.02  # seconds


@dataclass(frozen=True)
class Learnt:
    """What came of what was said: how many facts changed, and the conflicts that arose."""

    changed: int
    conflicts: Sequence[Conflict]


@dataclass(frozen=True)
class Open:
    """A conflict that waits for somebody, sealed where it is sensitive; `version` is that of the fact."""

    conflict: Conflict
    version: int


class Sealer:
    """Seals and opens texts of `person` that are no facts, such as answers of a form: each at a place of its own, where
    alone it can be opened. The key is looked up when it is first needed."""

    def __init__(self, keys: Keys, person: str) -> None:
        self._keys, self.person = keys, person
        self._key: PersonKey | None = None

    def seal(self, place: str, text: str) -> str:
        """`text` sealed, by the key of the person, which there is from now on."""
        self._key = self._key or self._keys.of(self.person)
        return self._key.seal(place, text)

    def open(self, place: str, sealed: str) -> str:
        """What was sealed at `place`, in clear. Raises Problem("sealed-for-good") when the key is gone."""
        self._key = self._key or self._keys.existing(self.person)
        try:
            if self._key:
                return self._key.open(place, sealed)
        except Broken as error:
            raise Problem("sealed-for-good") from error
        raise Problem("sealed-for-good")


@dataclass(frozen=True)
class Begun:
    """A table that is being taken: the kinds of which its source has told later, and whether no other table of it is
    being taken just now."""

    late: frozenset[str]
    alone: bool


class Facts:
    """Every method raises what the service raises when it cannot be reached."""

    def __init__(self) -> None:
        self._bulk, self._connection = Bulk(TABLE), connection()
        self._keys = Keys(FactKeyItem, "PERSON#", "person")

    # --- looking ---------------------------------------------------------------------------------------------------
    def of(self, person: str) -> dict[str, Fact]:
        """What is known of `person` as of now, by kind, in the order of the registry; what is sensitive stays
        sealed."""
        found = self._bulk.query("pk", _person(person), beginning="FACT#", consistent=True)
        known = {fact.kind: fact for fact in map(fact_of, map(plains, found))}
        return {kind: known[kind] for kind in kinds() if kind in known}

    def history(self, person: str, kind: str) -> list[Fact]:
        """Every version of it that is kept, the oldest first; what is sensitive stays sealed."""
        found = self._bulk.query("pk", _person(person), beginning=f"PAST#{kind}#", consistent=True)
        return [fact_of(plains(item)) for item in found]

    def histories(self, person: str) -> dict[str, list[Fact]]:
        """The same of every kind, by kind."""
        told: dict[str, list[Fact]] = {}
        for item in self._bulk.query("pk", _person(person), beginning="PAST#", consistent=True):
            fact = fact_of(plains(item))
            told.setdefault(fact.kind, []).append(fact)
        return told

    def names(self, people: Iterable[str]) -> dict[str, str]:
        """What those of `people` are called whose name is known."""
        found = self._bulk.get_many([(_person(person), "FACT#name") for person in people])
        return {fact.person: str(fact.value) for fact in map(fact_of, map(plains, found))}

    def opened(self, fact: Fact) -> Fact:
        """`fact` in clear. Raises Problem("sealed-for-good") when the key by which it was sealed is gone."""
        if not any(map(is_sealed, (fact.value, fact.overruled, fact.claim and fact.claim.value))):
            return fact

        def opened(sealed: str) -> str:
            return self._keys.opened(fact.person, fact.kind, sealed)

        return _each(fact, opened)

    def opened_all(self, person: str, facts: Iterable[Fact]) -> list[Fact]:
        """`facts` of `person` in clear, with one look at the key; what nobody can open any more stays sealed."""
        told = list(facts)
        key = self._keys.existing(person) if any(kinds()[fact.kind].sealed for fact in told) else None
        return [_clear(key, fact) for fact in told]

    def sealer(self, person: str) -> Sealer:
        """What seals and opens what is kept of `person` elsewhere, by the same key: it goes when that is destroyed."""
        return Sealer(self._keys, person)

    # --- learning --------------------------------------------------------------------------------------------------
    def learn(self, person: str, said: Sequence[Fact]) -> list[Conflict]:
        """Keep what was `said` of `person`, in clear, as facts.learnt has it; the conflicts that arose by it.

        The same said again changes nothing, nor does an older word. Who is overtaken looks anew. Raises ValueError when
        a value is none of its kind, Problem("too-busy") when others were quicker all the time: some is kept then, and
        all of it may be said again.
        """
        return list(self.take(person, said).conflicts)

    def take(self, person: str, said: Sequence[Fact], *, quietly: bool = False, late: Collection[str] = ()) -> Learnt:
        """The same, and how many facts changed. `quietly` lets what is said again go unwritten where it need not be; of
        the kinds that are `late`, what a system of record told before stands, whatever it is."""
        for word in said:
            if word.person != person or not validator(word.kind).holds(word.value):
                raise ValueError(word.kind)
        left: list[Fact] = list(said)
        arose: list[Conflict] = []
        changed = 0
        while left:
            # of several words on one fact, one at a time; others wait for the next turn
            turn = list({word.kind: word for word in reversed(left)}.values())[-AT_ONCE:]
            done = self._take(person, turn, quietly, late)
            changed += done.changed
            arose += done.conflicts
            taken = {id(word) for word in turn}
            left = [word for word in left if id(word) not in taken]
        return Learnt(changed, arose)

    def _take(self, person: str, said: Sequence[Fact], quietly: bool, late: Collection[str]) -> Learnt:
        for attempt in range(TRIES):
            known = self.of(person)
            sealing = any(kinds()[word.kind].sealed for word in said)
            key = self._keys.of(person) if sealing else None
            changes: list[tuple[Fact | None, Fact]] = []
            arose: list[Conflict] = []
            for word in said:
                before = known.get(word.kind)
                clear = _clear(key, before) if before else None
                if word.kind in late and before and before.recorded:
                    continue
                if quietly and not worth_keeping(clear, word):
                    continue
                after, conflict = learnt(clear, word)
                if after == clear:
                    continue
                changes.append((before, _sealed(key, after, clear, before)))
                arose += [conflict] if conflict else []
            if not changes or transacted(self._connection, lambda work, some=changes: _put_all(work, some)):
                return Learnt(len(changes), arose)
            time.sleep(CHANCE.uniform(0, BREATH * 2 ** min(attempt, 5)))
        raise Problem("too-busy")

    # --- conflicts -------------------------------------------------------------------------------------------------
    def conflicts(self, source: str) -> list[Open]:
        """What people say otherwise than the system of record `source`, whoever waits longest first."""
        found = [_open(plains(item)) for item in self._bulk.query("pk", _conflicts(source), consistent=True)]
        return sorted(found, key=lambda one: (one.conflict.at, one.conflict.id))

    def decide(
        self, id: str, source: str, version: int, deed: Deed, who: str, at: datetime, not_of: Sequence[str] = ()
    ) -> Conflict | None:
        """Let `who` decide of the conflict `id` with `source`, as it stands in `version` of the fact: the conflict, or
        None when the same was decided before.

        Raises Problem("not-found") when there is none, Problem("changed-meanwhile") when it is not any more what was
        seen, or the other was decided, Problem("forbidden") when it is of somebody of `not_of`.
        """
        for attempt in range(TRIES):
            item = one(ConflictItem, _conflicts(source), id)
            if item is None:
                before = one(DecidedItem, _decided(source), id)
                if before is None:
                    raise Problem("not-found")
                if before.deed != deed:
                    raise Problem("changed-meanwhile")
                return None
            open = _open(values(item))
            if open.conflict.person in not_of:
                raise Problem("forbidden")
            fact = self._fact(open.conflict.person, open.conflict.kind)
            if fact is None or fact.conflict is None or fact.conflict.id != id:
                time.sleep(CHANCE.uniform(0, BREATH * 2 ** min(attempt, 5)))
                continue  # somebody is at it
            if fact.version != version:
                raise Problem("changed-meanwhile")
            said = DecidedItem(
                _decided(source),
                id,
                fact=fact.kind,
                deed=deed,
                who=who,
                at=stamp(at),
                expires_at=_expires(PAST_KEPT),
            )
            after = decided(fact, deed, at)

            def work(transaction: TransactWrite, fact: Fact = fact, after: Fact = after, said: Any = said) -> None:
                _put(transaction, fact, after)
                transaction.save(said, condition=DecidedItem.pk.does_not_exist())

            if transacted(self._connection, work):
                return fact.conflict
        raise Problem("too-busy")

    def _fact(self, person: str, kind: str) -> Fact | None:
        try:
            return fact_of(values(FactItem.get(_person(person), f"FACT#{kind}", consistent_read=True)))
        except DoesNotExist:
            return None

    # --- what systems of record delivered --------------------------------------------------------------------------
    def begin(self, source: str, run: str, some: Sequence[str], as_of: datetime) -> Begun:
        """Begin to take a table of `source` that tells of the kinds `some` as of then, as `run`."""
        item = RecordsRunItem(_records(source), f"RUN#{run}", began_at=stamp(now()), expires_at=_expires(LONGEST_RUN))
        item.save()
        for kind in some:
            mark = MarkItem(_records(source), f"KIND#{kind}", as_of=stamp(as_of))
            older = MarkItem.pk.does_not_exist() | (MarkItem.as_of < stamp(as_of))
            kept(lambda mark=mark, older=older: mark.save(condition=older))
        late: set[str] = set()
        alone = True
        for told in map(plains, self._bulk.query("pk", _records(source), consistent=True)):
            what, _, which = told["sk"].partition("#")
            if what == "KIND" and which in some and as_of < instant(told["as_of"]):
                late.add(which)
            elif what == "RUN" and which != run and now() - instant(told["began_at"]) < LONGEST_RUN:
                alone = False
        return Begun(frozenset(late), alone)

    def end(self, source: str, run: str) -> None:
        """`run` is over."""
        RecordsRunItem(_records(source), f"RUN#{run}").delete()

    # --- forgetting ------------------------------------------------------------------------------------------------
    def having_keys(self, people: Iterable[str]) -> set[str]:
        """Those of `people` of whom something is sealed."""
        found = self._bulk.get_many([(_person(person), "KEY") for person in people], ("pk",))
        return {text(item, "pk").removeprefix(_person("")) for item in found}

    def destroy_key(self, person: str) -> None:
        """Let nobody read again what was sealed of `person`."""
        FactKeyItem(_person(person), "KEY").delete()

    def forget(self, person: str) -> None:
        """Delete all that is known of `person`, its history and the conflicts about it; the key goes first. Whoever
        dies in between does it again."""
        self.destroy_key(person)
        for attempt in range(TRIES):
            known = self.of(person)
            if not known:
                break
            for fact in known.values():

                def work(transaction: TransactWrite, fact: Fact = fact) -> None:
                    item = FactItem(_person(person), f"FACT#{fact.kind}")
                    transaction.delete(item, condition=FactItem.version == fact.version)
                    if fact.conflict:
                        transaction.delete(_conflict_key(fact.conflict))

                transacted(self._connection, work)
            time.sleep(CHANCE.uniform(0, BREATH * 2 ** min(attempt, 5)) if attempt else 0)
        else:
            raise Problem("too-busy")
        forget(PastItem, _person(person))


def _person(person: str) -> str:
    return f"PERSON#{person}"


def _conflicts(source: str) -> str:
    return f"CONFLICTS#{source}"


def _records(source: str) -> str:
    return f"RECORDS#{source}"


def _decided(source: str) -> str:
    return f"DECIDED#{source}"


def _expires(kept: timedelta) -> int:
    return int((now() + kept).timestamp())


def _each(fact: Fact, of: Callable[[str], str]) -> Fact:
    """`fact` with `of` done to each of its values that are sealed."""

    def done(value: Any) -> Any:
        return of(value) if is_sealed(value) else value

    claim = replace(fact.claim, value=done(fact.claim.value)) if fact.claim else None
    return replace(fact, value=done(fact.value), claim=claim, overruled=done(fact.overruled))


def _clear(key: PersonKey | None, fact: Fact) -> Fact:
    """`fact` in clear; what was sealed by a key that is gone is as it is, and like nothing that is said."""

    def opened(sealed: str) -> str:
        try:
            return key.open(fact.kind, sealed) if key else sealed
        except Broken:
            return sealed

    return _each(fact, opened)


def _sealed(key: PersonKey | None, after: Fact, clear: Fact | None, before: Fact | None) -> Fact:
    """`after` as it is written: what was sealed `before`, there it is `clear`, stays the text that it was."""
    if key is None or not kinds()[after.kind].sealed:
        return after
    texts: dict[str, str] = {}
    if clear and before:
        pairs = [(clear.value, before.value), (clear.overruled, before.overruled)]
        pairs += [(clear.claim.value, before.claim.value)] if clear.claim and before.claim else []
        texts = {value: text for value, text in pairs if value is not None}

    def sealed(value: Any) -> Any:
        if value is None or is_sealed(value):
            return value
        if value not in texts:
            texts[value] = key.seal(after.kind, value)
        return texts[value]

    claim = replace(after.claim, value=sealed(after.claim.value)) if after.claim else None
    return replace(after, value=sealed(after.value), claim=claim, overruled=sealed(after.overruled))


def _put_all(transaction: TransactWrite, changes: Iterable[tuple[Fact | None, Fact]]) -> None:
    for before, after in changes:
        _put(transaction, before, after)


def _put(transaction: TransactWrite, before: Fact | None, after: Fact) -> None:
    """Let `transaction` put `after`, which follows from `before`, with its history, and what becomes of the
    conflict."""
    told = _told(after)
    condition = FactItem.version == before.version if before else FactItem.pk.does_not_exist()
    fact = FactItem(_person(after.person), f"FACT#{after.kind}", **told, expires_at=_expires(KEPT))
    transaction.save(fact, condition=condition)
    past = f"PAST#{after.kind}#{after.version:06}"
    transaction.save(PastItem(_person(after.person), past, **told, expires_at=_expires(PAST_KEPT)))
    over, conflict = before.conflict if before else None, after.conflict
    if over and (conflict is None or conflict.id != over.id):
        transaction.delete(_conflict_key(over))
    if conflict:
        item = _conflict_key(conflict)
        item.person, item.fact, item.at = conflict.person, conflict.kind, stamp(conflict.at)
        item.recorded, item.typed = json.dumps(conflict.recorded), json.dumps(conflict.typed)
        item.version, item.expires_at = after.version, _expires(KEPT)
        transaction.save(item)


def _conflict_key(conflict: Conflict) -> ConflictItem:
    return ConflictItem(_conflicts(conflict.source), conflict.id)


def _told(fact: Fact) -> dict[str, Any]:
    claim = fact.claim
    return {
        "person": fact.person,
        "fact": fact.kind,
        "value": json.dumps(fact.value),
        "source": fact.source,
        "through": fact.through,
        "at": stamp(fact.at),
        "version": fact.version,
        "claim": {"value": json.dumps(claim.value), "at": stamp(claim.at), "through": claim.through} if claim else None,
        "overruled": None if fact.overruled is None else json.dumps(fact.overruled),
        "confirmed": stamp(fact.confirmed) if fact.confirmed else None,
    }


def fact_of(told: Mapping[str, Any]) -> Fact:
    """The fact of an item's values."""
    claim = told.get("claim")
    return Fact(
        told["person"],
        told["fact"],
        json.loads(told["value"]),
        told["source"],
        told["through"],
        instant(told["at"]),
        int(told["version"]),
        Claim(json.loads(claim["value"]), instant(claim["at"]), claim["through"]) if claim else None,
        json.loads(told["overruled"]) if told.get("overruled") else None,
        instant(told["confirmed"]) if told.get("confirmed") else None,
    )


def _open(told: Mapping[str, Any]) -> Open:
    recorded, typed = json.loads(told["recorded"]), json.loads(told["typed"])
    return Open(Conflict(told["person"], told["fact"], recorded, typed, instant(told["at"])), int(told["version"]))
