"""document: what a form asks to be handed in: asked for, what became of it, and shown to whom may see what was sent.

Trigger: POST /api/forms/f/{form}/documents; GET .../documents/{id}, .../documents/{id}/file and /thumbnail, of oneself;
GET /api/forms/s/{submission}/documents/{id}/file and /thumbnail. Reads: forms, the submission, uploads, evidence/ of
the documents bucket. Writes: the upload. Emits: of an office that looks, that it did, to the queue of looks. What
arrives is looked into by evidence_arrived, as that of a step.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.evidence import Upload
from yinji.clearance.handing_in import HandingIn
from yinji.clearance.store import Store
from yinji.forms.access import visible
from yinji.forms.facts_store import Facts
from yinji.forms.filling import attachments
from yinji.forms.sending import Desk, step_of
from yinji.forms.store import Forms
from yinji.forms.submission import PREFIX
from yinji.identity import seen
from yinji.platform.http import Api
from yinji.platform.observability import logger
from yinji.platform.problem import Problem

MINE = "/api/forms/f/<form>/documents"
OF_SUBMISSION = "/api/forms/s/<submission>/documents/<id>"
api = Api()
store = Store()
forms = Forms()
desk = Desk(forms, Facts(), store)
handing_in = HandingIn(store)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post(MINE)
def begin(form: str) -> Response[str]:
    found, told = desk.open(api.session, form), api.body.fields
    asked = found.by_name.get(told.get("field", ""))
    if asked is None or asked.evidence is None:
        raise Problem("not-found")
    return handing_in.begin_for(api.session.sub, step_of(found), asked.name, asked.evidence, told)


@api.get(f"{MINE}/<id>")
def status(form: str, id: str) -> Response[str]:
    return handing_in.status(own(form, id), api.language)


@api.get(f"{MINE}/<id>/file")
def file(form: str, id: str) -> Response[str]:
    return handing_in.file(accepted(own(form, id)))


@api.get(f"{MINE}/<id>/thumbnail")
def thumbnail(form: str, id: str) -> Response[bytes]:
    return handing_in.thumbnail(accepted(own(form, id)))


@api.get(f"{OF_SUBMISSION}/file")
def file_of(submission: str, id: str) -> Response[str]:
    upload = of_submission(submission, id)
    seen.note(api.session, "document", upload.student, step=upload.step)
    return handing_in.file(upload)


@api.get(f"{OF_SUBMISSION}/thumbnail")
def thumbnail_of(submission: str, id: str) -> Response[bytes]:
    upload = of_submission(submission, id)
    seen.note(api.session, "thumbnail", upload.student, step=upload.step)
    return handing_in.thumbnail(upload)


def own(form: str, id: str) -> Upload:
    """The upload of whoever asks, which the form asked for. Raises Problem("not-found")."""
    upload = store.upload(api.session.sub, id)
    if upload is None or upload.step != f"{PREFIX}{form}":
        raise Problem("not-found")
    return upload


def of_submission(id: str, upload: str) -> Upload:
    """The upload that is an answer of a submission. Raises Problem: forbidden, not-found."""
    one = visible(api.session, forms.find(id))
    form = forms.version(one.form, one.form_version)
    found = store.upload(one.person, upload) if upload in attachments(form, one.answers).values() else None
    if found is None:
        raise Problem("not-found")
    return accepted(found)


def accepted(upload: Upload) -> Upload:
    """`upload`, of which there is a document. Raises Problem("not-found")."""
    if upload.status != "accepted":
        raise Problem("not-found")
    return upload
