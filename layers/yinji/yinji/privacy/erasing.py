"""How all that is kept of a graduate goes: documents in every version, messages, sign-ins, looks, case and history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from yinji.clearance.anchors import Anchors
from yinji.clearance.case import Case
from yinji.clearance.chain import Head
from yinji.clearance.evidence import PREFIX
from yinji.clearance.store import Store
from yinji.identity.access_log import AccessLog
from yinji.identity.store import People
from yinji.messages.store import Outbox

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CERTIFICATES = "certificates/"
AT_ONCE = 1000
"""How many versions S3 deletes in one request."""


class Eraser:
    """Erases cases. Whatever is done may be done again; who stops halfway finds the case, which goes last.

    Every method raises what the services raise when they cannot be reached; `erase` raises NotErased when S3 kept
    something.
    """

    def __init__(self, client: S3Client, documents: str) -> None:
        self._client, self._documents = client, documents
        self._store, self._outbox, self._people, self._log = Store(), Outbox(), People(), AccessLog()

    @cached_property
    def _anchored(self) -> Mapping[str, Head]:
        """Where each history ended for the newest anchor, which the next one will compare with."""
        anchors = Anchors(self._client, self._documents)
        newest = anchors.newest()
        return {head.student: head for head in anchors.heads(newest)} if newest else {}

    def erase(self, case: Case) -> None:
        student = case.graduate.student
        if head := self._anchored.get(student):
            self._store.note_erasure(head.leaf)
        self._store.destroy_key(student)
        codes = {key.rpartition("/")[2].removesuffix(".pdf") for key in self._delete(f"{CERTIFICATES}{student}/")}
        self._delete(f"{PREFIX}{student}/")
        self._outbox.forget(student)
        self._people.forget(student)
        self._log.forget(student)
        self._store.erase(case, codes | ({case.certificate.code} if case.certificate else set()))

    def _delete(self, prefix: str) -> set[str]:
        """Delete every version of what lies below `prefix`, and every sign of its deletion; the keys it had."""
        found = list(self._versions(prefix))
        for start in range(0, len(found), AT_ONCE):
            objects = [{"Key": key, "VersionId": version} for key, version in found[start : start + AT_ONCE]]
            answer = self._client.delete_objects(
                Bucket=self._documents,
                Delete={"Objects": objects, "Quiet": True},  # pyright: ignore[reportArgumentType]
            )
            if errors := answer.get("Errors"):
                raise NotErased(str(errors[0].get("Code")))
        return {key for key, _ in found}

    def _versions(self, prefix: str) -> Iterator[tuple[str, str]]:
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self._documents, Prefix=prefix)
        for page in pages:
            for entry in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                yield entry.get("Key", ""), entry.get("VersionId", "null")


class NotErased(RuntimeError):
    """S3 did not delete something; the code says why."""
