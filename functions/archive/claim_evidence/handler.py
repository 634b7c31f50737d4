"""claim-evidence: the document of a claim: asked for, what became of it, and shown to whom may see the archive.

Trigger: POST /api/archive/students/{student}/evidence; GET .../evidence/{id}, .../evidence/{id}/file and /thumbnail.
Reads: the student, uploads, evidence/ of the documents bucket. Writes: the upload. Emits: who looks at one that is not
their own, to the queue of looks. What arrives is looked into by evidence_arrived, as that of a step.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive import claims
from yinji.archive.access import visible_student
from yinji.archive.store import Archive
from yinji.clearance import evidence
from yinji.clearance.evidence import Upload
from yinji.clearance.handing_in import HandingIn
from yinji.clearance.store import Store
from yinji.identity import seen
from yinji.platform.http import Api
from yinji.platform.observability import logger
from yinji.platform.problem import Problem

PLACE = "/api/archive/students/<student>/evidence"
api = Api()
archive = Archive()
store = Store()
handing_in = HandingIn(store)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post(PLACE)
def begin(student: str) -> Response[str]:
    visible_student(api.session, "act-in-archive", student, archive.student)
    told = api.body.fields
    asked = evidence.field_of(claims.STEP, told.get("field", ""))
    if asked is None:
        raise Problem("not-found")
    return handing_in.begin(student, claims.STEP, asked, told)


@api.get(f"{PLACE}/<id>")
def status(student: str, id: str) -> Response[str]:
    visible_student(api.session, "act-in-archive", student, archive.student)
    return handing_in.status(upload_of(student, id), api.language)


@api.get(f"{PLACE}/<id>/file")
def file(student: str, id: str) -> Response[str]:
    upload = visible_upload(student, id)
    seen.note(api.session, "document", student, step=claims.STEP)
    return handing_in.file(upload)


@api.get(f"{PLACE}/<id>/thumbnail")
def thumbnail(student: str, id: str) -> Response[bytes]:
    upload = visible_upload(student, id)
    seen.note(api.session, "thumbnail", student, step=claims.STEP)
    return handing_in.thumbnail(upload)


def visible_upload(student: str, id: str) -> Upload:
    """The accepted upload. Raises Problem: forbidden, no-archive, not-found."""
    visible_student(api.session, "see-archive", student, archive.student)
    upload = upload_of(student, id)
    if upload.status != "accepted":
        raise Problem("not-found")
    return upload


def upload_of(student: str, id: str) -> Upload:
    """The upload, which a claim asked for. Raises Problem("not-found")."""
    upload = store.upload(student, id)
    if upload is None or upload.step != claims.STEP:
        raise Problem("not-found")
    return upload
