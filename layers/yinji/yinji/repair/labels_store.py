"""Where labels are printed, replaced and retired: the table `Repair`.

Items (pk, sk): LABEL#<serial> LABEL, PLACE#<id> LABEL#<serial>, PLACE#<id> HANGS, SHEET#<id> SHEET.

A label and that it hangs at its place are one transaction, on the condition that no other hangs there: so a place has
one label that is good, whoever prints. Labels stay, for their stickers do, and tell of nobody; a sheet, which says who
printed it, goes after three years, and its labels can be printed anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from pynamodb.transactions import TransactWrite

from yinji.archive.bulk import batches
from yinji.clearance.items import connection, kept, one, transacted, values
from yinji.clearance.store import wait
from yinji.platform.clock import instant, stamp
from yinji.platform.problem import Problem
from yinji.repair.incidents_store import KEPT
from yinji.repair.items import HangsItem, LabelItem, SheetItem
from yinji.repair.labels import Label, State, new_serial
from yinji.repair.places_store import HANGS, LABEL, Places, label_pk, pk_of
from yinji.repair.printing import Format, Sheet, sheet_id
from yinji.repair.register_store import AT_ONCE, ATTEMPTS


class Labels(Places):
    """Places, and their labels to be changed. Every method raises what the service raises when it cannot be reached."""

    def __init__(self) -> None:
        super().__init__()
        self._connection = connection()

    def sheet(self, id: str) -> Sheet | None:
        item = one(SheetItem, f"SHEET#{id}", "SHEET")
        return sheet_of(values(item)) if item else None

    def print(self, id: str, format: Format, places: Sequence[str], who: str, at: datetime, first: int = 1) -> Sheet:
        """The sheet `id` with a label for each of `places`: the one that hangs there, or a new one; from the sticker
        `first` on.

        Whoever asks for the same sheet again has the same. Raises Problem("too-busy").
        """
        if found := self.sheet(id):
            return found
        for some in batches(places, AT_ONCE // 3):
            self._label(some, id, at)
        hanging = self.hanging(places)
        # what was retired since it was asked for is not printed
        sheet = Sheet(id, format, tuple(hanging[place] for place in places if place in hanging), at, who, first)
        if not kept(lambda: sheet_item(sheet).save(condition=SheetItem.pk.does_not_exist())):
            sheet = self.sheet(id) or sheet
        return sheet

    def _label(self, places: Sequence[str], sheet: str, at: datetime) -> None:
        """Make labels for those of `places` at which none hangs."""
        for attempt in range(ATTEMPTS):
            hanging = self.hanging(places)
            new = [Label(new_serial(), place, "active", at, sheet) for place in places if place not in hanging]

            def work(transaction: TransactWrite, new: Sequence[Label] = new) -> None:
                for label in new:
                    _add(transaction, label)
                    item = HangsItem(pk_of(label.place), HANGS, serial=label.serial)
                    transaction.save(item, condition=HangsItem.pk.does_not_exist())

            if not new or transacted(self._connection, work):
                return
            wait(attempt)
        raise Problem("too-busy")

    def replace(self, serial: str, format: Format, who: str, at: datetime, first: int = 1) -> Sheet:
        """Let another label hang where `serial` did, whose code is good for nothing any more; the sheet with it.

        Replaced again it is the same other label. Raises Problem("not-found"), Problem("label-over"),
        Problem("too-busy").
        """
        id = sheet_id("replaced", serial)
        for attempt in range(ATTEMPTS):
            label = self.label(serial)
            if label is None:
                raise Problem("not-found")
            if label.state == "replaced" and (found := self.sheet(id)):
                return found
            if label.state != "active":
                raise Problem("label-over")
            new = Label(new_serial(), label.place, "active", at, id)
            sheet = Sheet(id, format, (new.serial,), at, who, first)

            def work(transaction: TransactWrite, label: Label = label, new: Label = new, sheet: Sheet = sheet) -> None:
                _end(transaction, label, "replaced", at, new.serial)
                _add(transaction, new)
                item = HangsItem(pk_of(label.place), HANGS, serial=new.serial)
                transaction.save(item, condition=HangsItem.serial == label.serial)
                transaction.save(sheet_item(sheet), condition=SheetItem.pk.does_not_exist())

            if transacted(self._connection, work):
                return sheet
            wait(attempt)
        raise Problem("too-busy")

    def retire(self, serial: str, at: datetime) -> Label:
        """Let the label `serial` be good for nothing, and none hang at its place. Retired again it is as it was.

        Raises Problem("not-found"), Problem("label-over"), Problem("too-busy").
        """
        for attempt in range(ATTEMPTS):
            label = self.label(serial)
            if label is None:
                raise Problem("not-found")
            if label.state == "replaced":
                raise Problem("label-over")
            if label.state == "retired":
                return label

            def work(transaction: TransactWrite, label: Label = label) -> None:
                _end(transaction, label, "retired", at)
                transaction.delete(HangsItem(pk_of(label.place), HANGS), condition=HangsItem.serial == label.serial)

            if transacted(self._connection, work):
                return replace(label, state="retired", ended_at=at)
            wait(attempt)
        raise Problem("too-busy")


def _add(transaction: TransactWrite, label: Label) -> None:
    """Let `transaction` add a label, which there must not be."""
    transaction.save(_label_item(label_pk(label.serial), LABEL, label), condition=LabelItem.pk.does_not_exist())
    transaction.save(_label_item(pk_of(label.place), f"LABEL#{label.serial}", label))


def _end(transaction: TransactWrite, label: Label, state: State, at: datetime, replaced_by: str = "") -> None:
    """Let `transaction` end a label that is active, where it lies by its serial and by its place."""
    after = replace(label, state=state, ended_at=at, replaced_by=replaced_by)
    transaction.save(_label_item(label_pk(label.serial), LABEL, after), condition=LabelItem.state == "active")
    transaction.save(_label_item(pk_of(label.place), f"LABEL#{label.serial}", after))


def _label_item(pk: str, sk: str, label: Label) -> LabelItem:
    return LabelItem(
        pk,
        sk,
        serial=label.serial,
        place=label.place,
        state=label.state,
        printed_at=stamp(label.printed_at),
        sheet=label.sheet,
        ended_at=stamp(label.ended_at) if label.ended_at else None,
        replaced_by=label.replaced_by or None,
    )


def sheet_item(sheet: Sheet) -> SheetItem:
    return SheetItem(
        f"SHEET#{sheet.id}",
        sheet=sheet.id,
        format=sheet.format,
        first=sheet.first,
        serials=list(sheet.serials),
        printed_at=stamp(sheet.printed_at),
        printed_by=sheet.printed_by,
        expires_at=int((sheet.printed_at + KEPT).timestamp()),
    )


def sheet_of(told: Mapping[str, Any]) -> Sheet:
    """The sheet of an item's values."""
    return Sheet(
        told["sheet"],
        cast(Format, told["format"]),
        tuple(told["serials"]),
        instant(told["printed_at"]),
        told["printed_by"],
        int(told.get("first") or 1),
    )
