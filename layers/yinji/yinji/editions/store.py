"""Where editions live: the table `Editions`.

Items (pk, sk): STUDENT#<student> EDITION#<id>; STUDENT#<student> INFORCE#<language>; STATUS COUNT;
STATUS REVOKED#<place>.
Index by-run (run, progress = <state>#<student>): how far a run is. Index by-code (code, sk): what somebody verifies.

An edition goes from state to state by conditional updates, so that whoever comes second changes nothing. That one is
sealed, which one it supersedes, and which one is in force, is one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from yinji.archive.bulk import Bulk
from yinji.clearance import codes
from yinji.clearance.items import CONFLICTS, cancelled_by, connection, forget, kept, one, transacted, values
from yinji.clearance.reading import plains
from yinji.editions.items import TABLE, EditionItem, InForceItem, RevokedItem, StatusItem
from yinji.editions.model import AGAIN, ALONE, MOST_ATTEMPTS, Edition, Language, State, edition_id
from yinji.platform.clock import instant, now, stamp
from yinji.platform.problem import Problem

ATTEMPTS = 8


def _as_of_now() -> Action:
    """An edition says what is known when it is made, and bears that day."""
    return EditionItem.at.set(stamp(now()))


STATUS = "STATUS"
"""The partition of the list of what was revoked, which tells of nobody."""


class Editions:
    """The table. Every method raises what the service raises when it cannot be reached."""

    def __init__(self) -> None:
        self._bulk = Bulk(TABLE)
        self._connection = connection()

    # --- reading -------------------------------------------------------------------------------------------
    def find(self, student: str, id: str) -> Edition | None:
        item = one(EditionItem, _pk(student), _sk(id))
        return _edition(values(item)) if item else None

    def of(self, student: str) -> list[Edition]:
        """The editions of `student`, the youngest first."""
        items = self._bulk.query("pk", _pk(student), beginning="EDITION#", consistent=True)
        return sorted((_edition(plains(item)) for item in items), key=lambda found: found.at, reverse=True)

    def by_code(self, code: str) -> Edition | None:
        """The edition with that verification code, as of now."""
        for item in EditionItem.by_code.query(code, EditionItem.sk.startswith("EDITION#"), limit=1):
            told = values(item)
            return self.find(told["student"], told["id"])
        return None

    def of_run(self, run: str, *states: State) -> Iterator[Edition]:
        """The editions of a run, or those in `states`, as of a moment ago."""
        for state in states or ("",):
            beginning = f"{state}#" if state else ""
            for item in self._bulk.query("run", run, beginning=beginning, index="by-run", sort="progress"):
                yield _edition(plains(item))

    def in_force(self, student: str, language: Language) -> tuple[str, str]:
        """The id of the edition in force and what it is a fingerprint of; both empty when there is none."""
        item = one(InForceItem, _pk(student), _force(language))
        return (item.edition, item.of_fingerprint) if item else ("", "")

    # --- asking --------------------------------------------------------------------------------------------
    def ask(self, edition: Edition) -> Edition:
        """Keep a new edition; the one that is there when it was asked for before."""
        if self.add(edition):
            return edition
        found = self.find(edition.student, edition.id)
        assert found  # noqa: S101 - it was there a moment ago, and editions go with all of a student only
        return found

    def add(self, edition: Edition) -> bool:
        """Keep a new edition; False when it was asked for before."""
        item = _item(edition)
        return kept(lambda: item.save(condition=EditionItem.pk.does_not_exist()))

    def release(self, edition: Edition) -> bool:
        """Let a planned one be made."""
        return self._go(edition, "requested", {"planned"}, _as_of_now())

    def set_aside(self, edition: Edition) -> bool:
        """Let a requested one wait again, because its run is paused."""
        return self._go(edition, "planned", {"requested"})

    def again(self, edition: Edition) -> bool:
        """Have one made again that failed or was held, when its run lets it go, or that was left lying: True when it
        goes on. What was left lying too often has failed."""
        if edition.state in AGAIN:
            state: State = "requested" if edition.run == ALONE else "planned"
            anew: list[Action] = [
                EditionItem.attempts.set(1), EditionItem.characters.remove(), EditionItem.reason.remove(), _as_of_now()
            ]  # fmt: skip
            return self._go(edition, state, AGAIN, *anew)
        same = EditionItem.changed_at == stamp(edition.changed_at)
        if edition.attempts >= MOST_ATTEMPTS:
            self.fail(edition, "left-lying", same)
            return False
        return self._go(edition, "requested", {"requested", "rendered"},
                        EditionItem.attempts.set(EditionItem.attempts + 1), also=same)  # fmt: skip

    # --- making --------------------------------------------------------------------------------------------
    def rendered(self, edition: Edition, fingerprint: str) -> bool:
        return self._go(edition, "rendered", {"requested"}, EditionItem.fingerprint.set(fingerprint))

    def unchanged(self, edition: Edition, fingerprint: str) -> bool:
        return self._go(edition, "unchanged", {"requested"}, EditionItem.fingerprint.set(fingerprint))

    def hold(self, edition: Edition, characters: str) -> bool:
        """Say that no font has `characters`."""
        return self._go(edition, "held", {"requested"}, EditionItem.characters.set(characters[:40]))

    def fail(self, edition: Edition, reason: str, also: Condition | None = None) -> bool:
        return self._go(edition, "failed", {"requested", "rendered"}, EditionItem.reason.set(reason), also=also)

    def place(self) -> int:
        """A place in the list of what was revoked that nobody else has."""
        item = StatusItem(STATUS)
        item.update([StatusItem.taken.add(1)])
        return int(item.taken)

    def places(self) -> int:
        """How many places are taken."""
        return sum(int(item.taken) for item in StatusItem.query(STATUS, StatusItem.sk == "COUNT"))

    def placed(self, edition: Edition) -> int:
        """The place of `edition` in that list, which it keeps however often it is sealed. One is left empty when
        somebody dies between taking and keeping it."""
        if edition.status:
            return edition.status
        place = self.place()
        none = EditionItem.pk.exists() & EditionItem.status.does_not_exist()
        if kept(lambda: _key(edition).update([EditionItem.status.set(place)], condition=none)):
            return place
        found = self.find(edition.student, edition.id)
        return found.status if found else place

    def revoked(self, first: int, last: int) -> list[int]:
        """The places from `first` to `last` whose editions were revoked."""
        between = RevokedItem.sk.between(_place(first), _place(last))
        return [int(item.sk.partition("#")[2]) for item in RevokedItem.query(STATUS, between)]

    def seal(self, edition: Edition, fingerprint: str, digest: str, size: int, status: int) -> Edition | None:
        """Say that the edition is sealed and in force from now on, rather than the one before; None when somebody else
        sealed it, or it is not to be sealed any more. One that comes late, after a later one, is superseded at once.
        """
        at = now()
        changes: list[Action] = [
            EditionItem.state.set("sealed"), EditionItem.progress.set(f"sealed#{edition.student}"),
            EditionItem.changed_at.set(stamp(at)), EditionItem.sealed_at.set(stamp(at)),
            EditionItem.fingerprint.set(fingerprint), EditionItem.digest.set(digest), EditionItem.size.set(size),
            EditionItem.status.set(status),
        ]  # fmt: skip
        for _ in range(ATTEMPTS):
            before, _print = self.in_force(edition.student, edition.language)
            other = self.find(edition.student, before) if before else None
            late = other is not None and other.at > edition.at
            force = InForceItem(
                _pk(edition.student), _force(edition.language), edition=edition.id, of_fingerprint=fingerprint
            )
            same = InForceItem.edition == before if before else InForceItem.pk.does_not_exist()
            going = EditionItem.state.is_in("requested", "rendered")
            own = [*changes, EditionItem.superseded_by.set(before)] if late else changes
            try:
                with TransactWrite(connection=self._connection) as transaction:
                    transaction.update(_key(edition), actions=own, condition=going)
                    if late:
                        transaction.condition_check(InForceItem, force.pk, force.sk, condition=same)
                    else:
                        transaction.save(force, condition=same)
                    if other and not late and other.id != edition.id:
                        by: list[Action] = [EditionItem.superseded_by.set(edition.id)]
                        transaction.update(_key(other), actions=by, condition=EditionItem.pk.exists())
            except TransactWriteError as error:
                if not CONFLICTS.intersection(cancelled_by(error)):
                    raise
                found = self.find(edition.student, edition.id)
                if found is None or found.state not in ("requested", "rendered"):
                    return None
            else:
                return self.find(edition.student, edition.id)
        raise Problem("too-busy")

    def revoke(self, edition: Edition, by: str, why: str) -> bool:
        """Let nobody rely on a sealed edition any more; False when it was revoked before."""
        at = stamp(now())
        changes: list[Action] = [
            EditionItem.revoked_at.set(at), EditionItem.revoked_by.set(by), EditionItem.revoked_why.set(why)
        ]  # fmt: skip
        condition = (EditionItem.state == "sealed") & EditionItem.revoked_at.does_not_exist()
        for _ in range(ATTEMPTS):
            found = self.find(edition.student, edition.id)
            if found is None or found.state != "sealed" or found.revoked_at:
                return False
            force, _print = self.in_force(found.student, found.language)

            def work(transaction: TransactWrite, found: Edition = found, force: str = force) -> None:
                transaction.update(_key(edition), actions=changes, condition=condition)
                if force == found.id:  # so that another one can be made that says the same
                    item = InForceItem(_pk(found.student), _force(found.language))
                    transaction.delete(item, condition=InForceItem.edition == found.id)
                transaction.save(RevokedItem(STATUS, _place(found.status), at=at))

            if transacted(self._connection, work):
                return True
        raise Problem("too-busy")

    def _go(
        self, edition: Edition, state: State, were: Iterable[State], *more: Action, also: Condition | None = None
    ) -> bool:
        """Change the state, if it is one of `were` and what `also` says holds."""
        changes: list[Action] = [
            EditionItem.state.set(state), EditionItem.progress.set(f"{state}#{edition.student}"),
            EditionItem.changed_at.set(stamp(now())), *more,
        ]  # fmt: skip
        condition = EditionItem.state.is_in(*sorted(were))
        if also is not None:
            condition = condition & also
        return kept(lambda: _key(edition).update(changes, condition=condition))

    # --- what is to go -------------------------------------------------------------------------------------
    def forget(self, student: str) -> None:
        """Delete everything that is kept of the editions of `student`."""
        forget(EditionItem, _pk(student))


def new_edition(
    student: str, run: str, language: Language, theme: str, by: str, *, state: State, key: str = "",
    at: datetime | None = None,
) -> Edition:  # fmt: skip
    """An edition as it is asked for: with a code of its own."""
    at = at or now()
    id = edition_id(run, student, language, key)
    return Edition(student, id, run, language, theme, codes.new(), by, at, state, at)


def _pk(student: str) -> str:
    return f"STUDENT#{student}"


def _sk(id: str) -> str:
    return f"EDITION#{id}"


def _place(place: int) -> str:
    return f"REVOKED#{place:012d}"


def _force(language: str) -> str:
    return f"INFORCE#{language}"


def _key(edition: Edition) -> EditionItem:
    return EditionItem(_pk(edition.student), _sk(edition.id))


_TIMES: Sequence[str] = ("at", "changed_at", "sealed_at", "revoked_at")


def _document(edition: Edition) -> dict[str, Any]:
    told = {
        name: stamp(cast(datetime, value)) if name in _TIMES else value
        for name, value in vars(edition).items()
        if value not in ("", None, 0)
    }
    progress = f"{edition.state}#{edition.student}"
    return {"pk": _pk(edition.student), "sk": _sk(edition.id), "progress": progress, **told}


def _item(edition: Edition) -> EditionItem:
    told = _document(edition)
    return EditionItem(told.pop("pk"), told.pop("sk"), **told)


def _edition(told: Mapping[str, Any]) -> Edition:
    known: dict[str, Any] = {name: value for name, value in told.items() if name not in ("pk", "sk", "progress")}
    known |= {name: instant(known[name]) for name in _TIMES if name in known}
    known |= {name: int(known[name]) for name in ("attempts", "size", "status") if name in known}
    return Edition(**known)
