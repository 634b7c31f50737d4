"""The keys of cases, by which answers are sealed (sealing.py): CASE#<student> KEY, wrapped by a key of KMS.

KMS unwraps one only for the student it was made for (the encryption context), and writes down that it did. A key is
made when a case first has something to seal. Deleting the item destroys it for good: no copy of it leaves the table,
and the table's own backups forget it after 35 days.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, cast

import boto3
from botocore.config import Config

from yinji.clearance.items import KeyItem, kept, one, values
from yinji.clearance.sealing import Broken, CaseKey, is_sealed
from yinji.platform.clock import now, stamp
from yinji.platform.environment import setting
from yinji.platform.problem import Problem

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


class Keys:
    """The keys. Every method raises what KMS or PynamoDB raise when they cannot be reached."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: KMSClient | None = None

    @property
    def _kms(self) -> KMSClient:
        with self._lock:  # several threads may ask first, and making a client is for one
            if self._made is None:
                patience = Config(connect_timeout=2, read_timeout=5, max_pool_connections=16)
                self._made = boto3.client("kms", config=patience)  # pyright: ignore[reportUnknownMemberType]
            return self._made

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
        try:
            if key:
                return key.open(place, value)
        except Broken as error:  # sealed by the key before, which was destroyed
            raise Problem("sealed-for-good") from error
        raise Problem("sealed-for-good")


def _context(student: str) -> dict[str, str]:
    return {"student": student}
