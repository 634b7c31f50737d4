"""How documents are handed in and shown, whatever asks for them: a step of clearance, a claim of the archive, a form.

Who may is for the function to say that calls this. Uploads are kept with what is kept of their student, who may have
no case.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler import Response

from yinji.clearance import evidence
from yinji.clearance.definition import Evidence, Field
from yinji.clearance.evidence import EXTENSIONS, MEDIA_TYPES, TIME_TO_SEND, Upload
from yinji.clearance.store import Store
from yinji.platform import clock, objects
from yinji.platform.environment import setting
from yinji.platform.http import as_json
from yinji.platform.problem import Problem

SECONDS = 60
"""How long the address of a document is good for."""


class HandingIn:
    """Every method raises what the services raise when they cannot be reached."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._s3 = objects.client()

    def begin(self, student: str, step: str, asked: Field, told: Mapping[str, str]) -> Response[str]:
        """Let a browser put one object of the type and size that are `told`, as the question `asked` allows.

        Raises Problem: upload-type, upload-too-large, too-many-uploads, malformed-request.
        """
        assert asked.evidence  # noqa: S101 - it is a question that evidence answers
        return self.begin_for(student, step, asked.name, asked.evidence, told)

    def begin_for(self, student: str, step: str, name: str, takes: Evidence, told: Mapping[str, str]) -> Response[str]:
        """The same, for the question `name` that `takes` so, whatever it is a question of."""
        _check(takes, told)
        upload = Upload(evidence.new_id(), student, step, name, clock.now(), takes=takes)
        self._store.expect(upload, clock.today())
        form = self._s3.generate_presigned_post(
            Bucket=setting("INTAKE_BUCKET"),
            Key=upload.raw_key,
            Fields={"Content-Type": told["type"]},
            Conditions=[{"Content-Type": told["type"]}, ["content-length-range", 0, takes.largest]],
            ExpiresIn=int(TIME_TO_SEND.total_seconds()),
        )
        return as_json(200, {"id": upload.id, "url": form["url"], "fields": form["fields"]})

    def status(self, upload: Upload, language: str) -> Response[str]:
        """What became of `upload`."""
        told: dict[str, Any] = {"id": upload.id, "step": upload.step, "field": upload.field, "status": upload.status}
        if upload.status == "accepted":
            told |= {"type": MEDIA_TYPES[upload.kind], "size": upload.size}
        if upload.refusal:
            told["reason"] = {"code": upload.refusal, "text": evidence.refusals()[upload.refusal][language]}
        return as_json(200, told)

    def file(self, upload: Upload) -> Response[str]:
        """To the document, at S3 itself."""
        address = self._s3.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": setting("DOCUMENTS_BUCKET"),
                "Key": upload.document_key,
                "ResponseContentType": MEDIA_TYPES[upload.kind],
                "ResponseContentDisposition": f'inline; filename="{upload.step}.{EXTENSIONS[upload.kind]}"',
            },
            ExpiresIn=SECONDS,
        )
        headers = {"Location": address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return Response(status_code=303, headers=headers, body="")

    def thumbnail(self, upload: Upload) -> Response[bytes]:
        """Its first page as a small picture: pages show pictures of their own origin only."""
        picture = self._s3.get_object(Bucket=setting("DOCUMENTS_BUCKET"), Key=upload.thumbnail_key)["Body"].read()
        return Response(
            status_code=200,
            content_type="image/jpeg",
            headers={"Cache-Control": "private, max-age=600"},
            body=picture,
        )


def _check(takes: Evidence, told: Mapping[str, str]) -> None:
    if told.get("type") not in [MEDIA_TYPES[kind] for kind in takes.types]:
        raise Problem("upload-type")
    size = told.get("size", "")
    if not (size.isascii() and size.isdecimal()):
        raise Problem("malformed-request")
    if int(size) > takes.largest:
        raise Problem("upload-too-large", limit=takes.largest_mb)
