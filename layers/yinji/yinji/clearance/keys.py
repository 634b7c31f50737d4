"""The keys of people, by which something of theirs is sealed (sealing.py), each wrapped by a key of KMS: CASE#<student>
KEY in the table of cases for answers of a case, PERSON#<person> KEY in that of facts for facts.

KMS unwraps one only for whom and for what it was made (the encryption context), and writes down that it did. A key is
made when there is first something to seal. Deleting the item destroys it for good: no copy of it leaves the table,
and the table's own backups forget it after 35 days.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, cast

import boto3
from botocore.config import Config

from yinji.clearance.items import KeyItem, SealingKeyItem, kept, one, values
from yinji.clearance.sealing import Broken, PersonKey, is_sealed
from yinji.platform.clock import now, stamp
from yinji.platform.environment import setting
from yinji.platform.problem import Problem

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


class Keys:
    """The keys of cases, unless told in which table others lie, below which beginning of a partition, and what KMS is
    told that they are of. Every method raises what KMS or PynamoDB raise when they cannot be reached."""

    def __init__(self, item: type[SealingKeyItem] = KeyItem, partition: str = "CASE#", whose: str = "student") -> None:
        self._item, self._partition, self._whose = item, partition, whose
        self._lock = threading.Lock()
        self._made: KMSClient | None = None

    @property
    def _kms(self) -> KMSClient:
        with self._lock:  # several threads may ask first, and making a client is for one
            if self._made is None:
                patience = Config(connect_timeout=2, read_timeout=5, max_pool_connections=16)
                self._made = boto3.client("kms", config=patience)  # pyright: ignore[reportUnknownMemberType]
            return self._made

    def existing(self, person: str) -> PersonKey | None:
        """The key of `person`; None when nothing was sealed, or it was destroyed."""
        item = one(self._item, f"{self._partition}{person}", "KEY")
        if item is None:
            return None
        wrapped = cast(bytes, values(item)["wrapped"])
        answer = self._kms.decrypt(
            CiphertextBlob=wrapped, KeyId=setting("SEALING_KEY"), EncryptionContext={self._whose: person}
        )
        return PersonKey(person, answer["Plaintext"])

    def of(self, person: str) -> PersonKey:
        """The key of `person`, which there is from now on; two who make it at once get the same."""
        if known := self.existing(person):
            return known
        made = self._kms.generate_data_key(
            KeyId=setting("SEALING_KEY"), KeySpec="AES_256", EncryptionContext={self._whose: person}
        )
        item = self._item(f"{self._partition}{person}", "KEY", wrapped=made["CiphertextBlob"], made_at=stamp(now()))
        if kept(lambda: item.save(condition=self._item.pk.does_not_exist())):
            return PersonKey(person, made["Plaintext"])
        return self.of(person)

    def opened(self, person: str, place: str, value: str) -> str:
        """What was sealed as `value` at `place` ("<step>/<field>", or the kind of a fact) of `person`, in clear.

        Raises Problem("sealed-for-good") when its key was destroyed.
        """
        if not is_sealed(value):
            return value
        key = self.existing(person)
        try:
            if key:
                return key.open(place, value)
        except Broken as error:  # sealed by the key before, which was destroyed
            raise Problem("sealed-for-good") from error
        raise Problem("sealed-for-good")
