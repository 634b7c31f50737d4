"""How all that is kept of a student goes: facts, documents in every version, messages, sign-ins, the archive, the case
and its history."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from yinji.archive.catalogue_store import Catalogue
from yinji.archive.deliveries import Deliveries
from yinji.archive.ledger import ledger_key, packed, unpacked
from yinji.archive.sources import sources
from yinji.archive.store import Archive
from yinji.clearance import definition
from yinji.clearance.anchors import Anchors
from yinji.clearance.case import Case
from yinji.clearance.chain import Head
from yinji.clearance.evidence import PREFIX
from yinji.clearance.intake import LEASE, Desk, applied_key
from yinji.clearance.store import Store
from yinji.editions.model import RENDERED, SEALED
from yinji.editions.store import Editions
from yinji.forms.facts_store import Facts
from yinji.forms.store import Forms
from yinji.identity.access_log import AccessLog
from yinji.identity.store import People
from yinji.messages.store import Outbox
from yinji.platform.problem import Problem

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CERTIFICATES = "certificates/"
AT_ONCE = 1000
"""How many versions S3 deletes in one request."""


class Eraser:
    """Erases students: their cases and archives. Whatever is done may be done again; who stops halfway finds the case,
    which goes last, or the archive of who has none.

    `documents`, `archives` and `editions` are buckets. Every method raises what the services raise when they cannot be
    reached; `erase` and `erase_archive` raise NotErased when S3 kept something.
    """

    def __init__(self, client: S3Client, documents: str, archives: str, editions: str) -> None:
        self._client, self._documents, self._archives, self._bound = client, documents, archives, editions
        self._anchors = Anchors(client, documents)
        self._store, self._outbox, self._people, self._log = Store(), Outbox(), People(), AccessLog()
        self._archive, self._catalogue, self._deliveries = Archive(), Catalogue(), Deliveries()
        self._editions, self._facts, self._forms = Editions(), Facts(), Forms()

    @cached_property
    def _anchored(self) -> Mapping[str, Head]:
        """Where each history ended for the newest anchor, which the next one will compare with."""
        newest = self._anchors.newest()
        return {head.student: head for head in self._anchors.heads(newest)} if newest else {}

    def erase(self, case: Case) -> None:
        student = case.graduate.student
        if head := self._anchored.get(student):
            self._anchors.note_erasure(head)
        self._store.destroy_key(student)
        codes = {key.rpartition("/")[2].removesuffix(".pdf") for key in self._delete(f"{CERTIFICATES}{student}/")}
        self.erase_archive(student)
        self._store.erase(case, codes | ({case.certificate.code} if case.certificate else set()))

    def erase_archive(self, student: str) -> None:
        """Erase all that is kept of `student` beside a case: forms, facts, documents, messages, sign-ins, looks,
        editions, and the archive."""
        self._forms.forget(student)  # before what is known: from it that could be learnt again
        self._facts.forget(student)
        self._delete(f"{PREFIX}{student}/")
        self._store.forget_uploads(student)
        self._outbox.forget(student)
        self._people.forget(student)
        self._log.forget(student)
        self._editions.forget(student)  # first: what is being sealed just now finds nothing to be sealed
        for prefix in (RENDERED, SEALED):
            self._delete(f"{prefix}{student}/", self._bound)
        self._catalogue.forget(student)  # by what the archive still says of where they were
        self._archive.forget(student)

    def forget_lines(self) -> None:
        """Let the ledger of each source forget which of its lines were of somebody who has no archive any more.

        A source that is at work is left alone: the next night comes.
        """
        for source in sources():
            data = self._ledger(source)
            if data is None:
                continue
            known = {student for student, _ in unpacked(data).known.values()}
            gone = known - self._archive.students(sorted(known)).keys()
            owner = f"retention-{secrets.token_hex(8)}"
            if not gone or not self._deliveries.begin(source, owner):
                continue
            # read anew: a delivery may have ended since
            told = packed(unpacked(self._ledger(source) or data).without(gone))
            self._client.put_object(Bucket=self._archives, Key=ledger_key(source), Body=told)
            self._deliveries.end(source, owner)

    def _ledger(self, source: str) -> bytes | None:
        try:
            return self._client.get_object(Bucket=self._archives, Key=ledger_key(source))["Body"].read()
        except self._client.exceptions.NoSuchKey:
            return None

    def forget_rows(self) -> None:
        """Let each feed forget which row it last told of somebody who has no case any more (feeds/<step>/applied.json).

        A feed that is at work is left alone: the next night comes.
        """
        desk = Desk(self._client, "", self._documents)
        for step in definition.steps().values():
            if not step.feed:
                continue
            key = applied_key(step.id)
            known = list(desk.read(key) or {})
            gone = set(known) - self._store.having("CASE", known)
            if not gone:
                continue
            owner = f"retention-{secrets.token_hex(8)}"
            try:
                self._store.lease_feed(step.id, owner, LEASE)
            except Problem:
                continue
            applied = desk.read(key) or {}
            desk.write(key, {student: digest for student, digest in applied.items() if student not in gone})
            state = self._store.feed(step.id)
            self._store.release_feed(step.id, owner, current=state.current, held=state.held)

    def _delete(self, prefix: str, bucket: str = "") -> set[str]:
        """Delete every version of what lies below `prefix`, and every sign of its deletion; the keys it had. That of
        documents is meant unless another `bucket` is named."""
        bucket = bucket or self._documents
        found = list(self._versions(prefix, bucket))
        for start in range(0, len(found), AT_ONCE):
            objects = [{"Key": key, "VersionId": version} for key, version in found[start : start + AT_ONCE]]
            answer = self._client.delete_objects(
                Bucket=bucket,
                Delete={"Objects": objects, "Quiet": True},  # pyright: ignore[reportArgumentType]
            )
            if errors := answer.get("Errors"):
                raise NotErased(str(errors[0].get("Code")))
        return {key for key, _ in found}

    def _versions(self, prefix: str, bucket: str) -> Iterator[tuple[str, str]]:
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            for entry in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                yield entry.get("Key", ""), entry.get("VersionId", "null")


class NotErased(RuntimeError):
    """S3 did not delete something; the code says why."""
