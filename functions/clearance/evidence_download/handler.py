"""evidence-download: a document that a graduate handed in, to whom may see the answers of its step.

Trigger: GET /api/clearance/cases/{student}/evidence/{id}/{part}, `part` being file or thumbnail. Reads: the table,
evidence/ of the documents bucket. Writes nothing. Emits: who looks at one that is not their own, to the queue of looks.
The file is fetched from S3 itself, by an address that is good for a minute; the thumbnail is small, and pages show
pictures of their own origin only.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance import definition
from yinji.clearance.evidence import Upload
from yinji.clearance.handing_in import HandingIn
from yinji.clearance.policy import may_see_answers, visible_case
from yinji.clearance.store import Store
from yinji.identity import seen
from yinji.platform.http import Api
from yinji.platform.observability import logger
from yinji.platform.problem import Problem

api = Api()
store = Store()
handing_in = HandingIn(store)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


def visible_upload(student: str, id: str) -> Upload:
    """The accepted upload. Raises Problem("forbidden") for whom it does not concern; Problem("not-found")."""
    case = visible_case(api.session, student, store.get)
    upload = store.upload(student, id)
    step = definition.steps().get(upload.step) if upload else None
    # one answer to who may see only some, whether or not there is such a document
    seen = [step] if step else list(definition.steps().values())
    if not any(may_see_answers(api.session, one, case.graduate) for one in seen):
        raise Problem("forbidden")
    if upload is None or step is None or upload.status != "accepted":
        raise Problem("not-found")
    return upload


@api.get("/api/clearance/cases/<student>/evidence/<id>/file")
def file(student: str, id: str) -> Response[str]:
    upload = visible_upload(student, id)
    seen.note(api.session, "document", student, step=upload.step)
    return handing_in.file(upload)


@api.get("/api/clearance/cases/<student>/evidence/<id>/thumbnail")
def thumbnail(student: str, id: str) -> Response[bytes]:
    upload = visible_upload(student, id)
    seen.note(api.session, "thumbnail", student, step=upload.step)
    return handing_in.thumbnail(upload)
