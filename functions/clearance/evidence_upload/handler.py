"""evidence-upload: a graduate asks to upload a document, and asks what became of it.

Trigger: POST /api/clearance/cases/{student}/evidence; GET /api/clearance/cases/{student}/evidence/{id}. Reads and
writes: the table. Emits nothing. The answer to POST lets a browser put one object of that type, no larger than the
question allows, under one key of the intake bucket; evidence_arrived looks into it.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance import evidence
from yinji.clearance.evidence import MEDIA_TYPES, TIME_TO_SEND, Upload
from yinji.clearance.policy import demand
from yinji.clearance.store import Store
from yinji.platform import clock, objects
from yinji.platform.environment import setting
from yinji.platform.http import Api, as_json
from yinji.platform.observability import logger
from yinji.platform.problem import Problem

api = Api()
store = Store()
s3 = objects.client()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post("/api/clearance/cases/<student>/evidence")
def begin(student: str) -> Response[str]:
    session, told = api.session, api.body.fields
    demand(session, "act-as-student", student=student)
    case = store.get(student)
    if case is None:
        raise Problem("not-in-season")
    step, name = told.get("step", ""), told.get("field", "")
    asked = evidence.open_question(case, step, told.get("action", ""), name, clock.today()).evidence
    assert asked  # noqa: S101 - it is a question that evidence answers
    if told.get("type") not in [MEDIA_TYPES[kind] for kind in asked.types]:
        raise Problem("upload-type")
    size = told.get("size", "")
    if not (size.isascii() and size.isdecimal()):
        raise Problem("malformed-request")
    if int(size) > asked.largest:
        raise Problem("upload-too-large", limit=asked.largest_mb)
    upload = Upload(evidence.new_id(), student, step, name, clock.now())
    store.expect(upload, clock.today())
    form = s3.generate_presigned_post(
        Bucket=setting("INTAKE_BUCKET"),
        Key=upload.raw_key,
        Fields={"Content-Type": told["type"]},
        Conditions=[{"Content-Type": told["type"]}, ["content-length-range", 0, asked.largest]],
        ExpiresIn=int(TIME_TO_SEND.total_seconds()),
    )
    return as_json(200, {"id": upload.id, "url": form["url"], "fields": form["fields"]})


@api.get("/api/clearance/cases/<student>/evidence/<id>")
def status(student: str, id: str) -> Response[str]:
    demand(api.session, "act-as-student", student=student)
    upload = store.upload(student, id)
    if upload is None:
        raise Problem("not-found")
    told: dict[str, Any] = {"id": upload.id, "step": upload.step, "field": upload.field, "status": upload.status}
    if upload.status == "accepted":
        told |= {"type": MEDIA_TYPES[upload.kind], "size": upload.size}
    if upload.refusal:
        told["reason"] = {"code": upload.refusal, "text": evidence.refusals()[upload.refusal][api.language]}
    return as_json(200, told)
