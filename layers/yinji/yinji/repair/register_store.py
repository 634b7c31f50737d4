"""Where the register of places is kept: the table `Repair`.

Items (pk, sk): PLACE#<id> PLACE, BUILDINGS <id>. Index by-building (building, id).

A table of places is taken in transactions, each place on the condition that it is as it was when it was computed from
the others; then all are computed again, until nothing is left to change. So it may stop at any point and be done again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from pynamodb.transactions import TransactWrite

from yinji.archive.bulk import Bulk, batches
from yinji.clearance.items import connection, transacted
from yinji.clearance.reading import plains
from yinji.clearance.store import wait
from yinji.platform.clock import instant, stamp
from yinji.platform.problem import Problem
from yinji.repair.items import TABLE, BuildingItem, PlaceItem
from yinji.repair.places_store import BUILDINGS, Places, item_of, pk_of, place_of
from yinji.repair.register import Kept, Plan, Table, planned

AT_ONCE = 100
"""How many items DynamoDB takes in one transaction."""
ATTEMPTS = 12


class Register:
    """Every method raises what the service raises when it cannot be reached."""

    def __init__(self) -> None:
        self._bulk, self._places, self._connection = Bulk(TABLE), Places(), connection()

    def every(self, ids: Iterable[str] = ()) -> dict[str, Kept]:
        """All places as of a moment ago, and those of `ids` and what they lie in and hang on as of now."""
        known: dict[str, Kept] = {}
        asked = {place.id for place in self._places.all()} | set(ids)
        while asked:
            told = [plains(item) for item in self._bulk.get_many([(pk_of(id), "PLACE") for id in sorted(asked)])]
            new = {one["id"]: Kept(place_of(one), instant(one["as_of"])) for one in told}
            known |= new
            above = {id for one in new.values() for id in (one.place.within, one.place.hangs_on) if id}
            asked = above - known.keys()
        return known

    def take(self, table: Table, as_of: datetime) -> Plan:
        """Take what `table`, delivered at `as_of`, tells: what came of its lines, and which are not taken.

        Raises Problem("too-busy") when others keep changing the same places: do it again then, which does no harm.
        """
        told = [line.place for line in table.lines.values()]
        ids = {id for one in told for id in (one.id, one.within, one.hangs_on) if id}
        first: Plan | None = None
        for attempt in range(ATTEMPTS):
            known = self.every(ids)
            plan = planned(known, table, as_of)
            first = first or plan
            if not plan.changes:
                counts = first.counts | Counter(rejected=len(plan.rejected))
                return replace(first, rejected=plan.rejected, counts=counts, remarks=plan.remarks)
            if not self._keep(plan.changes, known):
                wait(attempt)
        raise Problem("too-busy")

    def _keep(self, changes: Mapping[str, Kept], known: Mapping[str, Kept]) -> bool:
        """Keep `changes` of what was `known`; False when somebody changed one of them meanwhile, and the places after
        it are as they were."""
        for some in batches(changes.values(), AT_ONCE // 2):

            def work(transaction: TransactWrite, some: list[Kept] = some) -> None:
                for one in some:
                    before = known.get(one.place.id)
                    same = PlaceItem.as_of == stamp(before.as_of) if before else PlaceItem.pk.does_not_exist()
                    transaction.save(item_of(one.place, one.as_of), condition=same)
                    if one.place.kind == "building" and (before is None or before.place.kind != "building"):
                        transaction.save(BuildingItem(BUILDINGS, one.place.id))

            if not transacted(self._connection, work):
                return False
        return True
