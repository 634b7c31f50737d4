"""evidence-arrived: a document was uploaded; it is looked into, and kept or refused.

Trigger: S3, evidence/<step>/<student>/<id> of the intake bucket; event intake-left for one that was left lying. Reads:
the intake, the table. Writes: the table, evidence/<student>/<id>/ of the documents bucket; takes the raw document
away. Emits nothing. The first delivery decides; any other finds that it is decided.
"""

import hashlib
from dataclasses import replace
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from inspection import Rejected, inspect
from yinji.clearance import evidence
from yinji.clearance.evidence import MEDIA_TYPES, Upload
from yinji.clearance.intake import delivered
from yinji.clearance.store import Store
from yinji.platform import objects
from yinji.platform.environment import setting
from yinji.platform.observability import count, logger, metrics

store = Store()
s3 = objects.client()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    for key in delivered(event) if "Records" in event else [str(event["detail"]["key"])]:
        upload = store.upload(*evidence.of_raw_key(key))
        if upload and upload.status == "expected" and upload.raw_key == key:
            look_into(upload)
        # decided, or never asked for
        s3.delete_object(Bucket=setting("INTAKE_BUCKET"), Key=key)


def look_into(upload: Upload) -> None:
    """Accept or refuse the document of an expected upload."""
    try:
        data = s3.get_object(Bucket=setting("INTAKE_BUCKET"), Key=upload.raw_key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return  # another delivery has dealt with it meanwhile
    asked = evidence.field_of(upload.step, upload.field)
    takes = upload.takes or (asked.evidence if asked else None)
    types, largest = (takes.types, takes.largest) if takes else ((), 0)
    try:
        clean = inspect(data, types, largest)
    except Rejected as rejected:
        if store.settle_upload(replace(upload, status="refused", refusal=rejected.code, size=len(data))):
            count("EvidenceRefused")
            logger.info("evidence refused", extra={"step": upload.step, "code": rejected.code})
        return
    accepted = replace(
        upload,
        status="accepted",
        kind=clean.kind,
        size=len(clean.data),
        sha256=hashlib.sha256(clean.data).hexdigest(),
        pages=clean.pages,
    )
    put(accepted.document_key, clean.data, MEDIA_TYPES[clean.kind])
    put(accepted.thumbnail_key, clean.thumbnail, "image/jpeg")
    if store.settle_upload(accepted):
        count("EvidenceAccepted")
        return
    known = store.upload(upload.student, upload.id)
    if known is None or known.sha256 != accepted.sha256:
        # another document was put under the same address and came first
        for key in (accepted.document_key, accepted.thumbnail_key):
            s3.delete_object(Bucket=setting("DOCUMENTS_BUCKET"), Key=key)


def put(key: str, data: bytes, media_type: str) -> None:
    s3.put_object(Bucket=setting("DOCUMENTS_BUCKET"), Key=key, Body=data, ContentType=media_type)
