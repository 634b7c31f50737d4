"""The keys of cases, by which answers are sealed (sealing.py): CASE#<student> KEY, wrapped by a key of KMS.

KMS unwraps one only for the student it was made for (the encryption context), and writes down that it did. A key is
made when a case first has something to seal. Deleting the item destroys it for good: no copy of it leaves the table,
and the table's own backups forget it after 35 days.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

import boto3

from yinji.clearance.items import KeyItem, kept, one, values
from yinji.clearance.sealing import CaseKey, is_sealed
from yinji.platform.clock import now, stamp
from yinji.platform.environment import setting
from yinji.platform.problem import Problem

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


class Keys:
    """The keys. Every method raises what KMS or PynamoDB raise when they cannot be reached."""

    @cached_property
    def _kms(self) -> KMSClient:
        return boto3.client("kms")  # pyright: ignore[reportUnknownMemberType]

    def existing(self, student: str) -> CaseKey | None:
        """The key of the case of `student`; None when nothing was sealed, or it was destroyed."""
        item = one(KeyItem, f"CASE#{student}", "KEY")
        if item is None:
            return None
        wrapped = cast(bytes, values(item)["wrapped"])
        answer = self._kms.decrypt(
            CiphertextBlob=wrapped, KeyId=setting("SEALING_KEY"), EncryptionContext=_context(student)
        )
        return CaseKey(student, answer["Plaintext"])

    def of(self, student: str) -> CaseKey:
        """The key of the case of `student`, which there is from now on; two who make it at once get the same."""
        if known := self.existing(student):
            return known
        made = self._kms.generate_data_key(
            KeyId=setting("SEALING_KEY"), KeySpec="AES_256", EncryptionContext=_context(student)
        )
        item = KeyItem(f"CASE#{student}", "KEY", wrapped=made["CiphertextBlob"], made_at=stamp(now()))
        if kept(lambda: item.save(condition=KeyItem.pk.does_not_exist())):
            return CaseKey(student, made["Plaintext"])
        return self.of(student)

    def opened(self, student: str, place: str, value: str) -> str:
        """The answer `value` at `place` ("<step>/<field>") of `student`, in clear.

        Raises Problem("sealed-for-good") when its key was destroyed.
        """
        if not is_sealed(value):
            return value
        key = self.existing(student)
        if key is None:
            raise Problem("sealed-for-good")
        return key.open(place, value)


def _context(student: str) -> dict[str, str]:
    return {"student": student}
