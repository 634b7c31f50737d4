"""Where selections lie, in the table `Archive`: SELECTIONS <id>, and each version of one as SELECTION#<id> VERSION#<n>.

Whoever changes a selection makes a new version of it, a draft, and looks at whom it would choose; what is kept is the
draft that was looked at. A version is never changed and a selection never deleted. Rules choose whoever fits them when
they are asked, so that who comes later is not left out.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from yinji.archive.cohorts import Cohorts
from yinji.archive.items import SelectionItem, SelectionVersionItem
from yinji.archive.selection import Choice, Preview, choice_of, preview
from yinji.archive.store import Archive, Member
from yinji.clearance.items import CONFLICTS, FAILED_CONDITION, cancelled_by, connection, one, values
from yinji.platform import clock
from yinji.platform.clock import instant, stamp
from yinji.platform.ids import id_of
from yinji.platform.problem import Problem

SELECTIONS = "SELECTIONS"
ATTEMPTS = 8


@dataclass(frozen=True)
class Selection:
    """`newest` is its newest version, `kept` the one in force, 0 before any is; `by` changed it last, at `at`."""

    id: str
    title: str
    newest: int
    kept: int
    by: str
    at: datetime
    archived_by: str = ""
    archived_at: datetime | None = None


@dataclass(frozen=True)
class Version:
    """`number` is how many it chose when it was kept."""

    id: int
    title: str
    by: str
    at: datetime
    choice: Choice
    key: str
    kept_by: str = ""
    kept_at: datetime | None = None
    number: int = 0


class Selections:
    """Every method raises what the service raises when it cannot be reached."""

    def __init__(self, archive: Archive | None = None) -> None:
        self._archive = archive or Archive()
        self._cohorts = Cohorts()
        self._connection = connection()

    # --- reading -------------------------------------------------------------------------------------------
    def all(self) -> list[Selection]:
        """Every selection, the one that was changed last first; those that were archived as well."""
        found = [_selection(item.sk, values(item)) for item in SelectionItem.query(SELECTIONS)]
        return sorted(found, key=lambda one: one.at, reverse=True)

    def find(self, id: str) -> Selection | None:
        item = one(SelectionItem, SELECTIONS, id)
        return _selection(id, values(item)) if item else None

    def version(self, id: str, number: int) -> Version | None:
        item = one(SelectionVersionItem, _pk(id), _sk(number))
        return _version(item) if item else None

    def versions(self, id: str) -> list[Version]:
        """Every version, the newest first."""
        return [_version(item) for item in SelectionVersionItem.query(_pk(id), scan_index_forward=False)]

    def students(self, id: str) -> Iterator[str]:
        """The numbers of those whom the version in force chooses, as of now, each once.

        Raises Problem("not-found") when there is none in force.
        """
        selection = self.find(id)
        version = self.version(id, selection.kept) if selection and selection.kept else None
        if version is None:
            raise Problem("not-found")
        choice, told = version.choice, set[str]()
        for member in self._members(choice):
            if choice.chosen_by_rule(member):
                told.add(member.student)
                yield member.student
        listed = [one.student for one in choice.included if one.student not in told | choice.left_out]
        known = self._archive.students(listed)
        yield from (student for student in listed if student in known)

    def preview(self, choice: Choice) -> Preview:
        """Whom `choice` chooses as of now."""
        listed = self._archive.students([one.student for one in (*choice.included, *choice.excluded)])
        return preview(choice, self._members(choice), listed)

    def _members(self, choice: Choice) -> Iterator[Member]:
        """Everybody of the cohorts that a rule may choose from."""
        for cohort in sorted(self._cohorts.every()):
            if any(rule.may_hold(cohort) for rule in choice.rules):
                yield from self._archive.cohort(cohort)

    # --- writing -------------------------------------------------------------------------------------------
    def begin(self, title: str, choice: Choice, who: str, key: str) -> Selection:
        """A new selection with its first draft; the same one when it is begun again under the same `key`."""
        id = id_of(who, key, length=32)
        at = clock.now()
        new = SelectionItem(SELECTIONS, id, title=title, newest=1, by=who, at=stamp(at))
        free = SelectionItem.pk.does_not_exist()

        def write(transaction: TransactWrite) -> None:
            transaction.save(new, condition=free)
            transaction.save(_draft(id, 1, title, choice, who, at, key))

        self._written(write)
        return self._found(id)

    def draft(self, id: str, seen: int, title: str, choice: Choice, who: str, key: str) -> Selection:
        """A new version that is not in force yet, made of version `seen`.

        Raises Problem("not-found"), Problem("selection-archived"), and Problem("changed-meanwhile") when somebody else
        made another one since; none of it when it was made under this very `key`.
        """
        at = clock.now()
        changes: list[Action] = [
            SelectionItem.newest.set(seen + 1),
            SelectionItem.by.set(who),
            SelectionItem.at.set(stamp(at)),
        ]

        def write(transaction: TransactWrite) -> None:
            transaction.update(_item(id), actions=changes, condition=_open(seen))
            transaction.save(_draft(id, seen + 1, title, choice, who, at, key))

        if not self._written(write):
            made = self.version(id, seen + 1)
            if made is None or made.key != key or made.by != who:
                self._refuse(id)
        return self._found(id)

    def keep(self, id: str, version: int, who: str, number: int) -> Selection:
        """Put `version`, the newest, in force; it chose `number` students. Raises what `draft` raises."""
        known = self.version(id, version)
        if known is None:
            raise Problem("not-found")
        at = stamp(clock.now())
        changes: list[Action] = [
            SelectionItem.kept.set(version), SelectionItem.title.set(known.title), SelectionItem.by.set(who),
            SelectionItem.at.set(at),
        ]  # fmt: skip
        kept: list[Action] = [
            SelectionVersionItem.kept_by.set(who), SelectionVersionItem.kept_at.set(at),
            SelectionVersionItem.number.set(number),
        ]  # fmt: skip

        def write(transaction: TransactWrite) -> None:
            fresh = SelectionVersionItem.kept_at.does_not_exist()
            transaction.update(_item(id), actions=changes, condition=_open(version))
            transaction.update(SelectionVersionItem(_pk(id), _sk(version)), actions=kept, condition=fresh)

        if not self._written(write) and self._found(id).kept != version:
            self._refuse(id)
        return self._found(id)

    def archive(self, id: str, who: str) -> Selection:
        """Let nothing be made of a selection any more; it stays as it is. Raises Problem("not-found")."""
        at = stamp(clock.now())
        return self._set(id, [SelectionItem.archived_by.set(who), SelectionItem.archived_at.set(at)],
                         SelectionItem.archived_at.does_not_exist())  # fmt: skip

    def restore(self, id: str, who: str) -> Selection:
        """Take a selection back into use. Raises Problem("not-found")."""
        changes: list[Action] = [
            SelectionItem.archived_by.remove(),
            SelectionItem.archived_at.remove(),
            SelectionItem.by.set(who),
        ]
        return self._set(id, changes, SelectionItem.archived_at.exists())

    def _set(self, id: str, changes: list[Action], condition: Condition) -> Selection:
        """Change a selection unless it is so already."""

        def write(transaction: TransactWrite) -> None:
            transaction.update(_item(id), actions=changes, condition=SelectionItem.pk.exists() & condition)

        self._written(write)
        return self._found(id)

    def _found(self, id: str) -> Selection:
        found = self.find(id)
        if found is None:
            raise Problem("not-found")
        return found

    def _refuse(self, id: str) -> None:
        """Say why a selection could not be changed."""
        raise Problem("selection-archived" if self._found(id).archived_at else "changed-meanwhile")

    def _written(self, write: Any) -> bool:
        """Whether `write` went through, rather than finding that something was otherwise."""
        for _ in range(ATTEMPTS):
            try:
                with TransactWrite(connection=self._connection) as transaction:
                    write(transaction)
                return True
            except TransactWriteError as error:
                codes = cancelled_by(error)
                if FAILED_CONDITION in codes:
                    return False
                if not CONFLICTS.intersection(codes):
                    raise
        raise Problem("too-busy")


def _pk(id: str) -> str:
    return f"SELECTION#{id}"


def _sk(version: int) -> str:
    return f"VERSION#{version:06}"


def _item(id: str) -> SelectionItem:
    return SelectionItem(SELECTIONS, id)


def _open(version: int) -> Condition:
    """That `version` is the newest of a selection which is in use."""
    return (SelectionItem.newest == version) & SelectionItem.archived_at.does_not_exist()


def _draft(id: str, number: int, title: str, choice: Choice, who: str, at: datetime, key: str) -> SelectionVersionItem:
    told = zlib.compress(json.dumps(choice.document, separators=(",", ":"), ensure_ascii=False).encode(), 6)
    return SelectionVersionItem(_pk(id), _sk(number), title=title, by=who, at=stamp(at), key=key, told=told)


def _selection(id: str, told: Mapping[str, Any]) -> Selection:
    archived = told.get("archived_at")
    return Selection(
        id,
        told["title"],
        int(told["newest"]),
        int(told.get("kept", 0)),
        told["by"],
        instant(told["at"]),
        told.get("archived_by", ""),
        instant(archived) if archived else None,
    )


def _version(item: SelectionVersionItem) -> Version:
    told = values(item)
    kept = told.get("kept_at")
    return Version(
        int(told["sk"].partition("#")[2]),
        told["title"],
        told["by"],
        instant(told["at"]),
        choice_of(json.loads(zlib.decompress(told["told"]))),
        told["key"],
        told.get("kept_by", ""),
        instant(kept) if kept else None,
        int(told.get("number", 0)),
    )
